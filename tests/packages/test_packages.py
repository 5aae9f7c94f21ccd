"""A package gives what was measured: its golden answers, and over the whole test split the accuracy that was shown."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error

from backend.data import decoding
from backend.data.check import Options, check
from backend.domain.experiment.upload_facts import Fit
from tests.backend.data.making import images, npz
from tests.packages.packed import HERE, Stage, equal, predict, run, stage
from worker.contracts.component import components
from worker.data.tensors import Data
from worker.data.tokens import Vocabulary
from worker.engine.input.load import Wanted, load
from worker.shipping import script

pytestmark = pytest.mark.usefixtures("processes")

RANDOM = np.random.default_rng(3)
ID = "00000000-0000-4000-8000-000000000000"
SEASONS = ("autumn", "spring", "summer", "winter")


def sent(folder: Path, content: bytes, **fields: Any) -> Data:
    """Data of one's own, as they are loaded for a run."""
    place = folder / "uploads" / ID
    place.mkdir(parents=True)
    (place / "file").write_bytes(content)
    check(place, Options())
    return load(Wanted.default({"kind": "upload", "id": ID, **fields}), folder, 0, "cpu")


def colours(folder: Path) -> Data:
    labels = np.arange(240) % 3
    pixels = images(240, 12, 10, 3)
    pixels[np.arange(240), 2:6, 2:6, labels] = 250
    return sent(folder, npz(x=pixels, y=labels))


def greys(folder: Path) -> Data:
    labels = np.arange(240) % 3
    pixels = images(240, 9, 10)
    pixels[np.arange(240), labels * 3] = 250
    return sent(folder, npz(x=pixels, y=labels))


def table(rows: int = 400) -> bytes:
    """Seconds since 1970 beside a text: in float32 the seconds of a day would be a dozen numbers."""
    seconds, season = 1_700_000_000 + RANDOM.integers(0, 86_400, rows), RANDOM.integers(0, 4, rows)
    kind = (seconds % 86_400 > 43_200).astype(int) + (season == 2)
    lines = [f"{one},{SEASONS[two]},kind {three}" for one, two, three in zip(seconds, season, kind, strict=True)]
    return "\n".join(["time,season,kind", *lines]).encode()


def tabular(folder: Path) -> Data:
    return sent(folder, table())


def numbers(folder: Path) -> Data:
    size = RANDOM.normal(size=400)
    price = 1e9 + 40 * size + RANDOM.normal(size=400)
    lines = [f"{one:.6f},{two:.6f}" for one, two in zip(size, price, strict=True)]
    return sent(folder, "\n".join(["size,price", *lines]).encode())


def digits(folder: Path) -> Data:
    return load(Wanted.default({"kind": "digits"}), folder, 0, "cpu")


def characters(folder: Path) -> Data:
    place = folder / "datasets" / "characters"
    place.mkdir(parents=True)
    (place / "text.txt").write_text("the quick brown fox jumps over the lazy dog. " * 120)
    return load(Wanted.default({"kind": "characters", "length": 16}), folder, 0, "cpu")


def words(folder: Path) -> Data:
    return load(Wanted.default({"kind": "docstrings", "length": 12, "vocabulary": 400}), folder, 0, "cpu")


