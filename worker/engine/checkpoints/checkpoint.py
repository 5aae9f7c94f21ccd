"""Everything that a run needs to continue exactly where it was, in one file of tensors and plain values."""

import hashlib
import io
import os
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any

import torch

from backend.domain.run.results import StageResult
from backend.domain.run.states import Place
from backend.store.crash_points import Point, passing
from worker.contracts.families.models import build
from worker.contracts.families.quantizers import Quantizer
from worker.contracts.subject import Origin, Subject, arrange
from worker.engine.checkpoints.structure import describe, restore
from worker.pipe.messages import Checkpoint

FORMAT = 4
OLD_NAMES = {"companion": "callback", "companions": "callbacks", "looks": "probes", "told": "reported"}
"""Names that checkpoints of 0.1 have in the state of a phase."""
Build = Callable[[Origin | None], Subject]
KEEP = 2  # files within a stage; those at the end of a stage all stay


@dataclass(frozen=True)
class Position:
    """A place between two steps of a run. A phase that is done leaves the next phase's first batch as the place."""

    stage: int = 0
    phase: int = 0
    epoch: int = 0
    batch: int = 0
    step: int = 0  # optimizer steps done, over all stages
    phase_step: int = 0  # optimizer steps done in this phase
    stopping: bool = False  # a person asked to stop: what is left of the stage is to measure it

    @property
    def within_training(self) -> bool:
        """Returns whether a training has taken steps and is to take more."""
        return self.phase_step > 0 and not self.stopping


@dataclass(frozen=True)
class State:
    """Content of a checkpoint. Raises ValueError if the position needs more: resuming from it would restart
    the training's optimizer, mean and randomness, and end with other weights."""

    position: Position
    subject: Subject
    seconds: float  # active time since the run began
    stage_began: float | None = None  # active time when the stage began; None between two stages
    phase: Mapping[str, Any] | None = None  # the trainer's own state, when it was taken within a training phase
    result: StageResult | None = None  # of the stage before
    first: StageResult | None = None  # of the run's first stage, which later ones are compared with

    def __post_init__(self) -> None:
        if self.position.within_training and self.phase is None:
            raise ValueError(
                f"A checkpoint within a training, {self.position.phase_step:,} steps after its start, lacks the "
                "state of the training: optimizer, means and random state."
            )


class Checkpoints:
    """The checkpoint files of one run, in `folder` (relative to `data_dir`).

    `resumed` is the one that the run goes on from: later ones take its place, unless it is to stay.
    """

    def __init__(self, data_dir: Path, folder: str, resumed: Checkpoint | None = None) -> None:
        self._data_dir, self._folder = data_dir, folder
        self._within = deque([resumed.path] if resumed and not resumed.keep else [])
        (data_dir / folder).mkdir(parents=True, exist_ok=True)
        for leftover in (data_dir / folder).glob("*.part"):
            leftover.unlink()

    def write(self, state: State, stage: int, keep: bool = False) -> Checkpoint:
        """Write `state`, taken in `stage`, so that it is on the disk, whole, under its final name. Raises OSError.

        Of those that are not to be kept the last ones stay: whoever registers this one deletes the others, since until then
        they are all that there is."""
        identity = str(uuid.uuid4())
        path = f"{self._folder}/{state.position.step:09d}-{identity}.pt"
        buffer = io.BytesIO()
        torch.save(_pack(state), buffer)
        data = buffer.getbuffer()
        _write_durably(self._data_dir / path, data)
        self._within += [] if keep else [path]
        replaced = [self._within.popleft() for _ in range(len(self._within) - KEEP)]
        digest, step = hashlib.sha256(data).hexdigest(), state.position.step
        trains = state.phase is not None
        about = (state.seconds, _place(state), trains, keep, replaced)
        return Checkpoint(identity, path, digest, len(data), stage, step, *about)

    def hold(self) -> None:
        """Keeps the newest checkpoint that later ones would replace: a person may want to go back to it."""
        if self._within:
            self._within.pop()


def _place(state: State) -> Place:
    if state.stage_began is None:
        return Place.STOPPED if state.position.stopping else Place.END
    return Place.STOPPING if state.position.stopping else Place.WITHIN


