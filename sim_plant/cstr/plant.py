"""Exothermic stirred tank `cstr`, held by a loop at the unstable one of three steady states."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..alarm import alarm_values
from ..base import BasePlant, PlantState
from ..errors import SnapshotError, WrongState
from ..model import Quality, Value
from ..pid import AUTO, MANUAL, PI, LoopState
from ..sensor_faults import set_sensor_fault
from ..sensors import SensorBank, SensorState, qualities, values
from . import reaction as r
from .tags import FAULTS, LISTS, SENSORS, TAGS

STEP_S = 0.5
COLDEST_K, WARMEST_K = 280.0, 320.0  # coolant
TRIP_K = 390.0
_ROUNDING = 1e-9  # mol/l; the rest after a runaway may round below zero
RESET_K = 360.0
# In the middle a deviation grows e-fold within 21 s. A gain of 3, or 1.2 K of coolant for each K,
# does not stabilise it; 20 leaves a wide margin and also holds the hot state.
TUNING = PI(gain=20.0, integral_time_s=300.0, span=100.0, direct=True)


@dataclass(slots=True)
class ReactorState(PlantState):
    """State of the reactor."""

    # concentration in mol/l, temperature and coolant temperature in K
    reactor: list[float] = field(default_factory=list[float])
    loop: LoopState = field(default_factory=lambda: LoopState(0.0, 0.0, 0.0))
    sensors: dict[str, SensorState] = field(default_factory=dict[str, SensorState])
    feed: float = r.FLOW  # set point of the feed flow, l/min; it is followed at once
    is_tripped: bool = False  # I-101 is latched, without feed and with full cooling
    cooling_lost: float = 0.0  # lost share of the heat transfer, 0..1
    feed_concentration: float = r.FEED_CONCENTRATION  # mol/l
    feed_k: float = r.FEED_K  # K


class StirredTank(BasePlant[ReactorState]):
    """The reactor with its loop and its trip, advanced in steps of 0.5 s."""

    model = "cstr"
    title = "exothermic stirred tank: three steady states, one loop, one trip"
    step_s = STEP_S
    tags = TAGS
    modes = tuple(r.NEAR)
    equipment = LISTS.equipment
    alarms = LISTS.alarms
    faults = FAULTS
    field_actions = LISTS.field_actions

    def __init__(self, seed: int | None = None, *, noise: bool = True) -> None:
        self._sensors = SensorBank(SENSORS, seed, STEP_S, noise=noise)
        super().__init__(seed, noise=noise)

    def initial(self, mode: str) -> ReactorState:
        """Returns one of the steady states, with the loop in auto in an unstable one."""
        concentration, temperature = r.steady(r.NEAR[mode])
        output = (WARMEST_K - r.COOLANT_K) / (WARMEST_K - COLDEST_K)
        held = MANUAL if mode == "cold" else AUTO
        fresh = ReactorState(
            reactor=[concentration, temperature, r.COOLANT_K],
            loop=LoopState(temperature, output, output, held),
            sensors=self._sensors.fresh(),
        )
        self._measure(fresh)
        return fresh

    def advance(self) -> None:
        """Advances reaction, transmitters, trip and loop by 0.5 s."""
        s = self.state
        s.reactor = r.react(s.reactor, _reaction_inputs(s), STEP_S)
        self._measure(s)
        if s.reactor[1] > TRIP_K and not s.is_tripped:
            s.is_tripped = True
            self.note("trip", "I-101", f"TSHH-101 above {TRIP_K:g} K: feed off, cooling full")
            self.trip("TSHH-101 high")
        TUNING.step(s.loop, s.sensors["TT-101"].value, STEP_S)

    def _measure(self, s: ReactorState) -> None:
        concentration, temperature, coolant = s.reactor
        true = (temperature, concentration, coolant, s.feed_k, _feed(s))
        self._sensors.measure(s.sensors, s.steps, true)

    def alarm_inputs(self) -> Mapping[str, float]:
        """Returns the measured values."""
        return values(self.state.sensors)

    def qualities(self) -> Mapping[str, Quality]:
        """Returns the quality of those tags whose value is not good."""
        return {f"{name}.pv": quality for name, quality in qualities(self.state.sensors).items()}

    def measurements(self) -> dict[str, Value]:
        """Returns the present value of every tag."""
        s = self.state
        shown: dict[str, Value] = {f"{name}.pv": x for name, x in values(s.sensors).items()}
        shown |= {
            "TIC-101.sp": s.loop.setpoint,
            "TIC-101.op": 100.0 * s.loop.output,
            "TIC-101.mode": s.loop.mode,
            "FIC-101.sp": s.feed,
            "I-101.active": s.is_tripped,
        }
        return shown | alarm_values(s.alarms)

    def apply(self, tag: str, value: Value) -> None:
        """Carries out a write. Raises `WrongState` for the output of a loop in auto."""
        s = self.state
        match tag:
            case "TIC-101.sp":
                s.loop.setpoint = float(value)
            case "TIC-101.mode":
                s.loop.mode = int(value)
            case "TIC-101.op":
                if s.loop.mode == AUTO:
                    raise WrongState("TIC-101 is in auto")
                s.loop.output = float(value) / 100.0
            case _:
                s.feed = float(value)

    def set_fault(self, fault: str, parameters: Mapping[str, float | str], severity: float) -> None:
        """Sets a fault to this share of its full size."""
        s = self.state
        match fault:
            case "C01":
                s.cooling_lost = severity * float(parameters["lost"])
            case "C02":
                more = float(parameters["concentration"]) - r.FEED_CONCENTRATION
                s.feed_concentration = r.FEED_CONCENTRATION + severity * more
            case "C03":
                s.feed_k = r.FEED_K + severity * (float(parameters["temperature"]) - r.FEED_K)
            case _:
                set_sensor_fault(SENSORS, s.sensors, fault, parameters, severity)

    def do_in_field(self, action: str) -> None:
        """Resets the trip. Raises `WrongState` while the reactor is hot."""
        del action
        s = self.state
        if s.reactor[1] > RESET_K:
            raise WrongState(f"R-101 is above {RESET_K:g} K")
        s.is_tripped = False

    def check(self, fresh: ReactorState) -> None:
        """Checks a state from a snapshot. See `BasePlant.check`."""
        concentration, *temperatures = fresh.reactor
        is_possible = concentration >= -_ROUNDING and min(temperatures) > 0.0
        if not is_possible or fresh.loop.mode not in {MANUAL, AUTO}:
            raise SnapshotError("state: no reactor can be like this")


def _feed(s: ReactorState) -> float:
    return 0.0 if s.is_tripped else s.feed


def _reaction_inputs(s: ReactorState) -> r.ReactionInputs:
    command = COLDEST_K if s.is_tripped else WARMEST_K + s.loop.output * (COLDEST_K - WARMEST_K)
    transfer = r.TRANSFER * (1.0 - s.cooling_lost)
    return r.ReactionInputs(_feed(s), s.feed_concentration, s.feed_k, transfer, command)
