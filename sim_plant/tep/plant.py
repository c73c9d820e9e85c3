"""Tennessee Eastman process as a plant with transmitters, controllers and shutdown."""

from collections.abc import Mapping

from ..base import BasePlant
from ..errors import WrongState
from ..model import Quality, Value
from ..sensor_faults import set_sensor_fault
from ..sensors import SensorBank, qualities
from . import plant_limits, tag_access
from .control import scan
from .control.controllers import steady_control
from .control.operator_writes import operate
from .plant_state import TepState
from .process.physics.constants import STEP_S
from .process.process import Process
from .tags import ALARMS, EQUIPMENT, FAULTS, IDV_OF_FAULT, SENSORS, TAG_OF_SENSOR, TAGS


def create(seed: int | None, *, noise: bool = True) -> "TennesseeEastman":
    """Returns the plant in its steady base state, without noise if `seed` is `None`."""
    return TennesseeEastman(seed, noise=noise)


class TennesseeEastman(BasePlant[TepState]):
    """Process, transmitters and controllers, advanced in steps of 1 s."""

    model = "tep"
    title = "Tennessee Eastman process: reactor, condenser, separator, compressor, stripper"
    step_s = STEP_S
    tags = TAGS
    modes = ("base", "1", "2", "3", "4", "5", "6")
    equipment = EQUIPMENT
    alarms = ALARMS
    faults = FAULTS

    def __init__(self, seed: int | None = None, *, noise: bool = True) -> None:
        self._sensors = SensorBank(SENSORS, seed, STEP_S, noise=noise)
        super().__init__(seed, noise=noise)

    def initial(self, mode: str) -> TepState:
        """Returns a published steady state with its controllers."""
        self._process = Process(self.seed if self.noise else None, mode, self.seed)
        start = self._process.state
        return TepState(
            process=start,
            control=steady_control(start.xmeas, start.xmv),
            sensors=self._sensors.fresh(),
            readings=list(start.xmeas),
        )

    def advance(self) -> None:
        """Advances by 1 s, without the controllers once the process is shut down."""
        s, process = self.state, self._process
        process.state = s.process
        process.step()
        s.readings = s.process.xmeas
        if s.has_faulty_sensor:
            measured = self._sensors.measure(s.sensors, s.steps, s.process.xmeas)
            s.readings = list(measured.values())
        if s.process.trip:
            self._shut_down(s.process.trip)
        else:
            scan.scan(s.control, s.readings, s.process.xmv, s.steps)

    def _shut_down(self, cause: str) -> None:
        if self.first_trip() is None:
            self.trip(cause)
            self.note("trip", "ESD", cause)

    def alarm_inputs(self) -> Mapping[str, float]:
        """Returns the measured values that the alarms compare."""
        readings = self.state.readings
        return {
            "PIAZ-1101": readings[6],
            "LIAZ-1101": readings[7],
            "TIAZ-1101": readings[8],
            "LIAZ-1301": readings[11],
            "LIAZ-1501": readings[14],
        }

    def measurements(self) -> dict[str, Value]:
        """Returns the present value of every tag."""
        return tag_access.read_all(self.state)

    def qualities(self) -> Mapping[str, Quality]:
        """Returns the quality of those tags whose value is not good."""
        if not self.state.has_faulty_sensor:
            return {}
        return {TAG_OF_SENSOR[name]: each for name, each in qualities(self.state.sensors).items()}

    def apply(self, tag: str, value: Value) -> None:
        """Carries out a write. Raises `WrongState`, also when the process is shut down."""
        s = self.state
        if s.process.trip:
            raise WrongState(f"the process is shut down by {s.process.trip}")
        operate(s.control, s.process.xmv, tag, value)

    def set_fault(self, fault: str, parameters: Mapping[str, float | str], severity: float) -> None:
        """Sets a disturbance or a transmitter's fault to this share of its full size."""
        s = self.state
        if fault in IDV_OF_FAULT:
            s.process.idv[IDV_OF_FAULT[fault] - 1] = severity
            return
        if not s.has_faulty_sensor:
            s.has_faulty_sensor = True
            for sensor, value in zip(s.sensors.values(), s.readings, strict=True):
                sensor.value = value
        set_sensor_fault(SENSORS, s.sensors, fault, parameters, severity)

    def check(self, fresh: TepState) -> None:
        """Checks a state from a snapshot. See `BasePlant.check`."""
        plant_limits.check(fresh)
