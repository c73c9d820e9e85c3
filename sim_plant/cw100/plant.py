"""The cooling-water skid `cw-100`: two pumps, one exchanger, a tower, four loops, seven interlocks.

Water stops, the product overheats, the process trips: grasped in a minute, and
full of traps, such as one alarm with two causes.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from ..base import BasePlant
from ..errors import WrongState
from ..model import Value
from ..noise import NoiseBank
from . import constants as k
from . import exchanger, hydraulics, interlocks, limits, loops, pump, sensors, water, wire
from .alarms import ALARMS
from .faults import FAULTS, FIELD_ACTIONS
from .skid import SkidState
from .tags import EQUIPMENT, TAGS

WARM_STATE = Path(__file__).with_name("warm.json")


def create(seed: int | None) -> "CoolingWater":
    """Returns the skid in its warmed-up steady state; `None` switches the noise off."""
    plant = CoolingWater(seed)
    plant.restore(json.loads(WARM_STATE.read_text(encoding="utf-8")))
    return plant


class CoolingWater(BasePlant[SkidState]):
    """The skid, advanced in steps of 0.5 s by explicit Euler.

    Args:
        seed: Of the measurement noise; `None` switches it off.
    """

    model = "cw-100"
    title = "cooling-water skid: 2 pumps, 1 exchanger, 1 tower"
    step_s = k.STEP_S
    tags = TAGS
    equipment = EQUIPMENT
    alarms = ALARMS
    faults = FAULTS
    field_actions = FIELD_ACTIONS

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(seed)
        self._noise = NoiseBank(seed, (*sensors.SENSORS, sensors.CAVITATION_NOISE))

    def initial(self, mode: str) -> SkidState:
        """Returns the start of the warm-up; `create` gives the warm plant."""
        del mode
        return SkidState()

    def advance(self) -> None:
        """Advances by 0.5 s, in the order in which the PLC sees it."""
        s = self.state
        self._move_water()
        exchanger.advance(s.exchanger, s.flow, s.product, s.water.basin_c, k.STEP_S)
        water.advance(s.water, s.flow, s.exchanger.water_out_c, s.leak, k.STEP_S)
        self._measure()
        loops.scan(s.loops, s.readings.values, k.STEP_S)
        self._actuate()
        for kind, tag, text in interlocks.scan(s.interlocks, s.pumps, s.readings.values):
            self.note(kind, tag, text)
        if s.interlocks.is_process_tripped:
            self.trip("I-06")

    def _move_water(self) -> None:
        s = self.state
        a, b = s.pumps.values()
        strainer = s.strainer_plug * k.CLEAN_STRAINER
        system = hydraulics.system_curve(s.valve)
        heads = pump.shutoff_head(a), pump.shutoff_head(b)
        flow = hydraulics.solve(heads, s.water.level_m, system, strainer)
        suction = s.water.level_m - strainer * flow * flow
        s.flow = flow
        s.header_m = k.STATIC_HEAD_M + system * flow * flow
        s.lift = s.header_m - suction
        starved = max(0.0, (0.30 - s.water.level_m) / 0.30)
        available = 9.98 + suction - 20.0 * starved
        for each, head in ((a, heads[0]), (b, heads[1])):
            own = hydraulics.pump_flow(head, s.lift) if head > 0.0 else 0.0
            pump.advance(each, own, s.lift, available, k.STEP_S)

    def _measure(self) -> None:
        s = self.state
        noise = self._noise.row(s.steps)
        a, b = s.pumps.values()
        lost = max(1.0 - p.head_factor if p.is_running else 0.0 for p in (a, b))
        header_kpa = s.header_m * k.KPA_PER_M
        if lost > 1e-6:
            header_kpa += sensors.CAVITATION_SIGMA_KPA * lost * noise[-1]
        true = (
            s.water.level_m / k.BASIN_HEIGHT_M * 100.0,
            s.strainer_plug * k.CLEAN_STRAINER * s.flow * s.flow * k.KPA_PER_M,
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
        measure = s.readings.measure
        for name, value, number in zip(sensors.SENSORS, true, noise[:-1], strict=True):
            measure(name, value, number)

    def _actuate(self) -> None:
        s = self.state
        controllers = s.loops.loops
        reference = controllers["PIC-102"].output
        for each in s.pumps.values():
            pump.drive(each, reference, k.STEP_S)
        share = k.STEP_S / k.VALVE_LAG_S
        s.valve += share * (controllers["TIC-202"].output - s.valve)
        s.water.makeup_valve += share * (controllers["LIC-101"].output - s.water.makeup_valve)
        fan = controllers["TIC-106"].output
        s.water.fan += k.STEP_S / k.FAN_LAG_S * (fan - s.water.fan)
        load = 0.0 if s.interlocks.is_process_tripped else s.loops.product_setpoint
        s.product += k.STEP_S / k.PRODUCT_LAG_S * (load - s.product)

    def alarm_inputs(self) -> Mapping[str, float]:
        """Returns the transmitters' values: what the PLC's alarms look at."""
        return self.state.readings.values

    def measurements(self) -> dict[str, Value]:
        """Returns the present value of every tag."""
        return wire.read_all(self.state)

    def apply(self, tag: str, value: Value) -> None:
        """Carries out a write.

        Raises:
            WrongState: The pump or the loop does not take it now.
        """
        wire.apply(self.state, tag, value)

    def set_fault(self, fault: str, parameters: Mapping[str, float | str], severity: float) -> None:
        """Gives a fault this share of its full size."""
        s = self.state
        match fault:
            case "F01":
                worn = s.pumps[str(parameters["pump"])]
                worn.damage = float(parameters["d0"])
                worn.damage_tau_s = float(parameters["tau"])
            case "F02":
                s.strainer_plug = float(parameters["plug"])
            case "F10":
                failed = s.pumps[str(parameters["pump"])]
                failed.has_electrical_fault = True
                failed.trip(pump.ELECTRICAL)
            case "F16":
                s.pumps[str(parameters["pump"])].is_start_blocked = True
            case "D01":
                s.loops.product_setpoint = float(parameters["load"])
            case _:
                raise KeyError(fault)

    def do_in_field(self, action: str) -> None:
        """Does one of `field_actions` now.

        Raises:
            WrongState: The switch cannot be turned now.
        """
        s = self.state
        verb, _, name = action.partition("-")
        match verb:
            case "clean":
                s.strainer_plug = 1.0
            case "reset":
                s.interlocks.is_process_tripped = False
                s.interlocks.key_s = interlocks.KEY_SHOWS_FOR_S
            case "repair":
                repaired = s.pumps[name]
                if repaired.is_running or repaired.run_command:
                    raise WrongState(f"{name} is running or has a run command")
                repaired.damage, repaired.damage_tau_s = k.HEALTHY_DAMAGE, 0.0
                repaired.is_start_blocked = repaired.has_electrical_fault = False
            case "local":
                s.pumps[name].mode = pump.LOCAL
            case "remote":
                s.pumps[name].mode = pump.REMOTE
            case _:
                raise KeyError(action)

    def check(self, fresh: SkidState) -> None:
        """Checks a state that came from outside.

        Raises:
            SnapshotError: Names the first value that a skid cannot have.
        """
        limits.check(fresh)


def warm_up(plant: CoolingWater, hours: float = 12.0) -> None:
    """Runs a fresh plant until it is steady and sets its clock back to zero."""
    for _ in range(round(hours * 3600.0 / k.STEP_S)):
        plant.step()
    plant.state.steps = 0
    plant.drain_events()
