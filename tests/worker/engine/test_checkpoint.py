"""A checkpoint is whole or absent, holds everything, and executes nothing."""

import hashlib
import pickle
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from torch import nn

from backend.domain.catalog import Catalog
from backend.domain.run.results import StageResult
from worker.contracts.families.quantizers import Quantizer
from worker.contracts.subject import Origin, Subject
from worker.engine.checkpoints import checkpoint
from worker.engine.checkpoints.checkpoint import Checkpoints, Position, State
from worker.pipe.messages import Checkpoint


def build(_: Origin | None = None) -> Subject:
    return Subject(nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 3)), (6,))


def state(step: int = 5) -> State:
    """A pruned, quantized subject in the middle of a phase."""
    module = nn.Sequential(nn.Linear(6, 2), nn.BatchNorm1d(2), nn.ReLU(), nn.Linear(2, 3))
    mask = torch.tensor([[True, False], [False, True], [True, True]])
    subject = Subject(module, (6,), {"3.weight": mask}, Quantizer.choose({"kind": "dynamic_int8"}))
    subject.apply_masks()
    optimizer = torch.optim.Adam(module.parameters(), lr=0.1, fused=True)
    module(torch.randn(5, 6)).sum().backward()
    optimizer.step()
    place = Position(1, 1, 2, 3, step, 4)
    before = StageResult(
        stage=0, kind="train", label="train: adam", step=3, seconds=1.5, parameters=10, nonzero=9, weights_sha256="a"
    )
    module[0].bias.requires_grad_(False)
    phase = {"optimizer": optimizer.state_dict(), "randomness": {"cpu": torch.get_rng_state()}, "history": [0.5]}
    subject.ranges = {"3": torch.tensor([-1.0, 2.0])}
    return State(place, subject, 12.5, 3.25, phase, before)


def test_everything_comes_back(tmp_path: Path, catalog: Catalog) -> None:
    before = state()
    written = Checkpoints(tmp_path, "runs/a/checkpoints").write(before, stage=1)
    after = checkpoint.load(tmp_path / written.path, build, "cpu")
    assert (after.position, after.seconds, after.stage_began) == (before.position, 12.5, 3.25)
    for name, tensor in before.subject.module.state_dict().items():
        assert torch.equal(after.subject.module.state_dict()[name], tensor)
    assert after.result == before.result
    assert torch.equal(after.subject.masks["3.weight"], before.subject.masks["3.weight"])
    assert after.subject.quantizer == before.subject.quantizer
    assert {name: limits.tolist() for name, limits in after.subject.ranges.items()} == {"3": [-1.0, 2.0]}
    assert [weight.requires_grad for weight in after.subject.module.parameters()] == [True, False, *[True] * 4]
    assert after.phase is not None and before.phase is not None
    found, expected = after.phase["optimizer"], before.phase["optimizer"]
    assert found["param_groups"] == expected["param_groups"]
    for number, entry in expected["state"].items():
        assert all(torch.equal(found["state"][number][name], tensor) for name, tensor in entry.items())
    assert torch.equal(after.phase["randomness"]["cpu"], before.phase["randomness"]["cpu"])
    assert after.phase["history"] == [0.5]


def test_what_is_announced_is_what_lies_on_the_disk(tmp_path: Path, catalog: Catalog) -> None:
    written = Checkpoints(tmp_path, "runs/a/checkpoints").write(state(), stage=1)
    content = (tmp_path / written.path).read_bytes()
    assert (written.bytes, written.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert (written.stage, written.step, written.seconds) == (1, 5, 12.5)


def kept(folder: Path, *written: Checkpoint) -> set[str]:
    """Files that remain when each has been registered."""
    for path in (path for one in written for path in one.replaces):
        (folder / path).unlink()
    return {str(file.relative_to(folder)) for file in (folder / "c").iterdir()}


def test_the_last_two_within_a_stage_and_all_at_its_end_are_kept(tmp_path: Path, catalog: Catalog) -> None:
    checkpoints = Checkpoints(tmp_path, "c")
    first = checkpoints.write(state(1), stage=0, keep=True)
    within = [checkpoints.write(state(step), stage=1) for step in (2, 3, 4)]
    last = checkpoints.write(state(5), stage=1, keep=True)
    assert kept(tmp_path, first, *within, last) == {first.path, within[1].path, within[2].path, last.path}
    again = Checkpoints(tmp_path, "c", resumed=within[2])
    newer = [again.write(state(step), stage=1) for step in (6, 7)]
    assert kept(tmp_path, *newer) == {first.path, within[1].path, last.path, newer[0].path, newer[1].path}


def test_one_that_is_to_stay_stays_when_a_run_has_gone_on_from_it(tmp_path: Path, catalog: Catalog) -> None:
    requested = Checkpoints(tmp_path, "c").write(state(1), stage=1, keep=True)
    again = Checkpoints(tmp_path, "c", resumed=requested)
    newer = [again.write(state(step), stage=1) for step in (2, 3, 4)]
    assert kept(tmp_path, *newer) == {requested.path, newer[1].path, newer[2].path}


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """The kernel refuses to make any file longer, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_write_that_fails_leaves_no_file_and_the_old_ones_whole(tmp_path: Path, catalog: Catalog) -> None:
    checkpoints = Checkpoints(tmp_path, "c")
    old = checkpoints.write(state(1), stage=0)
    with files_of_at_most(1000), pytest.raises(OSError, match="File too large"):
        checkpoints.write(state(2), stage=0)
    assert [file.name for file in (tmp_path / "c").iterdir()] == [Path(old.path).name]
    assert checkpoint.load(tmp_path / old.path, build, "cpu").position.step == 1


def test_half_files_of_a_killed_process_are_cleared_away(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    folder.mkdir()
    (folder / "000000001-x.part").write_bytes(b"half")
    Checkpoints(tmp_path, "c")
    assert list(folder.iterdir()) == []


class Bomb:
    def __reduce__(self) -> tuple[object, ...]:
        return (print, ("executed",))


def test_a_file_with_code_in_it_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "bomb.pt"
    torch.save({"format": checkpoint.FORMAT, "module": Bomb()}, file)
    with pytest.raises(pickle.UnpicklingError):
        checkpoint.load(file, build, "cpu")
    assert "executed" not in capsys.readouterr().out


def test_another_format_is_told(tmp_path: Path) -> None:
    file = tmp_path / "old.pt"
    torch.save({"format": 0}, file)
    with pytest.raises(ValueError, match=f"has format 0; this worker reads format {checkpoint.FORMAT}"):
        checkpoint.load(file, build, "cpu")
