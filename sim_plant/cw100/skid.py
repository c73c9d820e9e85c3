"""Everything that the skid remembers between steps: what a snapshot holds."""

from dataclasses import dataclass, field

from ..base import PlantState
from . import constants as k
from .exchanger import ExchangerState
from .interlocks import InterlockState
from .loops import LoopStates
from .pump import PumpState
from .sensors import Readings
from .water import WaterState


def _pumps() -> dict[str, PumpState]:
    duty = PumpState(speed=0.888, run_command=True, bearing_c=38.7)
    return {"P-101A": duty, "P-101B": PumpState()}


@dataclass(slots=True)
class SkidState(PlantState):
    """Everything that a snapshot holds."""

    strainer_plug: float = 1.0
    leak: float = 0.0
    flow: float = 0.0
    lift: float = 0.0
    header_m: float = k.STATIC_HEAD_M
    valve: float = 0.575
    product: float = 40.0
    pumps: dict[str, PumpState] = field(default_factory=_pumps)
    exchanger: ExchangerState = field(default_factory=ExchangerState)
    water: WaterState = field(default_factory=WaterState)
    loops: LoopStates = field(default_factory=LoopStates)
    interlocks: InterlockState = field(default_factory=InterlockState)
    readings: Readings = field(default_factory=Readings)
