"""Healthy residuals of a plant, learnt from its own values, in `baseline.yaml`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pydantic import Field

from handwheel.connectors.config.validation import Model

_HEAD = """\
# Healthy residuals of this plant, as `baseline learn` has measured them.
# They count once an administrator or engineer has signed them with `baseline sign`.
"""


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
    site: str
    plant: str
    begin: str  # stamps of the time from which it was learnt
    end: str
    failure_modes: str  # hash of the calls that are learnt, see `Hypotheses.learnt_hash`
    despite: list[str] = Field(
        default_factory=list, description="faults and cases that a person has said are none"
    )
    residuals: dict[str, list[HealthySpec]]

    @property
    def text(self) -> str:
        """Content of the file, with one range in each line."""
        said = self.model_dump(by_alias=True, exclude={"residuals"})
        lines = [f"{key}: {json.dumps(value)}" for key, value in said.items()]
        lines.append("residuals:" if self.residuals else "residuals: {}")
        for call, ranges in self.residuals.items():
            lines.append(f"  {json.dumps(call, ensure_ascii=False)}:")
            lines += [f"    - {_range_text(each)}" for each in ranges]
        return _HEAD + "\n".join(lines) + "\n"


def _range_text(each: HealthySpec) -> str:
    numbers = (f"{name}: {_number(value)}" for name, value in each.model_dump().items())
    return f"{{{', '.join(numbers)}}}"


def _number(value: float) -> str:
    """Returns a number of six digits, whose exponent every YAML reader takes for one."""
    digits, mark, exponent = f"{value:.6g}".partition("e")
    return f"{digits}{'' if '.' in digits else '.0'}e{exponent}" if mark else digits


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
