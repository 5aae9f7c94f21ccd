"""Trainings on one's own pictures from every storage tier: the same bits, also after a kill, and little memory."""

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event
from time import sleep
from typing import Any

import numpy as np
import pytest

from backend.domain.catalog import Catalog
from backend.domain.run.commands import PlannedCommand
from backend.domain.run.states import RunState
from backend.domain.settings import Settings
from tests.patience import Stopwatch
from tests.worker.components.published_files import mnist
from tests.worker.components.registry import make
from tests.worker.engine.harness import Ledger, run, settings_for
from tests.worker.engine.test_exactness import killed_often, undisturbed
from tests.worker.uploaded import DATASET, on_upload, upload
from worker.components.datasets import cifar10
from worker.contracts.component import discover
from worker.data.pool import Pool
from worker.data.sources import At, on_disk
from worker.engine.input import storage
from worker.engine.input.load import Wanted, fit_scaling, kept_scaling, whole_of
from worker.engine.input.storage import TIERS, Tier
from worker.pipe.messages import Checkpoint, Finished, FromTrainer, Ready, Renewed, ScheduledCommand
from worker.supervisor.trainer_process import TrainerProcess

MB = 1e6
CROP = [{"kind": "random_resized_crop"}, {"kind": "horizontal_flip"}]


def spec(tier: str, model: dict[str, Any], **train: Any) -> dict[str, Any]:
    stage = {"kind": "train", "epochs": 2, "batch": {"kind": "fixed", "size": 16}, **train}
    return {"storage": tier, "model": model, "stages": [stage]}


@pytest.fixture
def held_out_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Validation and test lie where the training split does, however small they are."""
    monkeypatch.setattr(storage, "RESIDENT", 0)


@pytest.mark.usefixtures("held_out_too")
@pytest.mark.parametrize("augmentations", [[], CROP], ids=["plain", "augmented"])
def test_every_tier_leaves_the_same_bits_and_so_does_a_killed_run(
    augmentations: list[dict[str, Any]], catalog: Catalog, eager: Settings
) -> None:
    facts = upload(eager.data_dir, 240, 12)
    cnn = {"kind": "cnn", "width": 4, "norm": "batch"}
    works = {
        tier: on_upload(spec(tier, cnn, augmentations=augmentations), facts, catalog, run_id=tier) for tier in TIERS
    }
    expected = undisturbed(works["device"], eager)
    for tier in ("memory", "disk"):
        found = undisturbed(works[tier], eager)
        assert (found.hashes, found.points) == (expected.hashes, expected.points)
    work = on_upload(spec("disk", cnn, augmentations=augmentations), facts, catalog, run_id="killed")
    ledger, kills = killed_often(work, eager, random.Random(2))
    assert kills >= 2
    assert (ledger.hashes, ledger.points, ledger.doubled) == (expected.hashes, expected.points, [])


def test_an_augmentation_that_is_set_in_the_midst_of_an_epoch_holds_from_that_step_on_every_tier(
    catalog: Catalog, eager: Settings
) -> None:
    """Batches that were read ahead by then are changed by what holds when they are taken."""
    facts = upload(eager.data_dir, 240, 12)
    turned = [ScheduledCommand(PlannedCommand(step=7, path="augmentations[0].area", value=0.05))]
    plain = {
        tier: on_upload(spec(tier, {"kind": "linear"}, augmentations=CROP), facts, catalog, run_id=tier)
        for tier in TIERS
    }
    found = {tier: undisturbed(replace(work, scheduled=turned), eager) for tier, work in plain.items()}
    assert found["disk"].points == found["memory"].points == found["device"].points
    before, after = (
        {step: value for (name, step), value in ledger.points.items() if name == "train/loss"}
        for ledger in (undisturbed(plain["disk"], eager), found["disk"])
    )
    assert min(step for step in before if before[step] != after[step]) == 9  # step 8 had its batch when it was obeyed


def test_batches_that_are_read_in_another_order_are_caught(
    catalog: Catalog, eager: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: a source that reads one row for another is seen in the weights."""
    facts = upload(eager.data_dir, 60, 12)
    expected, found = Ledger(), Ledger()
    expected.take(run(on_upload(spec("disk", {"kind": "linear"}), facts, catalog), eager).sent)
    read = At.read
    monkeypatch.setattr(At, "read", lambda self, rows: read(self, np.roll(rows, 1)))
    found.take(run(on_upload(spec("disk", {"kind": "linear"}), facts, catalog, run_id="rolled"), eager).sent)
    assert found.hashes != expected.hashes


# ---- in a process of its own


