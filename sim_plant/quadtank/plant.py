"""Quadruple tank `quadtank` with two pumps, and a zero that two valves can move."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..alarm import alarm_values
from ..base import BasePlant, PlantState
from ..errors import SnapshotError
from ..model import Quality, Value
from ..rk4 import rk4
from ..sensor_faults import set_sensor_fault
from ..sensors import SensorBank, SensorState, qualities, values
from .tags import DRIVES, FAULTS, LISTS, PUMPS, SENSORS, TAGS, TANKS, VALVES
from .tanks import OUTLETS, POINTS, RIM_CM, rates, steady_levels, tank_inflows

STEP_S = 1.0  # Runge-Kutta error below 1e-6 cm; the fastest tank has a time constant of 23 s


@dataclass(slots=True)
class QuadState(PlantState):
    """State of the four tanks and two pumps.

    Attributes:
        levels: Cm.
        lost: Shares of the pumps' gains that wear has taken.
        plugged: Shares of the outlets that are closed.
        leaks: Areas of the holes, cm2.
        sensors: The four levels, then the two flows.
    """

    levels: list[float] = field(default_factory=list[float])
    volts: list[float] = field(default_factory=list[float])
    gains: list[float] = field(default_factory=list[float])
    shares: list[float] = field(default_factory=list[float])
    lost: list[float] = field(default_factory=lambda: [0.0] * 2)
    plugged: list[float] = field(default_factory=lambda: [0.0] * 4)
    leaks: list[float] = field(default_factory=lambda: [0.0] * 4)
    sensors: dict[str, SensorState] = field(default_factory=dict[str, SensorState])


class QuadrupleTank(BasePlant[QuadState]):
    """The four tanks, advanced in steps of 1 s."""

    model = "quadtank"
    title = "quadruple tank: 2 pumps, 4 tanks, minimum phase (P-) or not (P+)"
    step_s = STEP_S
    tags = TAGS
    modes = tuple(POINTS)
    equipment = LISTS.equipment
    alarms = LISTS.alarms
    faults = FAULTS

    def __init__(self, seed: int | None = None, *, noise: bool = True) -> None:
        self._sensors = SensorBank(SENSORS, seed, STEP_S, noise=noise)
        super().__init__(seed, noise=noise)

    def initial(self, mode: str) -> QuadState:
        """Returns the steady state of one of `POINTS`."""
        point = POINTS[mode]
        fresh = QuadState(
            levels=steady_levels(point),
            volts=list(point.volts),
            gains=list(point.gains),
            shares=list(point.shares),
            sensors=self._sensors.fresh(),
        )
        self._measure(fresh)
        return fresh

    def advance(self) -> None:
        """Advances by 1 s, and discards the water above a rim."""
        s = self.state
        inflows = tank_inflows(_flows(s), s.shares)
        outlets = [area * (1.0 - shut) for area, shut in zip(OUTLETS, s.plugged, strict=True)]
        levels = rk4(lambda now: rates(now, inflows, outlets, s.leaks), s.levels, STEP_S)
        for tank, level in zip(TANKS, levels, strict=True):
            if level > RIM_CM and self.first_trip() is None:
                self.note("trip", tank, f"{tank} runs over")
                self.trip(f"{tank} overflow")
        s.levels = [min(max(level, 0.0), RIM_CM) for level in levels]
        self._measure(s)

    def _measure(self, s: QuadState) -> None:
        self._sensors.measure(s.sensors, s.steps, (*s.levels, *_flows(s)))

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
        shown |= {f"{name}.sp": volt for name, volt in zip(DRIVES, s.volts, strict=True)}
        shown |= {f"{name}.pos": 100.0 * x for name, x in zip(VALVES, s.shares, strict=True)}
        return shown | alarm_values(s.alarms)

    def apply(self, tag: str, value: Value) -> None:
        """Sets the voltage of a pump."""
        self.state.volts[DRIVES.index(tag.removesuffix(".sp"))] = float(value)

    def set_fault(self, fault: str, parameters: Mapping[str, float | str], severity: float) -> None:
        """Sets a fault to this share of its full size."""
        s = self.state
        match fault:
            case "Q01":
                s.lost[PUMPS.index(str(parameters["pump"]))] = severity * float(parameters["lost"])
            case "Q02":
                tank = TANKS.index(str(parameters["tank"]))
                s.plugged[tank] = severity * float(parameters["share"])
            case "Q03":
                tank = TANKS.index(str(parameters["tank"]))
                s.leaks[tank] = severity * float(parameters["area"])
            case _:
                set_sensor_fault(SENSORS, s.sensors, fault, parameters, severity)

    def check(self, fresh: QuadState) -> None:
        """Checks a state from a snapshot. See `BasePlant.check`."""
        if not all(0.0 <= level <= RIM_CM for level in fresh.levels):
            raise SnapshotError(f"state.levels: a level is outside 0 to {RIM_CM:g} cm")


def _flows(s: QuadState) -> list[float]:
    pumps = zip(s.gains, s.lost, s.volts, strict=True)
    return [gain * (1.0 - lost) * volt for gain, lost, volt in pumps]
