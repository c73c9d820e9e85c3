"""State of the skid, as a snapshot holds it."""

from dataclasses import dataclass, field

from ..base import PlantState
from ..sensors import SensorState
from .control.interlocks import InterlockState
from .control.loops import LoopStates
from .process import constants as k
from .process.cooling_tower import WaterState
from .process.exchanger import ExchangerState
from .process.pump import MAINTENANCE, PumpState
from .process.valve import ValveState
from .tags import SENSORS

PUMPS = ("P-101A", "P-101B")
LEAKS = ("F06", "F09")
FREEZING = ("F06", "SENSOR-FREEZE")
GROWING = (
    *(f"{fault} {pump}" for fault in ("F01", "F14") for pump in PUMPS),
    "F02", "F03", "F06", "F07", "F08", "F08b", "F09", "F15", "D01",
)  # fmt: skip


def _pumps() -> dict[str, PumpState]:
    duty = PumpState(speed=0.888, run_command=True, bearing_c=38.7)
    return dict(zip(PUMPS, (duty, PumpState()), strict=True))


def _valves() -> dict[str, ValveState]:
    return {"TV-202": ValveState(0.575), "LV-101": ValveState(0.15)}


def _hand_valves() -> dict[str, bool]:
    return {"HV-105": True, "HV-106": True}


def _transmitters() -> dict[str, SensorState]:
    return {sensor.name: SensorState() for sensor in SENSORS}


def _zeros(keys: tuple[str, ...]) -> dict[str, float]:
    return dict.fromkeys(keys, 0.0)


@dataclass(slots=True)
class SkidState(PlantState):
    """State of the skid.

    Attributes:
        strainer_plug: Loss of S-101 against a clean one.
        leaks: Loss from the basin, m3/h, by the fault that made it; they add up.
        passing: Backflow through the stopped P-101B, m3/h per square root of its head in m.
        flow: Through the exchanger, m3/h.
        lift: Header head less suction head, m.
        product: Product flow, m3/h.
        hand_valves: True if open; HV-107 is open during a back-flush.
        link_down_s: Remaining outage of the package's link, seconds.
        severities: Severity at which each fault was set last, 0..1.
        sizes: From healthy to the full size of each fault then, in the variable's unit.
        earlier_severities: Severity of the profile of another size that was set before it.
        earlier_sizes: Size of that profile.
        level_frozen_by: True for the faults that freeze LT-101.
        standby_mode: Mode of P-101B before F10b; `MAINTENANCE` if F10b has not changed it.
        load_found: The product's set point when D01 began, m3/h.
        load_set: The set point that D01 set last, m3/h; another one is the gate's.
    """

    strainer_plug: float = 1.0
    leaks: dict[str, float] = field(default_factory=lambda: _zeros(LEAKS))
    passing: float = 0.0
    flow: float = 0.0
    lift: float = 0.0
    header_m: float = k.STATIC_HEAD_M
    product: float = k.PRODUCT_USUAL
    link_down_s: float = 0.0
    pumps: dict[str, PumpState] = field(default_factory=_pumps)
    valves: dict[str, ValveState] = field(default_factory=_valves)
    hand_valves: dict[str, bool] = field(default_factory=_hand_valves)
    exchanger: ExchangerState = field(default_factory=ExchangerState)
    water: WaterState = field(default_factory=WaterState)
    loops: LoopStates = field(default_factory=LoopStates)
    interlocks: InterlockState = field(default_factory=InterlockState)
    sensors: dict[str, SensorState] = field(default_factory=_transmitters)
    severities: dict[str, float] = field(default_factory=lambda: _zeros(GROWING))
    sizes: dict[str, float] = field(default_factory=lambda: _zeros(GROWING))
    earlier_severities: dict[str, float] = field(default_factory=lambda: _zeros(GROWING))
    earlier_sizes: dict[str, float] = field(default_factory=lambda: _zeros(GROWING))
    level_frozen_by: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(FREEZING, False))
    standby_mode: int = MAINTENANCE
    load_found: float = k.PRODUCT_USUAL
    load_set: float = k.PRODUCT_USUAL
