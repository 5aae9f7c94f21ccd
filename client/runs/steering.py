"""Sends commands to a live run: see docs/steering.md."""

from collections.abc import Mapping, Sequence
from typing import Any

from client.deprecated import Renamed
from client.wire.connection import Wire
from client.wire.models import CommandRow, LiveParameterRow


class Wheel:
    """Commands of a run. Each method returns when the server has accepted the command; the run obeys it between two steps.

    `why` is the reason in your own words. It is stored with the outcome.
    """

    id: str
    _wire: Wire

    def pause(self, *, why: str | None = None) -> CommandRow:
        """Pauses training until `resume`."""
        return self._ask("pause", why)

    def resume(self, *, why: str | None = None) -> CommandRow:
        """Continues after a pause."""
        return self._ask("resume", why)

    def stop(self, *, why: str | None = None) -> CommandRow:
        """Skips the remaining training, then measures and keeps the model."""
        return self._ask("stop", why)

    def cancel(self, *, why: str | None = None) -> CommandRow:
        """Ends the run now, without measuring anything more."""
        return self._ask("cancel", why)

    def checkpoint(self, *, why: str | None = None) -> CommandRow:
        """Writes a checkpoint now, and keeps it."""
        return self._ask("checkpoint", why)

    def set(self, path: str, value: float | int | bool | str, *, why: str | None = None) -> CommandRow:
        """Sets a live parameter of the current training, such as `optimizer.lr`."""
        return self._ask("set", why, path=path, value=value)

    def next(self, *, why: str | None = None) -> CommandRow:
        """Ends the current training and continues with the next part of the run."""
        return self._ask("next", why)

    def stages(self, stages: Sequence[Mapping[str, Any]], *, why: str | None = None) -> CommandRow:
        """Replaces the stages that have not started."""
        return self._ask("stages", why, stages=list(stages))

    def live_parameters(self) -> list[LiveParameterRow]:
        """Live parameters of the current stage, with the planned and the current value of each."""
        return [
            LiveParameterRow.model_validate(parameter)
            for parameter in self._wire.get(f"/api/runs/{self.id}/live-parameters")
        ]

    knobs = Renamed("live_parameters")

    def replay(self) -> str:
        """A spec, as YAML, that makes the same changes by itself that people made to this run."""
        return self._wire.text(f"/api/runs/{self.id}/replay")

    def _ask(self, kind: str, why: str | None, **body: Any) -> CommandRow:
        requested = {"kind": kind, "body": body, **({"why": why} if why else {})}
        return CommandRow.model_validate(self._wire.post(f"/api/runs/{self.id}/commands", requested))
