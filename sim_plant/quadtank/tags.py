"""Lists of the quadruple tank, and the names in the order of its state."""

from ..lists import read_lists
from ..sensor_faults import sensor_faults

LISTS = read_lists("quadtank")
SENSORS, TAGS = LISTS.sensors, LISTS.tags
FAULTS = {**LISTS.faults, **sensor_faults(SENSORS)}

TANKS = ("T-101", "T-102", "T-103", "T-104")
PUMPS = ("P-101", "P-102")
LEVELS = ("LT-101", "LT-102", "LT-103", "LT-104")
FLOWS = ("FT-101", "FT-102")
DRIVES = ("SC-101", "SC-102")
VALVES = ("HV-101", "HV-102")
