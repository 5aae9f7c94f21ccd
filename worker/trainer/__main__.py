"""The trainer process: imports torch once, stays warm, executes one run after another.

Started by the supervisor as `python -m worker.trainer FD PARENT`: the pipe's descriptor and the supervisor's pid.
"""

import contextlib
import ctypes
import faulthandler
import gc
import importlib
import os
import sys
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from backend.domain.run.events import EventKind
from backend.domain.run.states import RunState
from backend.domain.settings import Settings
from backend.store.crash_points import Point, passing
from worker.pipe.link import PipeLink
from worker.pipe.messages import Assignment, Exit, Finished, Happened, Ready
from worker.process.parent_death import die_with_parent


def main() -> None:
    descriptor, parent = (int(argument) for argument in sys.argv[1:])
    die_with_parent(parent)
    passing(Point.STARTED)
    faulthandler.enable()  # a crash in native code leaves its Python lines in the worker's log
    os.set_inheritable(descriptor, False)
    _offer_to_the_oom_killer()
    settings = Settings()
    link = PipeLink(Connection(descriptor), settings.last_patience_seconds)
    ready = _prepare(settings)
    link.send(ready)
    passing(Point.READY)
    _warm_up(settings, link)
    plain = list(ready.catalog["entries"]) if settings.pictures else []  # those that have no picture yet
    _illustrate(plain, ready, link)
    while not isinstance(work := link.work(), Exit):
        _execute(work, link, settings)
        _free_memory()
        _illustrate(plain, ready, link)


def _prepare(settings: Settings) -> Ready:
    import torch

    from worker.contracts import catalog
    from worker.contracts.component import discover
    from worker.engine import device

    torch.set_num_threads(settings.threads_of(device.cores()))
    discover(settings.plugins)
    return Ready(catalog.build().model_dump(mode="json"), device.describe())


def _warm_up(settings: Settings, link: PipeLink) -> None:
    """Does slow imports in advance, so that the first run need not wait for them."""
    from worker.contracts.families.datasets import Dataset
    from worker.engine import device

    device.prepare(settings)
    importlib.import_module("worker.engine.execute")
    if link.has_work:
        return
    with contextlib.suppress(Exception):  # whoever asks for this data set will be told
        data = Dataset.choose({"kind": Dataset.default_kind})
        data.load(settings.data_dir / "datasets" / data.kind, seed=0)


def _illustrate(plain: list[dict[str, Any]], ready: Ready, link: PipeLink) -> None:
    """Draws the pictures of the catalog while the worker is idle, and publishes the catalog again when all are done.

    An operator's plug-in is not tried for a picture: what it breaks has to be a run, which can say so.
    """
    from worker.contracts.component import find
    from worker.illustrations import picture

    while plain and not link.has_work:
        entry = plain.pop()
        component = find(entry["family"], entry["kind"])
        if entry["unavailable"] is None and not component.plugged_in():
            try:
                entry["picture"] = picture(component)
            except Exception:  # a picture less: the runs do not need it
                traceback.print_exc()
        if not plain:
            link.send(ready)


def _execute(assignment: Assignment, link: PipeLink, settings: Settings) -> None:
    """Executes one run. An exception that escapes the engine is our mistake: the run fails with it, and the process goes on."""
    from worker.engine.execute import execute
    from worker.engine.explain import explain, trace

    passing(Point.ASSIGNMENT_TAKEN)
    try:
        execute(assignment, link, settings)
    except Exception as error:
        traceback.print_exc()
        link.send(Happened(EventKind.LOG, {"level": "error", "text": trace(error, settings.data_dir)}))
        link.send(Finished(RunState.FAILED, explain(error, settings.data_dir)[:1000]))


def _offer_to_the_oom_killer() -> None:
    """Makes the kernel end this process, not the one that would report it, when memory runs out."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")


def _free_memory() -> None:
    """Frees the memory of the last run, so that the next one has all of it."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if sys.platform == "linux":
        getattr(ctypes.CDLL(None), "malloc_trim", lambda _: 0)(0)


if __name__ == "__main__":
    main()
