"""Lists of the cooling-water skid, with the pump package on Modbus."""

from dataclasses import replace

from ..lists import read_lists
from ..sensor_faults import sensor_faults
from . import computed
from .control.interlocks import TRIPS

_LISTS = read_lists("cw100")
SENSORS, ALARMS = _LISTS.sensors, _LISTS.alarms
FAULTS = {**_LISTS.faults, **sensor_faults(SENSORS)}
FIELD_ACTIONS = {
    **_LISTS.field_actions,
    **{f"calibrate-{each.name}": f"calibrate {each.name}" for each in SENSORS},
    **{f"replace-{each.name}": f"put in a new {each.name}, calibrated" for each in SENSORS},
}
TAGS = tuple(
    replace(tag, trip=TRIPS.get(tag.name.removesuffix(".pv"), (None, None))) for tag in _LISTS.tags
)
EQUIPMENT = tuple(
    replace(each, computed=computed.E_101) if each.name == "E-101" else each
    for each in _LISTS.equipment
)

# Diagnoses of the PLC for each transmitter and for the link to the pump package, 0 or 1
TROUBLE = {sensor.name: f"{sensor.name}.trouble" for sensor in SENSORS}
LINK_TROUBLE = "PKG-101.trouble"
