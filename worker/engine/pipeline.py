"""Runs a pipeline: every stage in order, each measured, each followed by a checkpoint."""

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from typing import Any

from backend.domain.experiment import experiment
from backend.domain.run.events import EventKind
from backend.domain.run.states import RunState
from backend.domain.settings import Settings
from backend.store.crash_points import Point, passing
from worker.contracts.families.losses import Loss
from worker.contracts.families.models import Model
from worker.contracts.families.stages import Stage
from worker.contracts.phases import Training, Transform
from worker.contracts.subject import Origin, Subject, arrange
from worker.engine import checkpoint, seed
from worker.engine.checkpoint import Checkpoints, Position, State
from worker.engine.context import RunContext
from worker.engine.control import Cancelled, Control, Released, Skipped, Stopped
from worker.engine.device import prepare
from worker.engine.diagnostics.diagnose import Diagnosis
from worker.engine.evaluate import evaluate
from worker.engine.explain import Place
from worker.engine.input.load import Wanted, load
from worker.engine.measurement.energy import Spending, meter
from worker.engine.measurement.measure import check_devices, measure_stage
from worker.engine.reporter import Clock, Diverged, Reporter
from worker.engine.route import Route
from worker.engine.saving import Saving
from worker.engine.steering import Steering
from worker.engine.summaries import exhibits
from worker.engine.trainer import Trainer
from worker.engine.trial import Trials
from worker.pipe.link import Link
from worker.pipe.messages import Assignment, Exhibit, Happened