CNN = {"kind": "cnn", "width": 8}
MLP = {"kind": "mlp", "hidden": [16]}
GRU = {"kind": "gru", "width": 16}
SORTS: dict[str, tuple[Any, dict[str, Any], dict[str, Any] | None, tuple[str, ...]]] = {
    "pixels": (digits, CNN, None, ("onnx", "coded")),
    "colour pictures": (colours, CNN, None, ("onnx",)),
    "grey pictures": (greys, MLP, None, ("onnx",)),
    "a table": (tabular, MLP, None, ("onnx", "coded")),
    "numbers": (numbers, MLP, None, ("onnx",)),
    "texts": (characters, GRU, None, ("onnx",)),
    "words": (words, GRU, None, ("onnx",)),
    "static 8 bits": (digits, CNN, {"kind": "static_int8"}, ("onnx",)),
    "dynamic 8 bits": (digits, CNN, {"kind": "dynamic_int8"}, ("onnx",)),
    "4 bits": (tabular, MLP, {"kind": "weight_only_int4"}, ("onnx",)),
    "halves": (digits, CNN, {"kind": "float16"}, ("onnx",)),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    stages: dict[str, Stage] = {}

    def make(sort: str) -> Stage:
        if sort not in stages:
            data, model, quantizer, formats = SORTS[sort]
            folder = tmp_path_factory.mktemp("stage")
            stages[sort] = stage(data(folder), model, folder, formats, quantizer)
        return stages[sort]

    return make


@pytest.mark.parametrize("sort", SORTS)
def test_a_package_gives_its_golden_answers_and_the_measured_quality(made: Any, sort: str, clean_python: Path) -> None:
    found: Stage = made(sort)
    for kind in SORTS[sort][3]:
        package = found.package(kind)
        golden = [json.loads(line) for line in (package / "golden/outputs.jsonl").read_text().splitlines()]
        assert len(golden) == 8
        assert equal(
            predict(clean_python, package, *sorted(Path("golden").joinpath(f"{n}.npy") for n in range(1, 9))), golden
        )
        np.save(package / "test.npy", found.sent())
        holds(found, kind, predict(clean_python, package, "test.npy"))


def holds(found: Stage, kind: str, answers: list[dict[str, Any]]) -> None:
    """The quality of the answers is the one that was measured, to the sample."""
    measure, data = found.measure(kind), found.data
    if data.task == "regression":
        assert data.read is not None
        missed = mean_absolute_error(data.read.test.targets, [one["outputs"] for one in answers])
        assert measure.mae == pytest.approx(missed, rel=1e-6)
        return
    names = list(data.names) or [str(number) for number in range(data.outputs)]
    targets = data.test.targets if data.task == "classification" else data.test.targets[:, -1]
    right = np.array([one["label"] for one in answers]) == np.array(names)[targets]
    if data.task == "classification":
        assert measure.accuracy == right.mean() > 1.2 / data.outputs
    else:
        assert right.mean() > 1.2 / data.outputs


def test_a_program_that_forgets_the_scaling_is_caught(made: Any, clean_python: Path) -> None:
    """A control of the checks above."""
    found: Stage = made("pixels")
    package = found.package("onnx")
    golden = [json.loads(line) for line in (package / "golden/outputs.jsonl").read_text().splitlines()]
    program = (package / "predict.py").read_text()
    (package / "predict.py").write_text(program.replace("sent.reshape(-1, *SHAPE)", "(sent / 255).reshape(-1, *SHAPE)"))
    assert not equal(predict(clean_python, package, "golden"), golden)
    np.save(package / "test.npy", found.sent())
    with pytest.raises(AssertionError):
        holds(found, "onnx", predict(clean_python, package, "test.npy"))


WRONG = {
    "another shape": (
        np.zeros((2, 3, 8, 8), np.uint8),
        "the model takes samples of the shape (1, 8, 8), and these numbers have the shape (2, 3, 8, 8)",
    ),
    "another type": (np.full((1, 8, 8), 0.5), "the model takes uint8, and some of these numbers do not fit into it"),
    "no number": (np.full((1, 8, 8), np.nan), "the model takes uint8, and some of these numbers do not fit into it"),
    "too large": (np.full((1, 8, 8), 256), "the model takes uint8, and some of these numbers do not fit into it"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_sample_is_refused_in_a_sentence(made: Any, kind: str, clean_python: Path) -> None:
    package = made("pixels").package("onnx")
    sample, sentence = WRONG[kind]
    np.save(package / "wrong.npy", sample)
    done = run(clean_python, package, "wrong.npy")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"wrong.npy: {sentence}\n")


def test_a_table_is_predicted_from_its_own_file(made: Any, clean_python: Path) -> None:
    """Columns are found by their names, in any order."""
    found: Stage = made("a table")
    package = found.package("onnx")
    (package / "rows.csv").write_text("season;note;time\nsummer;x;1700000000\nwinter;y;1700050000\n")
    seconds, seasons = np.array([1_700_000_000, 1_700_050_000]), ["summer", "winter"]
    order = json.loads((package / "interface.json").read_text())["columns"][1]["texts"]
    assert sorted(order) == list(SEASONS)
    np.save(package / "rows.npy", np.column_stack([seconds, np.eye(4)[[order.index(season) for season in seasons]]]))
    named, plain = (predict(clean_python, package, f"rows.{suffix}") for suffix in ("csv", "npy"))
    assert [one["outputs"] for one in named] == [one["outputs"] for one in plain]
    (package / "rows.csv").write_text("season,note\nsummer,x\n")
    assert run(clean_python, package, "rows.csv").stderr == "rows.csv: 'time' is not in list\n"


@pytest.mark.parametrize("sort", ["colour pictures", "grey pictures"])
def test_a_picture_is_predicted_as_its_pixels(made: Any, sort: str) -> None:
    from PIL import Image

    found: Stage = made(sort)
    package = found.package("onnx")
    pixels = found.sent()[0]
    Image.fromarray(pixels).save(package / "picture.png")
    np.save(package / "picture.npy", pixels)
    picture, array = predict(HERE, package, "picture.png", "picture.npy")
    assert picture["outputs"] == array["outputs"]
    Image.fromarray(np.kron(pixels, np.ones((3, 3) + (1,) * (pixels.ndim - 2), np.uint8))).save(package / "large.png")
    assert predict(HERE, package, "large.png")[0]["label"] == array["label"]


def test_a_picture_of_another_shape_is_cut_and_lies_on_white(made: Any) -> None:
    from PIL import Image

    package = made("colour pictures").package("onnx")
    clear = Image.new("RGBA", (30, 12), (0, 0, 0, 0))
    clear.paste((10, 200, 30, 255), (10, 0, 20, 12))
    clear.save(package / "clear.png")
    flat = np.full((12, 10, 3), (10, 200, 30), np.uint8)
    np.save(package / "flat.npy", flat)
    cut, array = predict(HERE, package, "clear.png", "flat.npy")
    assert cut["outputs"] == array["outputs"]
    said = json.loads((package / "interface.json").read_text())
    for fit in ("pad", "stretch"):
        (package / "interface.json").write_text(json.dumps({**said, "fit": fit}))
        assert predict(HERE, package, "clear.png")[0]["outputs"] != array["outputs"]


@pytest.mark.parametrize("format", ["PNG", "JPEG"])
@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("size", [(300, 211), (33, 94), (7, 20), (24, 16)])
def test_a_picture_file_has_the_pixels_that_it_had_when_it_was_sent(
    size: tuple[int, int], fit: Fit, format: str, tmp_path: Path
) -> None:
    from PIL import Image

    path = tmp_path / "picture"
    Image.effect_mandelbrot(size, (-2, -1.5, 1, 1.5), 9).convert("RGB").save(path, format)
    names: dict[str, Any] = {
        "SHAPE": (16, 24, 3),
        "SAID": {"axes": [0, 3, 1, 2], "fit": fit, "pixels": [0, 255]},
        "np": np,
    }
    names["DTYPE"] = np.dtype(np.uint8)
    exec(script._part("pictures"), names)
    content = path.read_bytes()
    sent = decoding.pixels(content, decoding.look(content), "RGB", (24, 16), fit)
    assert names["read"](path).tolist() == sent.tolist()


@pytest.mark.parametrize("kind", ["onnx", "coded", "torch_export"])
@pytest.mark.parametrize("way", script.ALSO)
def test_a_program_has_forty_lines_at_most(kind: str, way: str) -> None:
    opening = components("exporters")[kind].opening.strip()  # type: ignore[attr-defined]
    parts = [script._part("base"), script._part(way), opening]
    assert sum(len(part.splitlines()) for part in parts) - 2 <= 40  # two lines are where the others go


def test_a_text_is_continued(made: Any, clean_python: Path) -> None:
    package = made("texts").package("onnx")
    (package / "text.txt").write_text("Jumps over the lazy dog. the quick brown fox jump")
    (answer,) = predict(clean_python, package, "text.txt")
    assert len(answer["label"]) == 1 and sum(answer["outputs"]) == pytest.approx(1, abs=1e-5)


def test_a_text_is_cut_into_words_as_the_data_set_does(made: Any, clean_python: Path) -> None:
    found: Stage = made("words")
    package = found.package("onnx")
    (package / "text.txt").write_text("Return the Logging handler; zzz-unknown!")
    table = Vocabulary(found.data.vocabulary)
    np.save(package / "ids.npy", table.encode(["Return the Logging handler; zzz-unknown!"], 12))
    text, ids = predict(clean_python, package, "text.txt", "ids.npy")
    assert (text["label"], text["outputs"]) == (ids["label"], ids["outputs"])


def test_a_program_of_torch_is_packed_too(tmp_path: Path) -> None:
    """In the environment of this process: another one with torch would take minutes."""
    found = stage(colours(tmp_path), CNN, tmp_path, ("torch_export",))
    package = found.package("torch_export")
    assert predict(HERE, package, "golden") == [
        json.loads(line) for line in (package / "golden/outputs.jsonl").read_text().splitlines()
    ]
    np.save(package / "test.npy", found.sent())
    holds(found, "torch_export", predict(HERE, package, "test.npy"))


def test_weights_alone_are_packed_with_their_facts(tmp_path: Path) -> None:
    found = stage(digits(tmp_path), CNN, tmp_path, ("safetensors", "onnx"))
    package = found.package("safetensors")
    assert not (package / "predict.py").exists() and "weights alone" in (package / "README.md").read_text()
    content = (package / "model.safetensors").read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    said = header["__metadata__"]
    assert json.loads(said["classes"]) == list("0123456789") and said["run"] == "a-run"
    assert json.loads(said["accuracy"]) == found.measure("onnx").accuracy
    scaling = found.data.scaling
    assert scaling is not None and json.loads(said["scaling"])["mean"] == scaling.mean.tolist()


def test_an_onnx_file_tells_what_it_is(made: Any) -> None:
    import onnx

    found: Stage = made("pixels")
    said = {entry.key: entry.value for entry in onnx.load(found.file("onnx")).metadata_props}
    measure = found.measure("onnx")
    assert json.loads(said["accuracy"]) == measure.accuracy and said["machine"] == "a machine, 2 cores"
    assert json.loads(said["latency"])[0]["p50_ms"] == pytest.approx(measure.latency[0].p50_ms, rel=1e-5)
    assert said["runtime"] == measure.runtime and said["spec_sha256"] == "0" * 64
    assert json.loads(said["layout"])["shape"] == [1, 8, 8]
    assert found.file("onnx").stat().st_size == measure.bytes


def test_prepared_files_keep_the_outputs_of_the_model(tmp_path: Path, clean_python: Path) -> None:
    found = stage(digits(tmp_path), CNN, tmp_path, form="prepared")
    package = found.package("onnx")
    np.save(package / "test.npy", found.data.test.inputs.numpy())
    answers = predict(clean_python, package, "test.npy")
    holds(found, "onnx", answers)
    assert min(min(one["outputs"]) for one in answers) < 0
    assert "`interface.json` says how" in (package / "README.md").read_text()
