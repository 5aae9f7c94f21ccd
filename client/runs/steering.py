"""A person, or a script, at the wheel of a live run: see docs/steering.md."""

from collections.abc import Mapping, Sequence
from typing import Any

from client.wire.connection import Wire
from client.wire.models import CommandRow, KnobRow


class Wheel:
    """The commands of a run. Each returns as soon as the server has taken it; the run obeys between two steps.

    `why` is kept beside what becomes of it: what for, in one's own words.
    """

    id: str
    _wire: Wire

    def pause(self, *, why: str | None = None) -> CommandRow:
        """Rest between two steps until `resume`."""
        return self._ask("pause", why)

    def resume(self, *, why: str | None = None) -> CommandRow:
        """Go on after a pause."""
        return self._ask("resume", why)

    def stop(self, *, why: str | None = None) -> CommandRow:
        """Skip the remaining stages, measure, keep what was learnt."""
        return self._ask("stop", why)

    def cancel(self, *, why: str | None = None) -> CommandRow:
        """End now; nothing more is measured."""
        return self._ask("cancel", why)

    def checkpoint(self, *, why: str | None = None) -> CommandRow:
        """Write a checkpoint now, and keep it."""
        return self._ask("checkpoint", why)

    def set(self, path: str, value: float | int | bool | str, *, why: str | None = None) -> CommandRow:
        """Turn a knob of the recipe that trains now, such as `optimizer.lr`."""
        return self._ask("set", why, path=path, value=value)

    def next(self, *, why: str | None = None) -> CommandRow:
        """End the training that runs now, and go on with what comes after it."""
        return self._ask("next", why)

    def stages(self, stages: Sequence[Mapping[str, Any]], *, why: str | None = None) -> CommandRow:
        """Put these stages in the place of those that have not begun."""
        return self._ask("stages", why, stages=list(stages))

    def knobs(self) -> list[KnobRow]:
        """What can be turned now, with what the spec says and what it is."""
        return [KnobRow.model_validate(knob) for knob in self._wire.get(f"/api/runs/{self.id}/knobs")]

    def replay(self) -> str:
        """A spec, as YAML, that does by itself what people did to this run."""
        return self._wire.text(f"/api/runs/{self.id}/replay")

    def _ask(self, kind: str, why: str | None, **body: Any) -> CommandRow:
        asked = {"kind": kind, "body": body, **({"why": why} if why else {})}
        return CommandRow.model_validate(self._wire.post(f"/api/runs/{self.id}/commands", asked))
