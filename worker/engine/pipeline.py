"""Runs a pipeline: every stage in order, each measured, each followed by a checkpoint."""

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from typing import Any

from backend.domain.run.events import EventKind
from backend.domain.run.states import RunState
from backend.store.crash_points import Point, passing
from worker.contracts.families.losses import Loss
from worker.contracts.families.stages import Stage
from worker.contracts.phases import Phase, Training, Transform
from worker.contracts.subject import arrange
from worker.engine import seed
from worker.engine.checkpoints.checkpoint import Position, State
from worker.engine.checkpoints.structure import undescribed
from worker.engine.context import RunContext
from worker.engine.diagnostics.diagnose import Diagnosis
from worker.engine.environment import RunEnvironment
from worker.engine.evaluate import evaluate
from worker.engine.explain import Place
from worker.engine.measurement.measure import Bench, Earlier, StageEnd, measure_stage
from worker.engine.reporter import Diverged
from worker.engine.steering.control import Cancelled, Released, Skipped, Stopped
from worker.engine.steering.steering import Steering
from worker.engine.summaries import collect
from worker.engine.training.trainer import Trainer
from worker.engine.trial import Trials
from worker.pipe.messages import Happened, StageDone, Summary


class Execution:
    """One run on its way through its pipeline: its model, its place, and what the stages before have left."""

    def __init__(self, environment: RunEnvironment, state: State) -> None:
        self.environment = environment
        self.subject, self.position = state.subject, state.position
        self.carried = state.phase  # what a training knew that goes on here, until its trainer takes it over
        self.began, self.earlier = state.stage_began, Earlier(state.first, state.result)
        self.trainer: Trainer | None = None  # while it trains
        self.diagnosis = Diagnosis(environment.diagnosis)
        self.steering = Steering(environment, self._keep_checkpoint, self._restage)
        self.steering.start(environment.assignment.paused and not self.position.stopping)

    def run(self) -> RunState:
        """Every stage that is left. Raises Cancelled, Released, or what went wrong."""
        route = self.environment.route
        if not self.environment.assignment.resume:
            route.validate_for(self.subject.module)
        try:
            while self.position.stage < len(route.stages):
                self._run_stage(self.position.stage)
        except (Cancelled, Released):
            raise
        except Exception as error:
            self._tell_of(error)
            raise
        if not self.position.stopping:
            return RunState.SUCCEEDED
        self.environment.control.obey_stops(self.position.step)  # whose answer was lost with the trainer that stopped
        return RunState.STOPPED

    def _tell_of(self, error: Exception) -> None:
        """Say where it went wrong, and send the steps before."""
        index, stages = self.position.stage, self.environment.route.stages
        error.add_note(Place(f"Stage {index + 1} of {len(stages)}, {stages[index].label()}"))
        if isinstance(error, Diverged):
            self.diagnosis.report_failure(str(error), self.environment.reporter)
        with suppress(Exception):
            self.environment.reporter.flush()

    # ---- stages

    def _run_stage(self, index: int) -> None:
        run, stage = self.environment, self.environment.route.stages[index]
        run.reporter.start(index, self.position.step)
        if self.began is None:
            run.control.poll(self.position.step)
            if run.control.stops:
                self._stop_before_stage()
                return
            self._begin_stage(stage)
        try:
            with suppress(Stopped):
                self._run_phases(stage)
            with run.clock.resting():
                self._finish_stage(stage)
        except Released:
            if self.trainer is None:  # whatever was tried with the model's weights is put back by now
                self._checkpoint(index)
            raise

    def _begin_stage(self, stage: Stage) -> None:
        run, index = self.environment, self.position.stage
        self.began = run.clock.seconds()
        body = {"stage": index, "kind": stage.kind, "label": stage.label(), "step": self.position.step}
        run.link.send(Happened(EventKind.STAGE_BEGAN, body))
        passing(Point.STAGE_BEGAN)
        if index == 0:  # later on, what a stage finds is what the one before it left
            self._warn_of_undescribed_layers()
            self._show(run.data.shown)
            with run.clock.resting():
                self._show(collect.of_incoming(self.subject, run, self._loss, self._tick))
                self._show(collect.of_surroundings("landscape_before", self.subject, run, self._loss, self._tick))

    def _warn_of_undescribed_layers(self) -> None:
        """Say which layers a checkpoint cannot rebuild, before a stage changes them."""
        if left := undescribed(self.subject.module):
            named = ", ".join(f"`{path}` ({kind})" for path, kind in left.items())
            text = f"Checkpoints know the weights of these layers and not their shapes, which must stay: {named}."
            self.environment.link.send(Happened(EventKind.LOG, {"level": "warning", "text": text}))

    def _run_phases(self, stage: Stage) -> None:
        """Every phase that is left. Raises Stopped when a person ended the run early."""
        if self.position.stopping:
            raise Stopped
        for number, phase in enumerate(stage.phases()):
            if number >= self.position.phase:
                self._run_phase(phase)
                self.position = Position(self.position.stage, number + 1, step=self.environment.reporter.step)
                passing(Point.PHASE_ENDED)

    def _run_phase(self, phase: Phase) -> None:
        passing(Point.PHASE_BEGINS)
        if self.carried is None:  # else its trainer attends before its first step: it alone can act for a training
            self._attend(self.position)
        if isinstance(phase, Transform):
            self._transform(phase)
        else:
            with suppress(Skipped):
                self._train(phase)
            self.trainer = None

    def _transform(self, phase: Transform) -> None:
        context = self._context(lambda: self._attend(self.position), self._between_files)
        changed = deepcopy(self.subject)  # what is saved meanwhile is as it was before
        self.subject = phase.apply(changed, context)
        arrange(self.subject)
        passing(Point.TRANSFORMED)

    def _train(self, phase: Training) -> None:
        run, place = self.environment, self.position
        if phase.callback:
            seed.plant(run.seed, "companion", place.stage, place.phase)
            phase.callback.start(self.subject, self._context(self._tick, self._tick))
        trainer = Trainer(
            self.subject,
            run.data,
            phase.recipe,
            run.seed,
            place,
            run.reporter,
            self._attend,
            tick=self._tick,
            diagnosis=self.diagnosis,
            callback=phase.callback,
        )
        resumed, self.carried = self.carried, None
        self.steering.expect(resumed=resumed is not None and place.phase_step > 0)
        if resumed is not None:
            trainer.resume(resumed)
        else:
            self._show(collect.of_recipe(run.data, phase.recipe, run.seed))
        trainer.run()

    def _context(self, attend: Callable[[], None], tick: Callable[[], None]) -> RunContext:
        """Context of a phase in this run; `attend` and `tick` are called while it tries and evaluates."""
        run = self.environment
        trials = Trials(run, self.position, attend, tick)
        return RunContext(run, self.subject.origin or run.build.own, self._loss, self._show, trials)

    def _show(self, shown: Mapping[str, dict[str, Any]]) -> None:
        """Summaries of the stage, by kind, as they are at the last step that was recorded."""
        for kind, body in shown.items():
            self.environment.link.send(Summary(kind, self.position.stage, self.environment.reporter.step, body))

    @property
    def _loss(self) -> Loss:
        return self.environment.route.loss(self.position.stage, self.environment.data.task)

    def _finish_stage(self, stage: Stage) -> None:
        """Evaluate, measure, tell, checkpoint: from here on the stage is never repeated."""
        run, index, stopping = self.environment, self.position.stage, self.position.stopping
        done = self._measured(stage)
        run.link.send(done)
        passing(Point.STAGE_REPORTED)
        self.earlier = self.earlier.then(done.result)
        step, stages = self.position.step, len(run.route.stages)
        self.position = Position(stages if stopping else index + 1, step=step, stopping=stopping)
        self.began = None
        self._checkpoint(index, keep=True)
        passing(Point.STAGE_ENDED)

    def _measured(self, stage: Stage) -> StageDone:
        """The model that the stage leaves, evaluated, shown and measured; the clock rests meanwhile."""
        run, index = self.environment, self.position.stage
        assert self.began is not None
        seconds = run.clock.seconds() - self.began
        self.subject = replace(self.subject, teacher=None)
        validation = self._evaluated(stage)
        self._show(collect.of_model(self.subject, run, self._loss, self._between_files))
        end = StageEnd(index, stage.kind, stage.label(), self.position.step, seconds, validation)
        place = run.settings.data_dir, run.assignment.folder
        bench = Bench(run.measure, *place, self._between_files, self._loss, run.facts())
        done = measure_stage(self.subject, run.data, end, bench, self.earlier)
        done.result.measuring_seconds = run.clock.rested_seconds()
        passing(Point.MEASURED)
        return done

    def _evaluated(self, stage: Stage) -> dict[str, float]:
        """Quality on the validation split. Raises Diverged when it is not finite."""
        data = self.environment.data
        found = evaluate(arrange(self.subject), data.validation, self._loss, data, self._between_files)
        if not all(map(math.isfinite, found.values())):
            raise Diverged(f"After {stage.label()} the validation loss is {found['loss']}. Try a lower learning rate.")
        return found

    def _stop_before_stage(self) -> None:
        """A stop between two stages: all there is has been measured."""
        stages = len(self.environment.route.stages)
        self.position = Position(stages, step=self.position.step, stopping=True)
        self._checkpoint(stages - 1, keep=True)
        self.environment.control.obey_stops(self.position.step)

    # ---- between two steps

    def _attend(self, position: Position, trainer: Trainer | None = None) -> None:
        """Send what was recorded, obey what was asked, checkpoint when it is time.

        Raises Stopped, Skipped, Cancelled, Released; Diverged when the loss is not finite.
        """
        self.position, run = position, self.environment
        passing(Point.ATTENDING)
        run.reporter.flush()
        run.control.poll(position.step)
        self.trainer = trainer
        self.steering.obey(trainer)
        if run.control.stops:
            self._leave(replace(position, stopping=True), trainer)
            run.control.obey_stops(position.step)
            raise Stopped
        if self.steering.skips():
            self._leave(Position(position.stage, position.phase + 1, step=position.step), trainer)
            raise Skipped
        if run.control.released:
            if trainer:
                self._checkpoint(position.stage, trainer)
            raise Released
        if trainer and run.saving.due:
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
        run, begun = self.environment, self.position.stage + 1
        route, samples = run.route, len(run.data.train)
        before, old = route.planned_steps(samples, run.seed, begun), route.dump()[begun:]
        route.restage(begun, stages)
        run.reporter.total_steps += route.planned_steps(samples, run.seed, begun) - before
        now = route.dump()
        return {"stages": now, "old": old, "new": now[begun:]}

    def _tick(self) -> None:
        """Called often while the model is evaluated."""
        self.environment.control.poll(self.environment.reporter.step)
        self.environment.reporter.stay_heard()

    def _between_files(self) -> None:
        """Called often while a finished stage is evaluated and measured, which can begin again elsewhere."""
        self._tick()
        if self.environment.control.released:
            raise Released

    def _checkpoint(self, stage: int, trainer: Trainer | None = None, keep: bool = False) -> bool:
        """Save all that there is now; says whether that worked."""
        state = State(
            self.position,
            self.subject,
            seconds=self.environment.clock.seconds(),
            stage_began=self.began,
            phase=trainer.state() if trainer else self.carried,
            result=self.earlier.last,
            first=self.earlier.first,
        )
        return self.environment.saving.save(state, stage, keep)
