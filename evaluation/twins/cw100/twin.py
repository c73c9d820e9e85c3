"""Twin of the cooling-water skid `cw-100`, by the equations of its model.

The state is found by what is measured: the strainer by its pressure drop, heads by the head curve,
fouling by the heat balance and the known film coefficients, the weather by the tower's
effectiveness, a leak by the balance of the basin, a bearing by the vibration and its growth.
Cavitation, trips and the start of the standby follow from the model.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from handwheel.agents.diagnosis.windows import Windows
from handwheel.agents.lookahead.twin import Course, Estimate, Move
from handwheel.sim_plant.cw100.plant import CoolingWater, create
from handwheel.sim_plant.cw100.state import PUMPS, SkidState
from handwheel.sim_plant.cw100.tags import ALARMS, SENSORS, TAGS

from ..alarms import read_alarms
from ..measured import Measured, NotMeasured
from ..run_ahead import restored, run_ahead
from . import actuators, pumps, water
from .computed import computed
from .residuals import residuals

_NOT_NEEDED = ("reset", "running", "tripped", "available")
_ALWAYS = (
    "Nothing new fails; fouling, plugging, leaks and weather stay as they are.",
    "The product enters at 80 degC, as the model has it.",
)
_I03_BLIND_S = 10.0  # half of its time, of which the rest is not shown


def _is_needed(tag: str) -> bool:
    return not tag.startswith("PKG-101") and tag.rpartition(".")[2] not in _NOT_NEEDED


class CoolingWaterTwin:
    """The twin. Raises nothing for bad readings, for which there is no estimate."""

    tags: Sequence[str] = tuple(each.name for each in TAGS if _is_needed(each.name))

    def estimate(self, windows: Windows) -> Estimate | None:
        """Returns the state now. See `Twin.estimate`."""
        measured = Measured(windows)
        try:
            return self._estimate(measured)
        except NotMeasured:
            return None

    def _estimate(self, measured: Measured) -> Estimate | None:
        if any(measured.now(f"XA-{each.name}.active") for each in SENSORS):
            return None  # a transmitter that is bad or frozen tells nothing
        plant = create(None)
        s = plant.state
        assumed = [*_ALWAYS, *pumps.estimate(s, measured), *actuators.estimate(s, measured)]
        assumed += water.estimate(s, measured)
        _latches(s, measured)
        for sensor in SENSORS:
            s.sensors[sensor.name].value = measured.value(f"{sensor.name}.pv")
        state = plant.snapshot()
        found = residuals(restored(CoolingWater(None), state), measured)
        return Estimate(measured.windows.now_s, state, found, assumed)

    def predict(self, state: Mapping[str, Any], moves: Sequence[Move], horizon_s: float) -> Course:
        """Returns the course from a state on. See `Twin.predict`."""
        return run_ahead(restored(CoolingWater(None), state), moves, horizon_s, computed)


def _latches(s: SkidState, m: Measured) -> None:
    """Sets interlocks and alarms."""
    locks = s.interlocks
    locks.is_process_tripped = bool(m.now("I-06.active"))
    locks.is_low_flow_latched = bool(m.now("I-07.active"))
    locks.blind_s = _I03_BLIND_S if m.now("I-03.active") else 0.0
    locks.since_commanded_s = min(m.since(f"{name}.run_cmd", 60.0) for name in PUMPS)
    s.alarms = read_alarms(ALARMS, m)
