"""A person, or a script, at the wheel of a live run: see docs/steering.md."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from client.reply import Reply
from client.wire import Wire


class Command(Reply):
    """What was asked of a run. What became of it is an event of the run, `Commanded`."""

    id: str
    run_id: str
    kind: str
    by: str
    why: str | None = None
    state: str
    note: str | None
    created_at: datetime


class Knob(Reply):
    """What can be turned while the current stage trains; `bounds` is the JSON Schema of its values."""

    path: str
    component: str
    bounds: dict[str, Any]
    planned: Any
    value: Any


class Wheel:
    """The commands of a run. Each returns as soon as the server has taken it; the run obeys between two steps.

    `why` is kept beside what becomes of it: what for, in one's own words.
    """

    id: str
    _wire: Wire

    def pause(self, *, why: str | None = None) -> Command:
        """Rest between two steps until `resume`."""
        return self._ask("pause", why)

    def resume(self, *, why: str | None = None) -> Command:
        """Go on after a pause."""
        return self._ask("resume", why)

    def stop(self, *, why: str | None = None) -> Command:
        """Skip the remaining stages, measure, keep what was learnt."""
        return self._ask("stop", why)

    def cancel(self, *, why: str | None = None) -> Command:
        """End now; nothing more is measured."""
        return self._ask("cancel", why)

    def checkpoint(self, *, why: str | None = None) -> Command:
        """Write a checkpoint now, and keep it."""
        return self._ask("checkpoint", why)

    def set(self, path: str, value: float | int | bool | str, *, why: str | None = None) -> Command:
        """Turn a knob of the recipe that trains now, such as `optimizer.lr`."""
        return self._ask("set", why, path=path, value=value)

    def next(self, *, why: str | None = None) -> Command:
        """End the training that runs now, and go on with what comes after it."""
        return self._ask("next", why)

    def stages(self, stages: Sequence[Mapping[str, Any]], *, why: str | None = None) -> Command:
        """Put these stages in the place of those that have not begun."""
        return self._ask("stages", why, stages=list(stages))

    def knobs(self) -> list[Knob]:
        """What can be turned now, with what the spec says and what it is."""
        return [Knob.model_validate(knob) for knob in self._wire.get(f"/api/runs/{self.id}/knobs")]

    def replay(self) -> str:
        """A spec, as YAML, that does by itself what people did to this run."""
        return self._wire.text(f"/api/runs/{self.id}/replay")

    def _ask(self, kind: str, why: str | None, **body: Any) -> Command:
        asked = {"kind": kind, "body": body, **({"why": why} if why else {})}
        return Command.model_validate(self._wire.post(f"/api/runs/{self.id}/commands", asked))
