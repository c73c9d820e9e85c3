"""Gain that an advice has promised, and the gain that was measured after its run."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from handwheel.connectors.model.process_clock import Readings
from handwheel.playbooks.binding.advice import Advice

KEPT = 0.5
"""Share of a promised gain that must come."""
MOST_SHORT = 2
"""How many times in a row it may not come until nothing is asked for any more.

As many runs in a row may be stopped or aborted, such as by a person who rejects them.
"""
_EVERY_S = 5.0  # process time between two values
_LEAST_COVERED = 0.9  # share of the horizon


@dataclass(slots=True)
class MeasuredCost:
    """Course of an objective over its horizon."""

    advice: Advice
    _values: deque[tuple[float, float]] = field(default_factory=deque[tuple[float, float]])

    def observe(self, readings: Readings, now_s: float) -> None:
        """Takes a scan. One in which the objective is not known leaves a gap."""
        values = self._values
        if values and now_s < values[-1][0]:
            values.clear()  # the plant was restarted
        if values and now_s - values[-1][0] < _EVERY_S:
            return
        value = self.advice.objective.value(readings)
        if isinstance(value, int | float) and not isinstance(value, bool):
            values.append((now_s, float(value)))
        while values and values[0][0] < now_s - self.advice.horizon_s:
            values.popleft()

    def mean(self) -> float | None:
        """Returns the mean over the horizon, `None` where too much of it is not known."""
        values = self._values
        if len(values) < 2:
            return None
        known_s = len(values) * max(_EVERY_S, _typical_s(values))
        if known_s < _LEAST_COVERED * self.advice.horizon_s:
            return None
        return sum(each for _, each in values) / len(values)


def _typical_s(values: deque[tuple[float, float]]) -> float:
    """Returns the time between two values, of the latest ones."""
    last = list(values)[-5:]
    return (last[-1][0] - last[0][0]) / (len(last) - 1)


@dataclass(frozen=True, slots=True)
class Promise:
    """Gain that a twin has foretold for the run of a case."""

    case_id: str
    watch: str  # name of its playbook with these values
    gain: float  # mean over the horizon, in the unit of the objective
    before: float  # mean that was measured before it was asked for
    text: str  # what is promised and how it was found

    def fields(self, advice: Advice) -> Mapping[str, Any]:
        """Returns what the journal keeps of it."""
        return {
            "text": self.text, "gain": round(self.gain, 6), "before": round(self.before, 6),
            "unit": advice.objective.unit, "horizon_s": advice.horizon_s,
        }  # fmt: skip

    def measured(self, advice: Advice, after: float, short: int) -> Mapping[str, Any]:
        """Returns what the journal keeps of the gain that was measured.

        Args:
            after: Mean over the horizon after the run.
            short: How many promises in a row were not kept before this one.
        """
        gain = self.before - after
        is_kept = gain >= KEPT * self.gain
        unit = advice.objective.unit
        text = f"promised {self.gain:.3g} {unit}, measured {gain:.3g} {unit}: "
        text += f"{self.before:.4g} before, {after:.4g} after"
        if not is_kept and short + 1 >= MOST_SHORT:
            text += f"; for the {short + 1}. time in a row less than half has come, so nothing "
            text += "more is asked for until the agents are started again"
        return {
            "text": text, "promised": round(self.gain, 6), "measured": round(gain, 6),
            "before": round(self.before, 6), "after": round(after, 6), "unit": unit,
            "is_kept": is_kept, "short": 0 if is_kept else short + 1,
        }  # fmt: skip
