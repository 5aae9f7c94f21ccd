"""Finished runs give curves, figures, trade-offs and files; the catalog can be looked up."""

import hashlib
import math
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from plotly.graph_objects import Figure

from backend.domain.catalog import Catalog
from backend.store import runs
from client import Lathe, LatheError, Run
from client.runs.points import table
from tests.backend.api.making import finished, points, register, write
from tests.backend.api.stream.viewer import live
from tests.client.conftest import Server
from tests.client.proxy import Proxy


@pytest.fixture(scope="module")
def done(server: Server, catalog: Catalog) -> str:
    return finished(server.store, catalog, "Measured")


@pytest.fixture
def run(lathe: Lathe, done: str) -> Run:
    return lathe.run(done)


@pytest.fixture
def lease(server: Server, catalog: Catalog) -> runs.Lease:
    return live(server.store, catalog, 1)[0]


def test_curves_are_columns(run: Run) -> None:
    curves = run.points("train/loss", "no/such")
    loss = curves["train/loss"]
    assert loss.steps == list(range(1, 25)) and loss.points == 24
    assert loss.values == pytest.approx([2 / step for step in range(1, 25)])
    assert curves["no/such"].values == []
    assert set(run.points()) == {"train/loss", "train/accuracy", "learning_rate"}
    assert run.points("train/loss", first=3, last=5)["train/loss"].steps == [3, 4, 5]
    few = run.points("train/loss", pixels=8)["train/loss"]
    assert len(few.values) < few.points == 24


def test_a_table_has_a_row_for_each_step(server: Server, lathe: Lathe, lease: runs.Lease) -> None:
    write(server.store, lease, points(1, 3, loss=1.0), points(3, 4, accuracy=0.5))
    columns = table(lathe.run(lease.run_id).points())
    assert columns["step"] == [1, 2, 3, 4] and columns["seconds"] == pytest.approx([0.01, 0.02, 0.03, 0.04])
    assert columns["train/loss"][:3] == [1.0] * 3 and math.isnan(columns["train/loss"][3])
    assert math.isnan(columns["train/accuracy"][1]) and columns["train/accuracy"][2:] == [0.5, 0.5]


