"""Prepares the unchanging environment of a run, and the state from which it continues."""

from dataclasses import dataclass

import torch

from backend.domain.experiment.experiment import Diagnosis, Experiment, Measure, fingerprint
from backend.domain.settings import Settings
from backend.store.crash_points import Point, passing
from worker.contracts.families.models import build as build_model
from worker.contracts.subject import Origin, Subject
from worker.data.tensors import Data
from worker.engine import seed
from worker.engine.checkpoints import checkpoint
from worker.engine.checkpoints.checkpoint import Checkpoints, State
from worker.engine.checkpoints.saving import Saving
from worker.engine.device import machine, prepare
from worker.engine.input.load import Wanted, load
from worker.engine.measurement.energy import Spending, meter
from worker.engine.measurement.measure import check_devices
from worker.engine.reporter import Clock, Reporter
from worker.engine.route import Route
from worker.engine.steering.control import Control
from worker.pipe.link import Link
from worker.pipe.messages import Assignment


@dataclass(frozen=True)
class ModelBuilder:
    """Builds fresh models, with first weights that depend on the run's seed and the stage they begin in, nothing else."""

    own: Origin  # of the model that the run begins with
    input_dtype: torch.dtype
    seed: int

    def __call__(self, origin: Origin | None = None) -> Subject:
        """A fresh model of `origin`; by default the one that the run begins with."""
        origin = origin or self.own
        seed.plant(self.seed, "model", *([] if origin.stage is None else [origin.stage]))
        return Subject(build_model(origin), origin.input_shape, input_dtype=self.input_dtype, origin=origin)


@dataclass(frozen=True)
class RunEnvironment:
    """Surroundings of a run's model: the same objects from the run's first step to its last."""

    assignment: Assignment
    link: Link
    settings: Settings
    device: str  # as torch calls it
    route: Route
    measure: Measure
    diagnosis: Diagnosis
    data: Data
    build: ModelBuilder
    clock: Clock
    control: Control
    reporter: Reporter
    saving: Saving

    @property
    def seed(self) -> int:
        return self.assignment.seed

    def facts(self) -> dict[str, str]:
        """Facts of the run and of this machine, which its files tell."""
        spec = Experiment.model_validate(self.assignment.spec)
        return {
            "run": self.assignment.run_id,
            "spec_sha256": fingerprint(spec),
            "machine": "; ".join(map(machine, self.measure.devices)),
        }


def prepared(assignment: Assignment, link: Link, settings: Settings) -> tuple[RunEnvironment, State]:
    """Surroundings of the run, and the state that it goes on from: the checkpoint's, or a fresh model.

    Raises ValueError in one sentence for a spec, a dataset or a device that cannot be.
    """
    spec, device = assignment.spec, prepare(settings)
    route, measure = Route(spec["stages"]), Measure.model_validate(spec["measure"])
    check_devices(measure)
    data = load(Wanted.of(spec, route.recipes()), settings.data_dir, assignment.seed, device)
    passing(Point.DATA_LOADED)
    origin = Origin(spec["model"], data.input_shape, data.outputs, tokens=len(data.vocabulary))
    build = ModelBuilder(origin, data.input_dtype, assignment.seed)
    state = checkpoint.going_on(settings.data_dir, assignment.resume, build, device)
    passing(Point.STATE_LOADED)
    clock = Clock(state.seconds, Spending(meter(device)))
    environment = RunEnvironment(
        assignment=assignment,
        link=link,
        settings=settings,
        device=device,
        route=route,
        measure=measure,
        diagnosis=Diagnosis.model_validate(spec["diagnosis"]),
        data=data,
        build=build,
        clock=clock,
        control=Control(link),
        reporter=Reporter(link, clock, route.planned_steps(len(data.train), assignment.seed), data.task),
        saving=_saving(assignment, link, settings, clock),
    )
    return environment, state


def _saving(assignment: Assignment, link: Link, settings: Settings, clock: Clock) -> Saving:
    checkpoints = Checkpoints(settings.data_dir, f"{assignment.folder}/checkpoints", assignment.resume)
    return Saving(checkpoints, link, clock, settings.checkpoint_seconds)
