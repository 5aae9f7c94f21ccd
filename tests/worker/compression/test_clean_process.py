"""The process that measures is clean, bounded and never left behind; neither is any file."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from torch import nn

import worker
from tests.patience import until
from tests.worker.compression.alone import ALONE
from tests.worker.compression.measured import FOLDER, SETTINGS, measured
from worker.components.quantizers.dynamic_int8 import DynamicInt8
from worker.contracts.subject import Subject
from worker.data.tensors import Data
from worker.engine.measurement import clean_process
from worker.engine.measurement.clean_process import HeldOutFiles, run_clean
from worker.pipe.messages import StageDone

pytestmark = pytest.mark.usefixtures("processes")


def test_what_a_killed_process_left_is_swept(trained: Subject, digits: Data, tmp_path: Path) -> None:
    leftover = tmp_path / FOLDER / "measuring-dead"
    leftover.mkdir(parents=True)
    (leftover / "half.onnx").write_bytes(b"half")
    measured(trained, digits, tmp_path)
    assert not leftover.exists()


def test_a_stage_that_fails_leaves_no_file(digits: Data, tmp_path: Path) -> None:
    module = nn.Sequential(nn.Conv2d(1, 10, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    with pytest.raises(ValueError, match="quantization would have no effect"):
        measured(DynamicInt8().quantize(Subject(module, digits.input_shape), ALONE), digits, tmp_path)
    with pytest.raises(ValueError, match="could not be measured: ONNX Runtime cannot load the file"):
        measured(Subject(nn.Sequential(nn.Flatten(), nn.Linear(9, 10)), (1, 3, 3)), digits, tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_somebody_is_called_while_it_works_and_may_end_it(trained: Subject, digits: Data, tmp_path: Path) -> None:
    ticks: list[float] = []
    measured(trained, digits, tmp_path, tick=lambda: ticks.append(time.monotonic()))
    assert len(ticks) > 5

    class Cancelled(Exception):
        pass

    def cancel() -> None:
        if children():
            raise Cancelled

    with pytest.raises(Cancelled):
        measured(trained, digits, tmp_path, tick=cancel)
    assert not children()


def children() -> list[int]:
    """Living children of this process that measure."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(status.read_text().rpartition(")")[2].split()[1])
            command = (status.parent / "cmdline").read_text()
        except (OSError, IndexError):
            continue
        if parent == os.getpid() and "measure_artifact" in command:
            found.append(int(status.parent.name))
    return found


@pytest.mark.parametrize("damage", ["truncated", "garbage", "empty", "flipped"])
def test_a_damaged_file_is_refused_in_a_sentence(
    damage: str, float_stage: tuple[StageDone, Path], digits: Data, tmp_path: Path
) -> None:
    done, folder = float_stage
    content = bytearray((folder / done.files[0].path).read_bytes())
    content[10:2000] = bytes(1990) if damage == "flipped" else content[10:2000]
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes(
        {"truncated": content[: len(content) // 2], "garbage": b"MZ" * 500, "empty": b"", "flipped": content}[damage]
    )
    with pytest.raises(ValueError, match=r"damaged\.onnx could not be measured: ONNX Runtime cannot load the file"):
        run_clean(damaged, HeldOutFiles.write(digits, tmp_path), "cpu", SETTINGS)


def test_a_file_for_other_inputs_is_refused_in_a_sentence(
    float_stage: tuple[StageDone, Path], digits: Data, tmp_path: Path
) -> None:
    done, folder = float_stage
    test = HeldOutFiles.write(digits, tmp_path)
    np.save(test.inputs(), np.zeros((len(digits.test), 3, 9, 9), np.float32))
    with pytest.raises(ValueError, match="could not be measured: ONNX Runtime cannot run the file"):
        run_clean(folder / done.files[0].path, test, "cpu", SETTINGS)


def test_a_process_that_takes_too_long_is_ended(
    float_stage: tuple[StageDone, Path], digits: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, folder = float_stage
    monkeypatch.setattr(clean_process, "TIME_LIMIT", 0.1)
    with pytest.raises(ValueError, match="took longer than 0 seconds"):
        run_clean(folder / done.files[0].path, HeldOutFiles.write(digits, tmp_path), "cpu", SETTINGS)
    assert not children()


def test_the_measuring_process_dies_with_its_parent(
    float_stage: tuple[StageDone, Path], digits: Data, tmp_path: Path
) -> None:
    """A parent starts a long measurement and is killed: its child must not outlive it."""
    done, folder = float_stage
    test = HeldOutFiles.write(digits, tmp_path)
    code = (
        "import sys; from pathlib import Path\n"
        "from backend.domain.experiment.experiment import Measure\n"
        "from worker.engine.measurement import clean_process\n"
        "clean_process.TIMED_SECONDS = 600\n"
        "file, folder = map(Path, sys.argv[1:])\n"
        "clean_process.run_clean(file, clean_process.HeldOutFiles(folder, {'test': None}, None, None, None), 'cpu', Measure(batch_sizes=[4096] * 8, repeats=1000))\n"
    )
    home = Path(worker.__file__).parents[1]
    command = [sys.executable, "-c", code, str(folder / done.files[0].path), str(test.folder)]
    with subprocess.Popen(command, cwd=home) as parent:
        child = until(lambda: children_of(parent.pid), 30, "the measuring process")
        parent.kill()
    until(lambda: not alive(child[0]), 30, "its end")


def children_of(parent: int) -> list[int]:
    text = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(number) for number in text.split()]


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_busy_machine_does_not_keep_a_process_from_its_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time is up before the first look: what has not been handed over by then must still arrive."""
    monkeypatch.setattr(clean_process, "TICK", 1e-9)
    monkeypatch.setattr(clean_process, "TIME_LIMIT", 5e-7)
    echo = [sys.executable, "-c", "import sys; print(sys.stdin.read())"]
    output, _, code = clean_process._communicate(
        echo, "the job", lambda: monkeypatch.setattr(clean_process, "TICK", 1.0)
    )
    assert (output, code) == ("the job\n", 0)
