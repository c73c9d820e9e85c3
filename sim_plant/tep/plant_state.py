"""State of the plant, as a snapshot holds it."""

from dataclasses import dataclass

from ..base import PlantState
from ..sensors import SensorState
from .control.controllers import ControlState
from .process.state import ProcessState


@dataclass(slots=True, kw_only=True)
class TepState(PlantState):
    """Process, controllers and transmitters.

    Attributes:
        readings: XMEAS 1 to 41 as the transmitters show them.
        has_faulty_sensor: A transmitter has or had a fault.
    """

    process: ProcessState
    control: ControlState
    sensors: dict[str, SensorState]
    readings: list[float]
    has_faulty_sensor: bool = False