def going_on(data_dir: Path, resume: Checkpoint | None, build: Build, device: str) -> State:
    """The state from which a run continues: the checkpoint's, or a fresh model before the first stage. Otherwise as `load`.

    A person's stop ended the run that was stopped and not its forks: those begin with the stage after it.
    """
    if resume is None:
        subject = build(None)
        subject.module.to(device)
        arrange(subject)
        return State(Position(), subject, seconds=0.0)
    state = load(data_dir / resume.path, build, device)
    if resume.place is Place.END and state.position.stopping:
        return replace(state, position=Position(resume.stage + 1, step=state.position.step))
    return state


def load(file: Path, build: Build, device: str) -> State:
    """Read a checkpoint back. `build` makes a subject with a fresh model of an origin, without one of the run's own; its
    layers then take the shapes they had.

    Nothing in the file is executed. Raises ValueError when it was written in another format.
    """
    packed = _read(file)
    return State(
        Position(**packed["position"]),
        _subject(packed, build, device),
        packed["seconds"],
        packed["stage_began"],
        packed["phase"],
        _result(packed["result"]),
        _result(packed["first"]),
    )


def _result(packed: Mapping[str, Any] | None) -> StageResult | None:
    return StageResult.model_validate(packed) if packed else None


def load_model(file: IO[bytes], device: str) -> Subject:
    """The model alone, built from what the checkpoint itself says, by whatever run it was written. As `load` else."""
    packed = _read(file)
    return _subject(packed, _built, device)


def _built(origin: Origin | None) -> Subject:
    if origin is None:
        raise ValueError("does not say how its model was built")
    with torch.random.fork_rng(devices=[]):
        module = build(origin)
    return Subject(module, origin.input_shape, origin=origin)


def _read(file: Path | IO[bytes]) -> dict[str, Any]:
    packed: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
    if packed["format"] != FORMAT:
        raise ValueError(f"The checkpoint has format {packed['format']}; this worker reads format {FORMAT}.")
    return {**packed, "phase": _renewed(packed["phase"])}


def _renewed(state: Any) -> Any:
    """The state of a phase under the names of today."""
    if isinstance(state, list):
        return [_renewed(one) for one in state]
    if type(state) is not dict:
        return state
    return {OLD_NAMES.get(name, name): _renewed(value) for name, value in state.items()}


def _subject(packed: Mapping[str, Any], build: Build, device: str) -> Subject:
    fresh = build(_origin(packed["origin"]) if packed["origin"] else None)
    module = restore(fresh.module, packed["structure"])
    module.load_state_dict(packed["module"])
    for name in packed["frozen"]:
        module.get_parameter(name).requires_grad_(False)
    quantizer, teacher = packed["quantizer"], packed.get("teacher")
    subject = replace(
        fresh,
        module=module.to(device),
        masks={name: mask.to(device) for name, mask in packed["masks"].items()},
        quantizer=Quantizer.choose(quantizer) if quantizer else None,
        teacher=_subject(teacher, build, device) if teacher else None,
        ranges={name: limits.to(device) for name, limits in packed["ranges"].items()},
    )
    arrange(subject)  # as it was when it was packed: another order of memory rounds otherwise
    return subject


def _origin(packed: Mapping[str, Any]) -> Origin:
    return Origin(**{**packed, "input_shape": tuple(packed["input_shape"])})


def _pack(state: State) -> dict[str, Any]:
    return {
        **_pack_subject(state.subject),
        "format": FORMAT,
        "phase": state.phase,
        "position": asdict(state.position),
        "seconds": state.seconds,
        "stage_began": state.stage_began,
        "result": state.result.model_dump(mode="json") if state.result else None,
        "first": state.first.model_dump(mode="json") if state.first else None,
    }


def _pack_subject(subject: Subject) -> dict[str, Any]:
    return {
        "origin": asdict(subject.origin) if subject.origin else None,
        "structure": describe(subject.module),
        "module": subject.module.state_dict(),
        "masks": subject.masks,
        "quantizer": subject.quantizer.model_dump(mode="json") if subject.quantizer else None,
        "ranges": subject.ranges,
        "frozen": [name for name, weight in subject.module.named_parameters() if not weight.requires_grad],
        "teacher": _pack_subject(subject.teacher) if subject.teacher else None,
    }


def _write_durably(path: Path, data: memoryview) -> None:
    """Write beside `path`, flush to the disk, rename: no half file is ever found under `path`. Raises OSError."""
    part = path.with_suffix(".part")
    try:
        with part.open("wb") as file:
            passing(Point.CHECKPOINT_BEGUN)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        passing(Point.CHECKPOINT_WRITTEN)
        part.rename(path)
        passing(Point.CHECKPOINT_NAMED)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