class Execution:
    """One run on its way through its pipeline."""

    def __init__(self, assignment: Assignment, link: Link, settings: Settings) -> None:
        self.assignment, self.link, self.settings = assignment, link, settings
        self.seed = assignment.seed
        self.device = prepare(settings)
        spec = assignment.spec
        self.route = Route(spec["stages"])
        self.measure = experiment.Measure.model_validate(spec["measure"])
        check_devices(self.measure)
        self.data = load(Wanted.of(spec, self.route.recipes()), settings.data_dir, self.seed, self.device)
        passing(Point.DATA_LOADED)
        self.origin = Origin(spec["model"], self.data.input_shape, self.data.outputs)
        state = checkpoint.going_on(settings.data_dir, assignment.resume, self._build, self.device)
        passing(Point.STATE_LOADED)
        self.subject, self.position = state.subject, state.position
        self.carried = state.phase  # what a training knew that goes on here, until its trainer takes it over
        self.began, self.first, self.result = state.stage_began, state.first, state.result
        self.clock = Clock(state.seconds, Spending(meter(self.device)))
        self.control = Control(link)
        planned = self.route.planned_steps(len(self.data.train), self.seed)
        self.reporter = Reporter(link, self.clock, planned, self.data.task)
        checkpoints = Checkpoints(settings.data_dir, f"{assignment.folder}/checkpoints", assignment.resume)
        self.saving = Saving(checkpoints, link, self.clock, settings.checkpoint_seconds)
        around = (self.control, link, self.clock, self.reporter, assignment.planned)
        self.steering = Steering(*around, self._keep_checkpoint, self.saving.hold, self._restage)
        self.steering.begin(assignment.paused and not self.position.stopping)
        self.trainer: Trainer | None = None  # while it trains
        self.plan = experiment.Diagnosis.model_validate(spec["diagnosis"])
        self.diagnosis = Diagnosis(self.plan)

    def run(self) -> RunState:
        """Every stage that is left. Raises Cancelled, Released, or what went wrong."""
        if not self.assignment.resume:
            self.route.foresee(self.subject.module)
        try:
            while self.position.stage < len(self.route.stages):
                self._run_stage(self.position.stage)
        except (Cancelled, Released):
            raise
        except Exception as error:
            index = self.position.stage
            error.add_note(Place(f"Stage {index + 1} of {len(self.route.stages)}, {self.route.stages[index].label()}"))
            if isinstance(error, Diverged):
                self.diagnosis.failed(str(error), self.reporter)
            with suppress(Exception):
                self.reporter.flush()  # the steps before the one that failed
            raise
        if not self.position.stopping:
            return RunState.SUCCEEDED
        self.control.obey_stops(self.position.step)  # whose answer was lost with the trainer that stopped
        return RunState.STOPPED

    def _build(self, origin: Origin | None = None) -> Subject:
        """A fresh model, by itself the one that the run began with."""
        origin = origin or self.origin
        seed.plant(self.seed, "model", *([] if origin.stage is None else [origin.stage]))
        module = Model.choose(origin.model).build(origin.input_shape, origin.outputs)
        return Subject(module, origin.input_shape, input_dtype=self.data.input_dtype, origin=origin)

    # ---- stages

    def _run_stage(self, index: int) -> None:
        stage = self.route.stages[index]
        self.reporter.begin(index, self.position.step)
        if self.began is None:
            self.control.poll(self.position.step)
            if self.control.stops:
                self._stop_before_stage()
                return
            self.began = self.clock.seconds()
            about = {"stage": index, "kind": stage.kind, "label": stage.label(), "step": self.position.step}
            self.link.send(Happened(EventKind.STAGE_BEGAN, about))
            passing(Point.STAGE_BEGAN)
            if index == 0:  # later on, what a stage finds is what the one before it left
                around = (self.subject, self.data, self._loss(index), self.seed, self.plan)
                self._show({**self.data.shown, **exhibits.of_incoming(self.subject)})
                with self.clock.resting():
                    self._show(exhibits.of_surroundings("landscape_before", *around, self._tick))
        try:
            with suppress(Stopped):
                self._run_phases(stage)
            with self.clock.resting():
                self._finish_stage(stage)
        except Released:
            if self.trainer is None:  # whatever was tried with the model's weights is put back by now
                self._checkpoint(index)
            raise

    def _run_phases(self, stage: Stage) -> None:
        """Every phase that is left. Raises Stopped when a person ended the run early."""
        if self.position.stopping:
            raise Stopped
        for number, phase in enumerate(stage.phases()):
            if number < self.position.phase:
                continue
            passing(Point.PHASE_BEGINS)
            if self.carried is None:  # else its trainer attends before its first step: it alone can act for a training
                self._attend(self.position)
            if isinstance(phase, Transform):
                context = self._context(lambda: self._attend(self.position), self._between_files)
                changed = deepcopy(self.subject)  # what is saved meanwhile is as it was before
                self.subject = phase.apply(changed, context)
                arrange(self.subject)
                passing(Point.TRANSFORMED)
            else:
                with suppress(Skipped):
                    self._train(phase)
                self.trainer = None
            self.position = Position(self.position.stage, number + 1, step=self.reporter.step)
            passing(Point.PHASE_ENDED)

    def _train(self, phase: Training) -> None:
        if phase.companion:
            seed.plant(self.seed, "companion", self.position.stage, self.position.phase)
            phase.companion.begin(self.subject, self._context(self._tick, self._tick))
        work = (self.subject, self.data, phase.recipe, self.seed, self.position)
        trainer = Trainer(*work, self.reporter, self._attend, self._tick, self.diagnosis, phase.companion)
        resumed, self.carried = self.carried, None
        self.steering.expect(resumed=resumed is not None and self.position.phase_step > 0)
        if resumed is not None:
            trainer.resume(resumed)
        else:
            self._show(exhibits.of_recipe(self.data, phase.recipe, self.seed))
        trainer.run()

    def _context(self, attend: Callable[[], None], tick: Callable[[], None]) -> RunContext:
        """Context of a phase in this run; `attend` and `tick` are called while it tries and evaluates."""
        runs = self.settings.data_dir / self.assignment.folder
        trials = Trials(self.data, self.seed, self.position, self.measure, runs, attend, tick)
        origin, loss = self.subject.origin or self.origin, self._loss(self.position.stage)
        around = (self.assignment, self.settings.data_dir, self.data, origin, self._build, loss)
        return RunContext(*around, self.link, self.reporter, self._show, trials)

    def _show(self, shown: Mapping[str, dict[str, Any]]) -> None:
        """Exhibits of the stage, by kind, as they are at the last step that was recorded."""
        for kind, body in shown.items():
            self.link.send(Exhibit(kind, self.position.stage, self.reporter.step, body))

    def _finish_stage(self, stage: Stage) -> None:
        """Evaluate, measure, tell, checkpoint: from here on the stage is never repeated."""
        index, step, stopping = self.position.stage, self.position.step, self.position.stopping
        self.subject = replace(self.subject, teacher=None)
        assert self.began is not None
        seconds = self.clock.seconds() - self.began
        loss = self._loss(index)
        validation = evaluate(arrange(self.subject), self.data.validation, loss, self.data, self._between_files)
        if not all(map(math.isfinite, validation.values())):
            raise Diverged(
                f"After {stage.label()} the validation loss is {validation['loss']}. Try a lower learning rate."
            )
        about = (self.subject, self.data, loss, self.seed, self.plan)
        self._show(exhibits.of_model(*about, self._between_files))
        done = measure_stage(
            self.subject,
            self.data,
            stage=index,
            kind=stage.kind,
            label=stage.label(),
            step=step,
            seconds=seconds,
            validation=validation,
            settings=self.measure,
            data_dir=self.settings.data_dir,
            folder=self.assignment.folder,
            before=self.result,
            first=self.first,
            tick=self._between_files,
        )
        done.result.measuring_seconds = self.clock.rested()
        passing(Point.MEASURED)
        self.link.send(done)
        passing(Point.STAGE_TOLD)
        self.first, self.result = self.first or done.result, done.result
        self.position = Position(len(self.route.stages) if stopping else index + 1, step=step, stopping=stopping)
        self.began = None
        self._checkpoint(index, keep=True)
        passing(Point.STAGE_ENDED)

    def _stop_before_stage(self) -> None:
        """A stop between two stages: all there is has been measured."""
        self.position = Position(len(self.route.stages), step=self.position.step, stopping=True)
        self._checkpoint(len(self.route.stages) - 1, keep=True)
        self.control.obey_stops(self.position.step)

    def _loss(self, index: int) -> Loss:
        return self.route.loss(index, self.data.task)

    # ---- between two steps

    def _attend(self, position: Position, trainer: Trainer | None = None) -> None:
        """Send what was recorded, obey what was asked, checkpoint when it is time.

        Raises Stopped, Skipped, Cancelled, Released; Diverged when the loss is not finite.
        """
        self.position = position
        passing(Point.ATTENDING)
        self.reporter.flush()
        self.control.poll(position.step)
        self.trainer = trainer
        self.steering.obey(trainer)
        if self.control.stops:
            self._leave(replace(position, stopping=True), trainer)
            self.control.obey_stops(position.step)
            raise Stopped
        if self.steering.skips():
            self._leave(Position(position.stage, position.phase + 1, step=position.step), trainer)
            raise Skipped
        if self.control.released:
            if trainer:
                self._checkpoint(position.stage, trainer)
            raise Released
        if trainer and self.saving.due:
            self._checkpoint(position.stage, trainer)

    def _leave(self, position: Position, trainer: Trainer | None) -> None:
        """The training ends here, at a person's wish: what it leaves is kept, whatever happens next."""
        self.position = position
        if trainer:
            trainer.leave()
        self._checkpoint(position.stage)

    def _keep_checkpoint(self) -> bool:
        return self._checkpoint(self.position.stage, self.trainer, keep=True)

    def _restage(self, stages: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
        """Other stages take the place of those that have not begun: all that there are then, and the old and the new ones."""
        begun, samples = self.position.stage + 1, len(self.data.train)
        before, old = self.route.planned_steps(samples, self.seed, begun), self.route.dumped()[begun:]
        self.route.restage(begun, stages)
        self.reporter.total_steps += self.route.planned_steps(samples, self.seed, begun) - before
        now = self.route.dumped()
        return {"stages": now, "old": old, "new": now[begun:]}

    def _tick(self) -> None:
        """Called often while the model is evaluated."""
        self.control.poll(self.reporter.step)
        self.reporter.stay_heard()

    def _between_files(self) -> None:
        """Called often while a finished stage is evaluated and measured, which can begin again elsewhere."""
        self._tick()
        if self.control.released:
            raise Released

    def _checkpoint(self, stage: int, trainer: Trainer | None = None, keep: bool = False) -> bool:
        """Save all that there is now; says whether that worked."""
        state = State(
            self.position,
            self.subject,
            self.clock.seconds(),
            self.began,
            trainer.state() if trainer else self.carried,
            self.result,
            self.first,
        )
        return self.saving.save(state, stage, keep)
