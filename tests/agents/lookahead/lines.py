"""A twin that foretells a straight line of the header pressure, and jumps at writes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handwheel.agents.diagnosis.windows import Windows
from handwheel.agents.lookahead.load import SiteTwin
from handwheel.agents.lookahead.twin import Course, Estimate, Move
from handwheel.connectors.model.values import GOOD, DataValue

PRESSURE = "PT-102.pv"


@dataclass(frozen=True)
class LineTwin:
    """Twin of one pressure.

    Attributes:
        per_s: Its slope.
        jump: What each write adds.
        off: Residual of its estimate.
    """

    per_s: float = 0.0
    jump: float = 0.0
    off: float = 0.0

    @property
    def tags(self) -> Sequence[str]:
        return (PRESSURE,)

    def estimate(self, windows: Windows) -> Estimate | None:
        now = windows.latest(PRESSURE)
        if now is None:
            return None
        return Estimate(
            windows.now_s, {"p": now}, {PRESSURE: self.off}, ["the load stays as it is"]
        )

    def predict(self, state: Mapping[str, Any], moves: Sequence[Move], horizon_s: float) -> Course:
        times = [10.0 * n for n in range(int(horizon_s / 10.0) + 1)]
        values = [
            state["p"] + self.per_s * t + self.jump * sum(each.at_s <= t for each in moves)
            for t in times
        ]
        return Course(times, {PRESSURE: values})


class RaisingTwin(LineTwin):
    """Twin that raises."""

    def predict(self, state: Mapping[str, Any], moves: Sequence[Move], horizon_s: float) -> Course:
        raise ZeroDivisionError("the model has diverged")


def own(twin: LineTwin, trust: float = 0.03) -> SiteTwin:
    return SiteTwin("line", twin, trust, 3600.0)


def read(value: float) -> DataValue:
    return DataValue(value, GOOD, None, None, 0.0)


def windows_at(pressure: float, *, for_s: float = 600.0) -> Windows:
    """Windows in which the pressure has been steady."""
    windows = Windows([PRESSURE])
    for n in range(int(for_s / 5.0) + 1):
        windows.observe({PRESSURE: read(pressure)}, 5.0 * n)
    return windows


def no_licence() -> SiteTwin:
    """A factory that ends the process."""
    raise SystemExit("no licence")


def no_twin() -> int:
    """A factory of something else."""
    return 3
