"""Cooling-water skid `cw-100` with two pumps, an exchanger and a cooling tower."""

import json
from collections.abc import Mapping
from pathlib import Path

from ..base import BasePlant
from ..model import Quality, Value
from ..noise import NoiseBank
from ..sensors import SensorBank, is_suspect, qualities
from . import state_limits, tag_access
from .control import interlocks, loops
from .faults import effects, field_actions
from .process import constants as k
from .process import cooling_tower as water
from .process import exchanger, hydraulics, pump, valve
from .state import SkidState
from .tags import (
    ALARMS,
    EQUIPMENT,
    FAULTS,
    FIELD_ACTIONS,
    LINK_TROUBLE,
    SENSORS,
    TAGS,
    TROUBLE,
)

_NO_TROUBLE = dict.fromkeys((*TROUBLE.values(), LINK_TROUBLE), 0.0)
# Additional noise of PT-102 while a running pump cavitates
_CAVITATION_NOISE = "PT-102/cavitation"
_CAVITATION_SIGMA_KPA = 100.0  # per unit of lost head factor
WARM_STATE = Path(__file__).with_name("warm.json")


def create(seed: int | None, *, noise: bool = True) -> "CoolingWater":
    """Returns the skid in its warm steady state, without noise if `seed` is `None`."""
    plant = CoolingWater(seed, noise=noise)
    plant.start("base")
    return plant


