"""Healthy residuals of a plant, learnt from its own values, in `baseline.yaml`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pydantic import Field

from handwheel.connectors.config.validation import Model


class HealthySpec(Model):
    """Healthy residual in one range of the operating point."""

    low: float
    high: float
    mean: float
    spread: float = Field(ge=0, description="standard deviation, in the residual's unit")
    count: int = Field(ge=1)


class BaselineFile(Model):
    """The file `baseline.yaml`."""

    schema_: Literal["baseline/1"] = Field(alias="schema")
    plant: str
    begin: str
    end: str
    residuals: dict[str, list[HealthySpec]]


@dataclass(frozen=True, slots=True)
class Baseline:
    """Healthy residuals by the call that measures them, such as `duty(flow=FT-103.pv)`."""

    residuals: Mapping[str, Sequence[HealthySpec]] = field(
        default_factory=dict[str, Sequence[HealthySpec]]
    )

    def healthy(self, call: str, at: float) -> HealthySpec | None:
        """Returns the healthy residual at an operating point, of the nearest range known."""
        ranges = self.residuals.get(call, ())
        return min(ranges, key=lambda each: _distance(each, at), default=None)


def _distance(each: HealthySpec, at: float) -> float:
    return max(each.low - at, at - each.high, 0.0)


NO_BASELINE = Baseline()
