"""Twin of the quadruple tank, by the balance of each tank.

A tank that loses more than its outlet passes leaks, and one that loses less is plugged.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from handwheel.agents.diagnosis.windows import Windows
from handwheel.agents.lookahead.twin import Course, Estimate, Move
from handwheel.sim_plant.quadtank import tags as names
from handwheel.sim_plant.quadtank.plant import QuadrupleTank, QuadState
from handwheel.sim_plant.quadtank.tanks import AREAS, OUTLETS, drain, tank_inflows

from .alarms import read_alarms
from .measured import Measured, NotMeasured
from .residuals import residuals_of
from .run_ahead import restored, run_ahead

_WINDOW_S = 120.0
_STEADY_S = 300.0
_SETTLE_S = 300.0
_LEAST_CM = 0.3  # level below which an outlet says nothing
_LEAST_SHARE = 0.02  # of the nominal outflow; less is within the error of the balance
_LEAST_VOLTS = 0.1
_LEVELS = tuple(f"{name}.pv" for name in names.LEVELS)
_STEADY = tuple((tag, 0.3) for tag in _LEVELS)  # cm
_FLOWS = tuple(f"{name}.pv" for name in names.FLOWS)


class QuadrupleTankTwin:
    """The twin. Bad readings give no estimate."""

    tags: Sequence[str] = tuple(each.name for each in names.TAGS)

    def estimate(self, windows: Windows) -> Estimate | None:
        """Returns the state now. See `Twin.estimate`."""
        measured = Measured(windows)
        try:
            plant = QuadrupleTank(None)
            assumed = ["Pumps, outlets and leaks stay as they are.", *_set(plant.state, measured)]
            plant.state.alarms = read_alarms(plant.alarms, measured)
            state = plant.snapshot()
            compared = (*_LEVELS, *_FLOWS)
            found = residuals_of(plant, measured, _STEADY, _STEADY_S, compared, _SETTLE_S)
        except NotMeasured:
            return None
        return Estimate(windows.now_s, state, found, assumed)

    def predict(self, state: Mapping[str, Any], moves: Sequence[Move], horizon_s: float) -> Course:
        """Returns the course from a state on. See `Twin.predict`."""
        return run_ahead(restored(QuadrupleTank(None), state), moves, horizon_s)


def _set(s: QuadState, m: Measured) -> Iterator[str]:
    s.levels = [m.value(tag) for tag in _LEVELS]
    s.volts = [m.now(f"{name}.sp") for name in names.DRIVES]
    s.shares = [m.now(f"{name}.pos") / 100.0 for name in names.VALVES]
    flows = [m.value(tag) for tag in _FLOWS]
    s.lost = [0.0, 0.0]
    for pump, (flow, volt) in enumerate(zip(flows, s.volts, strict=True)):
        if volt > _LEAST_VOLTS:
            s.gains[pump] = flow / volt
        else:
            yield f"{names.PUMPS[pump]} is sound, since it stands."
    for name, value in zip((*names.LEVELS, *names.FLOWS), (*s.levels, *flows), strict=True):
        s.sensors[name].value = value
    yield from _set_outlets(s, m)


def _set_outlets(s: QuadState, m: Measured) -> Iterator[str]:
    """Sets outlets and leaks, the upper tanks first, since they feed the lower ones."""
    means = [m.mean(tag, _WINDOW_S) for tag in _LEVELS]
    pumped = tank_inflows([m.mean(tag, _WINDOW_S) for tag in _FLOWS], s.shares)
    down = [0.0] * 4
    for tank in (2, 3, 0, 1):
        level, nominal = means[tank], drain(OUTLETS[tank], means[tank])
        down[tank] = nominal
        if level < _LEAST_CM:
            yield f"The outlet of {names.TANKS[tank]} is clean, since the tank is empty."
            continue
        fallen = down[tank + 2] if tank < 2 else 0.0
        lost = pumped[tank] + fallen - AREAS[tank] * m.slope(_LEVELS[tank], _WINDOW_S)
        share = lost / nominal - 1.0
        if share < -_LEAST_SHARE:
            s.plugged[tank] = min(-share, 1.0)
            down[tank] = lost
        elif share > _LEAST_SHARE:
            s.leaks[tank] = share * OUTLETS[tank]
