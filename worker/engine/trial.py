"""Models that are tried beside a run's timeline: trained and measured, and nothing of it is recorded."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from backend.domain.experiment.experiment import Measure
from backend.domain.measures import place_of
from worker.contracts.phases import Training
from worker.contracts.subject import Subject
from worker.engine.checkpoints.checkpoint import Position
from worker.engine.environment import RunEnvironment
from worker.engine.measurement.measure import Bench, check_devices, measure_trial
from worker.engine.reporter import Clock, Reporter
from worker.engine.training.trainer import Trainer
from worker.pipe.link import Unattended

FEWEST_CALLS = 5  # where no time is asked for


@dataclass(frozen=True)
class Trials:
    """Trials within the phase at `place` of a run. Files lie in the run's folder for as long as they are measured.

    `attend` is called between two steps and before each measuring, `tick` often in between: what they raise ends the
    trial.
    """

    environment: RunEnvironment
    place: Position
    attend: Callable[[], None]
    tick: Callable[[], None]

    def train(self, subject: Subject, training: Training) -> None:
        """Train `subject` in place. Every trial of the phase draws the same, as if it were the phase's own training."""
        data = self.environment.data
        silent = Reporter(Unattended(), Clock(), 0, data.task)

        def attend(*_: object) -> None:
            silent.flush()
            self.attend()

        position = Position(self.place.stage, self.place.phase)
        Trainer(
            subject,
            data,
            training.recipe,
            self.environment.seed,
            position,
            silent,
            attend,
            self.tick,
            callback=training.callback,
        ).run()

    def measure(self, subject: Subject, fields: Collection[str]) -> Mapping[str, float]:
        """See `worker.contracts.phases.TrialContext.measure`."""
        self.attend()
        run, settings = self.environment, reduce(fields, self.environment.measure)
        check_devices(settings)
        bench = Bench(
            settings,
            run.settings.data_dir,
            run.assignment.folder,
            self.tick,
            run.route.loss(self.place.stage, run.data.task),
            run.facts(),
        )
        return measure_trial(subject, run.data, bench)


def reduce(fields: Collection[str], settings: Measure) -> Measure:
    """Reduces the settings to what must be measured to know `fields`."""
    places = [place for place in map(place_of, fields) if place]
    sizes = sorted({size for size, _ in places}) or settings.batch_sizes[:1]
    devices = sorted({device for _, device in places}) or settings.devices[:1]
    repeats = settings.repeats if places else FEWEST_CALLS
    return settings.model_copy(update={"batch_sizes": sizes, "devices": devices, "repeats": repeats})
