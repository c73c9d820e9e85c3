"""Lists of the stirred tank."""

from ..lists import read_lists
from ..sensor_faults import sensor_faults

LISTS = read_lists("cstr")
SENSORS, TAGS = LISTS.sensors, LISTS.tags
FAULTS = {**LISTS.faults, **sensor_faults(SENSORS)}