def anonymous(process: TrainerProcess) -> float:
    """Memory of the process that no file backs, bytes."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return 1024 * float(status.partition("RssAnon:")[2].split()[0])


@contextmanager
def started(folder: Path) -> Iterator[tuple[TrainerProcess, Catalog]]:
    """A trainer process that is ready, and takes a checkpoint whenever it reports."""
    settings = settings_for(folder, database="", broker="", pictures=False, checkpoint_seconds=1e-9)
    process = TrainerProcess(settings, Event())
    try:
        ready, _ = heard(process, Ready)
        yield process, Catalog.model_validate(ready[-1].catalog)
    finally:
        process.kill()
        process.bury()


def heard(process: TrainerProcess, kind: type[Any], seconds: float = 240) -> tuple[list[FromTrainer], float]:
    """All messages up to the first of this kind, and the most memory seen until it came."""
    watch, most = Stopwatch(), 0.0
    messages: list[Any] = []
    while watch.seconds < seconds and not process.ended:
        most = max(most, anonymous(process))
        for message in process.receive():
            messages.append(message)
            if isinstance(message, kind):
                return messages, most
        if kind is not Ready:
            process.send(Renewed())
        sleep(0.003)
    raise AssertionError(f"no {kind.__name__}: {process.bury() if process.ended else 'in time'}")


@pytest.mark.usefixtures("processes")
def test_from_disk_a_training_takes_no_more_memory_for_more_pictures(tmp_path: Path) -> None:
    """96 MB for training and 24 MB that are held out, which as floats would be 480 MB. From memory they are seen."""
    facts = upload(tmp_path, 800, 224)
    with started(tmp_path) as (process, catalog):

        def peak(name: str, tier: Tier, fraction: float) -> float:
            few = [{"kind": "subset", "fraction": fraction}]
            work = spec(tier, {"kind": "linear"}, epochs=1, batch={"kind": "fixed", "size": 8})
            process.send(on_upload({**work, "distribution": few}, facts, catalog, run_id=name))
            messages, most = heard(process, Finished)
            assert messages[-1] == Finished(RunState.SUCCEEDED)
            return most

        for name, fraction in (("first", 0.5), ("second", 0.6)):  # it keeps what is held out for its last two runs
            peak(name, "disk", fraction)
        few, many, held = peak("few", "disk", 0.4), peak("many", "disk", 1.0), peak("held", "memory", 1.0)
    assert many < few + 20 * MB
    assert held > many + 40 * MB, "what is held in memory was not seen"


@pytest.mark.usefixtures("processes")
def test_killed_by_the_system_in_the_midst_of_an_epoch_it_ends_with_the_same_bits(tmp_path: Path) -> None:
    facts = upload(tmp_path, 200, 96)
    work = spec("disk", {"kind": "cnn", "width": 8}, epochs=6, batch={"kind": "fixed", "size": 8}, augmentations=CROP)
    expected, found = Ledger(), Ledger()
    with started(tmp_path) as (process, catalog):
        process.send(on_upload(work, facts, catalog, run_id="undisturbed"))
        expected.take(heard(process, Finished)[0])
        process.send(on_upload(work, facts, catalog, run_id="killed"))
        found.take(heard(process, Checkpoint)[0])
    assert found.resume is not None and found.resume.step % 20 > 0 and not found.hashes
    with started(tmp_path) as (process, catalog):
        process.send(replace(on_upload(work, facts, catalog, run_id="killed"), resume=found.resume))
        found.take(heard(process, Finished)[0])
    assert (found.hashes, found.points, found.doubled) == (expected.hashes, expected.points, [])


# ---- kept with the pool


def wanted(dataset: dict[str, Any], preparation: str = "per_channel") -> Wanted:
    return Wanted(json.dumps(dataset), json.dumps({"kind": preparation}), "[]", "auto", augmented=False)


@pytest.mark.parametrize("preparation", ["per_channel", "standardize", "min_max", "none"])
def test_a_scaling_of_the_same_rows_is_fitted_once(preparation: str, tmp_path: Path) -> None:
    discover()
    upload(tmp_path, 100, 12)
    want, pool = wanted(DATASET, preparation), Pool(tmp_path / "cache" / "pool")
    corpus = whole_of(want, tmp_path, 0)
    expected = fit_scaling(corpus, want)
    for _ in range(2):
        found = kept_scaling(whole_of(want, tmp_path, 0), want, pool)
        assert (found is None) == (expected is None)
        if found and expected:
            assert np.array_equal(found.mean, expected.mean) and np.array_equal(found.scale, expected.scale)
    assert len(list(pool.folder.iterdir())) == 1
    kept_scaling(whole_of(want, tmp_path, 1), want, pool)
    assert len(list(pool.folder.iterdir())) == 2, "other rows have a scaling of their own"


def test_a_kept_scaling_is_what_is_used(tmp_path: Path) -> None:
    """The negative control: numbers planted in its file come back."""
    discover()
    upload(tmp_path, 100, 12)
    want, pool = wanted(DATASET), Pool(tmp_path / "cache" / "pool")
    kept_scaling(whole_of(want, tmp_path, 0), want, pool)
    (file,) = pool.folder.iterdir()
    with file.open("r+b") as opened:
        np.lib.format.read_magic(opened)
        np.lib.format.read_array_header_1_0(opened)
        opened.write(np.full(3, 42.0).tobytes())
    found = kept_scaling(whole_of(want, tmp_path, 0), want, pool)
    assert found is not None and found.mean.ravel().tolist() == [42.0] * 3


def test_a_published_dataset_is_read_into_the_pool_once(tmp_path: Path) -> None:
    discover()
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "mnist").symlink_to(mnist())
    want = wanted({"kind": "mnist"})
    first, second = (whole_of(want, tmp_path, seed) for seed in (0, 1))
    (file,) = (tmp_path / "cache" / "pool").iterdir()
    assert file.stat().st_size == pytest.approx(70_000 * (28 * 28 + 1), rel=0.001)
    for corpus, seed in ((first, 0), (second, 1)):
        other = make("datasets", "mnist").load(mnist(), seed)  # type: ignore[attr-defined]
        for name in ("train", "validation", "test"):
            pooled, read = getattr(corpus, name), getattr(other, name)
            assert on_disk(pooled.source) and not on_disk(read.source)
            assert np.array_equal(pooled.inputs, read.inputs) and np.array_equal(pooled.targets, read.targets)


def test_batches_of_cifar_come_in_their_order_whatever_the_archive_has() -> None:
    records = {name: np.full((1, cifar10.RECORD), number, np.uint8) for number, name in enumerate(cifar10.FILES)}
    for seed in range(5):
        names = random.Random(seed).sample(cifar10.FILES, len(cifar10.FILES))
        found = list(cifar10._sorted((name, records[name]) for name in names))
        assert [int(batch[0, 0]) for batch in found] == list(range(6))