class CoolingWater(BasePlant[SkidState]):
    """The skid, advanced in steps of 0.5 s by explicit Euler."""

    model = "cw-100"
    title = "cooling-water skid: 2 pumps, 1 exchanger, 1 tower"
    step_s = k.STEP_S
    tags = TAGS
    equipment = EQUIPMENT
    alarms = ALARMS
    faults = FAULTS
    field_actions = FIELD_ACTIONS
    constants = k

    def __init__(self, seed: int | None = None, *, noise: bool = True) -> None:
        super().__init__(seed, noise=noise)
        self._sensors = SensorBank(SENSORS, seed, k.STEP_S, noise=noise)
        self._boiling = NoiseBank(seed if self.noise else None, (_CAVITATION_NOISE,))

    def initial(self, mode: str) -> SkidState:
        """Returns the start of the warm-up, which `start` skips."""
        del mode
        return SkidState()

    def start(self, mode: str) -> None:
        """Restarts at time zero in the warm steady state. See `BasePlant.start`."""
        super().start(mode)
        self.restore(json.loads(WARM_STATE.read_text(encoding="utf-8")))

    def advance(self) -> None:
        """Advances by 0.5 s, in the order of the PLC's scan."""
        s = self.state
        self._move_water()
        exchanger.advance(s.exchanger, s.flow, s.product, s.water.basin_c, k.STEP_S)
        makeup = k.MAKEUP_MAX * s.valves["LV-101"].position
        leak = sum(s.leaks.values())
        water.advance(s.water, s.flow, s.exchanger.water_out_c, makeup, leak, k.STEP_S)
        readings = self._sensors.measure(s.sensors, s.steps, self._true())
        loops.scan(s.loops, readings, k.STEP_S)
        self._actuate()
        for kind, tag, text in interlocks.scan(s.interlocks, s.pumps, readings):
            self.note(kind, tag, text)
        if s.interlocks.is_process_tripped:
            self.trip("I-06")
        if s.link_down_s > 0.0:
            s.link_down_s = max(s.link_down_s - k.STEP_S, 0.0)

    def _move_water(self) -> None:
        s = self.state
        a, b = s.pumps.values()
        strainer = s.strainer_plug * k.CLEAN_STRAINER
        is_isolated = not all(s.hand_valves.values())
        system = hydraulics.system_curve(s.valves["TV-202"].position, is_isolated=is_isolated)
        heads = pump.shutoff_head(a), pump.shutoff_head(b)
        passing = 0.0 if b.is_running else s.passing
        flow = hydraulics.solve(heads, s.water.level_m, system, strainer, passing)
        suction = s.water.level_m - strainer * flow * flow
        s.flow = flow
        s.header_m = k.STATIC_HEAD_M + system * flow * flow
        s.lift = s.header_m - suction
        starved = max(0.0, (0.30 - s.water.level_m) / 0.30)
        available = k.SUCTION_M + suction - 20.0 * starved
        for each, head in ((a, heads[0]), (b, heads[1])):
            own = hydraulics.pump_flow(head, s.lift) if head > 0.0 else 0.0
            pump.advance(each, own, s.lift, available, k.STEP_S)

    def _true(self) -> tuple[float, ...]:
        s = self.state
        a, b = s.pumps.values()
        lost = 0.0
        for each in (a, b):
            loss = 1.0 - each.head_factor
            if loss > lost and each.is_running:
                lost = loss
        header_kpa = s.header_m * k.KPA_PER_M
        # Between two steps a pump may draw more than the suction can give; a gauge never shows it.
        strainer_m = s.strainer_plug * k.CLEAN_STRAINER * s.flow * s.flow
        strainer_m = min(strainer_m, k.SUCTION_M + s.water.level_m)
        if lost > 1e-6:
            (boiling,) = self._boiling.row(s.steps)
            header_kpa += _CAVITATION_SIGMA_KPA * lost * boiling
        return (
            s.water.level_m / k.BASIN_HEIGHT_M * 100.0,
            strainer_m * k.KPA_PER_M,
            header_kpa,
            s.flow,
            s.exchanger.water_out_c,
            s.water.basin_c,
            s.product,
            k.PRODUCT_INLET_C,
            s.exchanger.product_out_c,
            a.current_a,
            b.current_a,
            a.vibration,
            b.vibration,
            a.bearing_c,
            b.bearing_c,
        )

    def _actuate(self) -> None:
        s = self.state
        controllers = s.loops.loops
        reference = controllers["PIC-102"].output
        for each in s.pumps.values():
            pump.drive(each, reference, k.STEP_S)
        valve.drive(s.valves["TV-202"], controllers["TIC-202"].output, k.STEP_S)
        valve.drive(s.valves["LV-101"], controllers["LIC-101"].output, k.STEP_S)
        fan = controllers["TIC-106"].output
        s.water.fan += k.STEP_S / k.FAN_LAG_S * (fan - s.water.fan)
        load = 0.0 if s.interlocks.is_process_tripped else s.loops.product_setpoint
        s.product += k.STEP_S / k.PRODUCT_LAG_S * (load - s.product)

    def alarm_inputs(self) -> Mapping[str, float]:
        """Returns the measured values, and 1 for each suspect transmitter or link."""
        s = self.state
        inputs = _NO_TROUBLE.copy()
        for name, state in s.sensors.items():
            inputs[name] = state.value
            # Only these can make it suspect, and most steps have neither.
            if (state.is_faulty or state.unchanged_s) and is_suspect(state):
                inputs[TROUBLE[name]] = 1.0
        if s.link_down_s > 0.0:
            inputs[LINK_TROUBLE] = 1.0
        return inputs

    def qualities(self) -> Mapping[str, Quality]:
        """Returns the quality of those tags whose value is not good."""
        bad = qualities(self.state.sensors)
        return {f"{name}.pv": quality for name, quality in bad.items()}

    def is_modbus_down(self) -> bool:
        """Returns whether the Modbus side does not answer at present."""
        return self.state.link_down_s > 0.0

    def measurements(self) -> dict[str, Value]:
        """Returns the present value of every tag."""
        return tag_access.read_all(self.state)

    def apply(self, tag: str, value: Value) -> None:
        """Carries out a write. Raises `WrongState` if pump or loop does not take it now."""
        tag_access.apply(self.state, tag, value)

    def set_fault(self, fault: str, parameters: Mapping[str, float | str], severity: float) -> None:
        """Sets a fault to this share of its full size."""
        pumps = self.state.pumps
        stood = {name for name, each in pumps.items() if each.is_tripped}
        effects.set_fault(self.state, fault, parameters, severity)
        for name, each in pumps.items():
            if each.is_tripped and name not in stood:
                cause = interlocks.cause_text(each.trip_cause)
                self.note("trip", name, f"{name} tripped by {cause}")

    def do_in_field(self, action: str) -> None:
        """Carries out one of `field_actions` now. See `BasePlant.do_in_field`."""
        field_actions.do(self.state, action)

    def check(self, fresh: SkidState) -> None:
        """Checks a state from a snapshot. See `BasePlant.check`."""
        state_limits.check(fresh)


def warm_up(plant: CoolingWater, hours: float = 12.0) -> None:
    """Runs a fresh plant until it is steady and sets its clock back to zero."""
    for _ in range(round(hours * 3600.0 / k.STEP_S)):
        plant.step()
    plant.state.steps = 0
    plant.drain_events()
