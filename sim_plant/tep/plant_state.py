"""State of the plant, as a snapshot holds it."""

from dataclasses import dataclass

from ..base import PlantState
from ..sensors import SensorState
from .control.controllers import ControlState
from .process.state import ProcessState


@dataclass(slots=True, kw_only=True)
class TepState(PlantState):
    """Process, controllers and transmitters."""

    process: ProcessState
    control: ControlState
    sensors: dict[str, SensorState]
    readings: list[float]  # XMEAS 1 to 41 as the transmitters show them
    has_faulty_sensor: bool = False  # a transmitter has or had a fault
