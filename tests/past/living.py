"""Life of an installation before it is packed: everything that can happen to runs, studies and uploads."""

import os
import signal
from typing import Any

from backend.domain.run.commands import CommandKind
from backend.domain.run.events import EventKind
from backend.domain.run.states import RunState
from tests.backend.data.making import csv, images, npz
from tests.past import specs
from tests.past.lab import SECONDS, Lab
from tests.past.served import get
from tests.patience import until


def live(lab: Lab) -> None:
    """Everything that ends, one thing after the other."""
    (worker,) = lab.start()
    pipeline = lab.finish(lab.submit(specs.PIPELINE))
    _own_data(lab)
    _borrowing(lab, pipeline)
    steered = _steered(lab)
    _counterfactual(lab, steered)
    _ended(lab)
    rewound = _rewound(lab, worker.trainer())
    _forks(lab, pipeline, rewound)
    _study(lab)
    worker.end()


def leave(lab: Lab) -> None:
    """Runs in the middle of a training, given back to the queue by workers that were asked to go; one of them paused."""
    started = lab.start(len(specs.RESUMABLE))
    ids = {lab.submit(spec): spec["name"] for spec in specs.RESUMABLE}
    waiting = set(ids)
    while waiting:
        run_id = until(lambda: _far_enough(lab, waiting), SECONDS, "the middle of a run", *lab.logs)
        if ids[run_id] == specs.PAUSED:
            lab.command(run_id, CommandKind.PAUSE)
            lab.reach(run_id, RunState.PAUSED)
        next(worker for worker in started if run_id in worker.log.read_text()).signal(signal.SIGTERM)
        waiting.remove(run_id)
    for worker in started:
        worker.end()
    assert {lab.farm.run(run_id).state for run_id in ids} == {RunState.QUEUED}


def _far_enough(lab: Lab, waiting: set[str]) -> str | None:
    return next((run_id for run_id in waiting if lab.farm.run(run_id).step >= specs.LEAVE_AT), None)


def _own_data(lab: Lab) -> None:
    """A table and pictures, each with a run that learns from it."""
    pictures = npz(images=images(60, 8, 8), labels=[row % 3 for row in range(60)])
    for name, model, content in (("table.csv", specs.MLP, csv(60)), ("pictures.npz", specs.CNN, pictures)):
        answer = lab.client.post("/api/uploads", files={"file": (name, content)})
        assert answer.status_code == 201, answer.text
        data = {"kind": "upload", "id": answer.json()["id"]}
        lab.finish(lab.submit(specs.spec(f"from {name}", model, specs.train(1), dataset=data)))


def _borrowing(lab: Lab, source: str) -> None:
    """Runs that begin with another one's model; the second cannot, as nothing in its model is alike."""
    lab.finish(lab.submit(specs.borrowing("transferred", specs.CNN, f"{source}:0")))
    lab.finish(lab.submit(specs.borrowing("failed", specs.MLP, f"{source}:0")), RunState.FAILED)


def _steered(lab: Lab) -> str:
    """A run of which a person asks everything that can be asked."""
    run_id = lab.submit(specs.STEERED)
    lab.farm.at_step(run_id, 10)
    lab.command(run_id, CommandKind.PAUSE)
    lab.command(run_id, CommandKind.SET, path="optimizer.lr", value=0.05)
    lab.command(run_id, CommandKind.RESUME)
    lab.farm.at_step(run_id, 25)
    lab.command(run_id, CommandKind.CHECKPOINT)
    lab.command(run_id, CommandKind.STAGES, stages=[specs.PRUNE, specs.QUANTIZE])
    lab.command(run_id, CommandKind.NEXT)
    return lab.finish(run_id)


def _counterfactual(lab: Lab, steered: str) -> None:
    """The steered run without its live parameter's new value."""
    events = get(lab.client, f"/api/runs/{steered}/events")
    (seq,) = [event["seq"] for event in events if event["body"].get("path") == "optimizer.lr"]
    lab.finish(lab.post(f"/api/runs/{steered}/counterfactuals", {"seq": seq})["runs"][0]["id"])


def _ended(lab: Lab) -> None:
    """Runs that a person or an alert ends."""
    for spec, kind, state in (
        (specs.STOPPED, CommandKind.STOP, RunState.STOPPED),
        (specs.CANCELLED, CommandKind.CANCEL, RunState.CANCELLED),
    ):
        run_id = lab.submit(spec)
        lab.farm.at_step(run_id, 10)
        lab.command(run_id, kind)
        lab.finish(run_id, state)
    lab.finish(lab.submit(specs.STOPPED_BY_ALERT), RunState.STOPPED)


def _rewound(lab: Lab, trainer: int) -> str:
    """A run whose trainer is killed after its first checkpoint."""
    run_id = lab.submit(specs.REWOUND)
    until(lambda: lab.farm.checkpoints(run_id), SECONDS, "a checkpoint", *lab.logs)
    os.kill(trainer, signal.SIGKILL)
    lab.finish(run_id)
    assert lab.farm.marks(run_id, EventKind.REWIND)
    return run_id


def _forks(lab: Lab, pipeline: str, rewound: str) -> None:
    """One from the end of a stage with other stages after it, one from within a training with none changed."""
    spec = get(lab.client, f"/api/runs/{pipeline}/fork", stage=0)["spec"]
    other = {**spec, "name": "forked at the end of a stage", "stages": [*spec["stages"][:1], specs.QUANTIZE]}
    lab.finish(lab.fork(pipeline, other, stage=0))
    within = next(one for one in lab.checkpoints(rewound) if one["step"] < lab.farm.run(rewound).step)
    spec = get(lab.client, f"/api/runs/{rewound}/fork", checkpoint=within["id"])["spec"]
    lab.finish(lab.fork(rewound, {**spec, "name": "forked within a training"}, checkpoint=within["id"]))


def _study(lab: Lab) -> None:
    study = lab.post("/api/studies", {"study": specs.STUDY})["id"]
    over: Any = lambda: get(lab.client, f"/api/studies/{study}")["state"] == "finished"  # noqa: E731
    until(over, SECONDS, "the end of the study", *lab.logs)
