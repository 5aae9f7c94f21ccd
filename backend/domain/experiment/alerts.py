"""Alerts: conditions on a run's metrics that its owner wants to hear of."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from backend.domain.experiment.metrics import knows
from backend.domain.problems import Problem, suggest

LIMITS = ("above", "below", "still")


class Alert(BaseModel):
    """A condition on one metric; a value that is not a number meets every one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    metric: str = Field(
        min_length=1,
        max_length=80,
        description="The metric that is watched: `train/loss`, `validation/accuracy`, `gradient_norm`.",
        json_schema_extra={"examples": ["train/loss", "validation/loss", "validation/accuracy", "gradient_norm"]},
    )
    above: float | None = Field(
        default=None, description="Tell when it is more than this: a target reached, a loss too high."
    )
    below: float | None = Field(default=None, description="Tell when it is less than this.")
    still: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000,
        description="Number of values in a row without a new best. For accuracies and R² larger is better, for others smaller.",
        json_schema_extra={"x-unit": "values"},
    )
    then: Literal["report", "pause", "stop"] = Field(
        default="report", description="Action on the run when the condition is met."
    )

    @property
    def rising(self) -> bool:
        """Returns whether larger is better."""
        return self.metric.rpartition("/")[2] in ("accuracy", "r2")

    def words(self, value: float) -> str:
        """`validation/accuracy is 0.9512, above 0.95`."""
        if value != value:
            return f"{self.metric} is not a number"
        if self.still is not None:
            return f"{self.metric} has not improved in {self.still:,} values"
        side, limit = ("above", self.above) if self.above is not None else ("below", self.below)
        return f"{self.metric} is {value:.4g}, {side} {limit:g}"


def odd_alerts(spec: Mapping[str, Any], metrics: Sequence[str]) -> Iterator[Problem]:
    """Alerts of a resolved spec without a known metric, without a condition, or with more than one."""
    for index, alert in enumerate(spec["alerts"]):
        if not knows(metrics, alert["metric"]):
            near = suggest(alert["metric"], metrics)
            message = f"`{alert['metric']}` is not a metric of this spec{near} Its metrics: {', '.join(metrics)}."
            yield Problem(path=f"alerts[{index}].metric", message=message)
        said = [name for name in LIMITS if alert[name] is not None]
        if not said:
            message = "has no condition: give `above`, `below` or `still`."
            yield Problem(path=f"alerts[{index}].above", message=message)
        for name in said[1:]:
            message = f"cannot be combined with `{said[0]}`: leave one of them out, or write a second alert."
            yield Problem(path=f"alerts[{index}].{name}", message=message)