def test_a_frame_says_what_it_needs(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(LatheError, match=r"^A DataFrame needs pandas, which is not installed: `pip install pandas`\.$"):
        run.frame()


def test_a_frame_is_made_of_the_table(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Frame(dict[str, list[float]]):
        """As much of pandas as is asked for."""

        def set_index(self, name: str) -> tuple[str, "Frame"]:
            return name, self

    monkeypatch.setitem(sys.modules, "pandas", SimpleNamespace(DataFrame=Frame))
    assert run.frame("train/loss") == ("step", table(run.points("train/loss")))


def test_figures_are_plotlys(lathe: Lathe, run: Run) -> None:
    figure = run.figure("loss")
    assert isinstance(figure, Figure)
    assert figure.data[0].meta["metric"] == "train/loss" and list(figure.data[0].x) == list(range(1, 25))
    dark = lathe.figure("pareto", [run], cost="p50@64", theme="dark")
    assert dark.layout.meta["summary"]
    assert {"loss", "pareto"} <= {chart.name for chart in lathe.charts()}
    with pytest.raises(LatheError) as caught:
        run.figure("luck")
    assert caught.value.error == "ChartNotFound"


def test_a_constraint_is_answered_with_a_model_or_the_nearest_miss(lathe: Lathe, run: Run) -> None:
    answer = lathe.tradeoffs("accuracy >= 93% and p95 <= 2ms", runs=[run])
    assert answer.best is not None and answer.best.label == "quantize: dynamic int8"
    assert [model.values["bytes"] for model in answer.meeting] == [22_000, 80_000]
    assert answer.sentence.startswith("On digits (test split, n = 360): 2 of 2 measured models meet it.")
    assert (answer.dataset, [one.title for one in answer.datasets], answer.samples) == ("digits", ["digits"], [360])
    interval = answer.best.interval
    assert answer.best.samples == 360 and interval is not None
    assert (interval.low, interval.high) == pytest.approx((0.9105, 0.9602), abs=1e-4)
    unbound = lathe.tradeoffs("bytes <= 1MB", dataset="digits")
    assert unbound.best is None and unbound.offer == "accuracy >= 94%"
    assert lathe.tradeoffs("accuracy > 1% and r2 >= -0.5", runs=[run]).qualifying == []
    missed = lathe.tradeoffs("accuracy >= 99%", minimize="p50", runs=[run])
    assert missed.best is None and missed.missing_least[0].values["accuracy"] == 0.95
    with pytest.raises(LatheError) as caught:
        lathe.tradeoffs("accuracy >> 1")
    assert caught.value.path == "where"


def test_the_catalog_is_looked_up(lathe: Lathe, catalog: Catalog) -> None:
    reported = lathe.catalog()
    assert [one.kind for one in reported.family("optimizers")] == catalog.kinds("optimizers")
    assert reported.find("optimizers", "adam").parameters["properties"]["lr"]["default"] == 0.001
    with pytest.raises(LatheError, match="There is no family `optimisers`; known: augmentations, "):
        reported.family("optimisers")
    with pytest.raises(LatheError, match="optimizers has no `adamm`; known: adadelta, "):
        reported.find("optimizers", "adamm")


@pytest.fixture
def artifact(server: Server, lease: runs.Lease) -> tuple[str, bytes]:
    """A registered file of 2 MB that lies where it should."""
    content = hashlib.sha256(b"seed").digest() * (1 << 16)
    file = server.folder / "runs" / lease.run_id / "model.onnx"
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    return register(server.store, lease, 0, file, str(file.relative_to(server.folder))), content


def test_a_file_is_downloaded_whole(lathe: Lathe, artifact: tuple[str, bytes], tmp_path: Path) -> None:
    identity, content = artifact
    (tmp_path / "mine.onnx").write_bytes(b"older")
    assert lathe.download(identity, tmp_path / "mine.onnx").read_bytes() == content
    named = lathe.download(identity, tmp_path)
    assert named.name == "a-run-seed0-stage0.onnx" and named.read_bytes() == content
    assert len(list(tmp_path.iterdir())) == 2


def test_the_newest_file_of_a_run_is_downloaded(
    server: Server, lathe: Lathe, lease: runs.Lease, artifact: tuple[str, bytes], tmp_path: Path
) -> None:
    run = lathe.run(lease.run_id)
    assert run.download("onnx", tmp_path).read_bytes() == artifact[1]
    with pytest.raises(LatheError, match="has no such artifact `coded`; it has: onnx of stage 0"):
        run.download("coded", tmp_path)
    with pytest.raises(LatheError, match="has no such artifact `onnx`"):
        run.download("onnx", tmp_path, stage=1)


@pytest.mark.parametrize("fault", ["cut", "spoilt"])
def test_a_file_that_does_not_arrive_whole_is_not_kept(
    proxy: Proxy, cut_lathe: Lathe, artifact: tuple[str, bytes], tmp_path: Path, fault: str
) -> None:
    if fault == "cut":
        proxy.allow = lambda number: 1_000_000
    else:
        proxy.spoil = lambda piece: piece.replace(artifact[1][:8], b"spoilt!!")
    (tmp_path / "model.onnx").write_bytes(b"older")
    with pytest.raises(LatheError) as caught:
        cut_lathe.download(artifact[0], tmp_path / "model.onnx")
    assert caught.value.error == {"cut": "Cut", "spoilt": "ArtifactDamaged"}[fault]
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"older"]


def test_a_file_that_is_not_there_is_told(lathe: Lathe, tmp_path: Path) -> None:
    with pytest.raises(LatheError, match="There is no artifact `nothing`"):
        lathe.download("nothing", tmp_path)
    assert list(tmp_path.iterdir()) == []
