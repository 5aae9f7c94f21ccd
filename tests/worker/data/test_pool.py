"""The pool: read once, whole or not there, shared, bounded, and never taken from who uses it."""

import subprocess
import sys
import time
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

from worker.data.pool import Block, Pool, Reading
from worker.data.sources import on_disk
from worker.data.tensors import Samples

INPUTS = np.random.default_rng(0).integers(0, 256, (1000, 3, 8, 8), dtype=np.uint8)
TARGETS = np.arange(1000) % 7
READ: list[str] = []


def reading(name: str = "numbers", files: tuple[Path, ...] = ()) -> Reading:
    def blocks() -> Iterator[Block]:
        READ.append(name)
        for start in range(0, 1000, 300):
            yield INPUTS[start : start + 300], TARGETS[start : start + 300]

    return Reading(blocks, files, name)


@pytest.fixture(autouse=True)
def nothing_read() -> None:
    READ.clear()


def names(folder: Path) -> set[str]:
    return {path.suffix for path in folder.iterdir()}


def test_samples_are_read_once_and_then_mapped(tmp_path: Path) -> None:
    first, second = (Pool(tmp_path / "pool").open(reading()) for _ in range(2))
    assert READ == ["numbers"]
    for found in (first, second):
        assert on_disk(found.source)
        assert np.array_equal(found.inputs, INPUTS) and np.array_equal(found.targets, TARGETS)
    gathered = reading().gather()
    assert np.array_equal(gathered.inputs, INPUTS) and np.array_equal(gathered.targets, TARGETS)


def test_other_settings_and_changed_files_are_other_samples(tmp_path: Path) -> None:
    pool, file = Pool(tmp_path / "pool"), tmp_path / "file"
    file.write_text("one")
    pool.open(reading("a"))
    pool.open(reading("a", (file,)))
    pool.open(reading("b", (file,)))
    assert READ == ["a", "a", "b"]
    pool.open(reading("b", (file,)))
    file.write_text("another one")
    pool.open(reading("b", (file,)))
    assert READ == ["a", "a", "b", "b"]


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    def blocks() -> Iterator[Block]:
        yield INPUTS, TARGETS
        raise ValueError("the file is damaged")

    with pytest.raises(ValueError, match="damaged"):
        Pool(tmp_path).open(Reading(blocks))
    assert list(tmp_path.iterdir()) == []


KILLED = dedent("""
    import sys, time
    from pathlib import Path
    import numpy as np
    from worker.data.pool import Pool, Reading

    def blocks():
        yield np.zeros((100, 10)), np.zeros(100)
        print("half", flush=True)
        time.sleep(600)

    Pool(Path(sys.argv[1])).open(Reading(blocks, settings=sys.argv[2]))
""")


@pytest.mark.parametrize("then", ["numbers", "others"])
def test_what_a_killed_process_wrote_is_swept_and_never_taken_for_whole(then: str, tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", KILLED, tmp_path, "numbers"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"half\n"
        process.kill()
    assert names(tmp_path) == {".part"}
    assert len(Pool(tmp_path).open(reading(then))) == 1000
    assert names(tmp_path) == {".npy"} and [then] == READ


def opened(folder: Path, count: int) -> tuple[int, int]:
    """Samples, and how often this process read them."""

    def blocks() -> Iterator[Block]:
        READ.append("slowly")
        for _ in range(count):
            time.sleep(0.05)
            yield INPUTS, TARGETS

    return len(Pool(folder).open(Reading(blocks))), len(READ)


def test_processes_that_ask_at_once_read_once(tmp_path: Path) -> None:
    with get_context("spawn").Pool(3) as processes:
        found = processes.starmap(opened, [(tmp_path, 10)] * 3)
    assert [samples for samples, _ in found] == [10_000] * 3
    assert sum(read for _, read in found) == 1
    assert names(tmp_path) == {".npy"}


def test_the_oldest_that_nobody_uses_gives_way(tmp_path: Path) -> None:
    size = INPUTS.nbytes + TARGETS.nbytes
    pool = Pool(tmp_path, most=int(2.5 * size))
    used: Samples | None = pool.open(reading("used"))
    for name in ("old", "new"):
        pool.open(reading(name))
    READ.clear()
    assert used is not None and np.array_equal(used.inputs, INPUTS)
    for name in ("used", "new", "old"):
        pool.open(reading(name))
    assert READ == ["old"]
    used = None
    pool.trim(0)
    assert list(tmp_path.iterdir()) == []


def test_a_mapping_holds_its_file_however_little_of_it_is_left(tmp_path: Path) -> None:
    pool = Pool(tmp_path)
    few = pool.open(reading()).take(np.array([3, 1]))
    assert pool.trim(0) == 0 and len(list(tmp_path.iterdir())) == 1
    assert np.array_equal(few.inputs, INPUTS[[3, 1]])


FULL = dedent("""
    import os, resource, signal, subprocess, sys
    from pathlib import Path
    import numpy as np
    from worker.data.pool import Pool, Reading

    folder = Path(sys.argv[1])
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]).returncode:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    def open_(name, rows):
        return Pool(folder).open(Reading(lambda: [(np.zeros((100, 100)), np.zeros(100))] * (rows // 100), settings=name))

    print(len(open_("first", 700)), len(open_("second", 700)))
    try:
        open_("third", 3000)
    except ValueError as error:
        print(error)
    print(os.listdir(folder))
    try:
        used = open_("first", 700)
        open_("second", 3000)
    except ValueError as error:
        print(error)
    print(len(os.listdir(folder)), used.inputs.sum())
""")
"""On a disk of 1 MB, which is there for this process alone; where none can be mounted, a limit of a file's size is as full."""


def test_a_full_disk_is_told_in_one_sentence_and_nothing_is_half_written(tmp_path: Path) -> None:
    alone = ["unshare", "--user", "--map-root-user", "--mount"]
    allowed = subprocess.run([*alone, "true"], capture_output=True, check=False).returncode == 0
    command = [*(alone if allowed else []), sys.executable, "-c", FULL, str(tmp_path)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    both, told, left, again, kept = answer.stdout.splitlines()
    assert both == "700 700"  # the second has the room that the first, which nobody used, had
    assert told == again and "its disk is full" in told and told.count(".") == 1
    assert (left, kept) == ("[]", "1 0.0")  # what is in use stays
