"""Lists of the Tennessee Eastman process, and the tags of its measurements and valves.

Source: Bathelt, Ricker and Jelali, IFAC ADCHEM 2015; Downs and Vogel 1993.
"""

from collections.abc import Mapping

from ..lists import read_lists
from ..sensor_faults import sensor_faults
from ..sensors import Sensor

_CLIPS_BEYOND = 0.05  # share of its range that a transmitter shows beyond either end
ANALYSERS = "AN-1000"

_LISTS = read_lists("tep")
ALARMS, TAGS, EQUIPMENT = _LISTS.alarms, _LISTS.tags, _LISTS.equipment
XMEAS: tuple[str, ...] = tuple(_LISTS.others["xmeas"])  # tags of XMEAS 1 to 41, in their order
VALVES: tuple[str, ...] = tuple(_LISTS.others["xmv"])  # XMV 1 to 12, in their order
_SPANS = {tag.name: tag.span for tag in TAGS}


def _sensor(tag: str) -> Sensor:
    low, high = _SPANS[tag] or (0.0, 0.0)
    beyond = _CLIPS_BEYOND * (high - low)
    # Without noise, since the process has made it.
    return Sensor(tag.removesuffix(".pv"), 0.0, low - beyond, high + beyond)


# In the order of XMEAS; an analyser's sensors have the names of their tags
SENSORS: tuple[Sensor, ...] = tuple(map(_sensor, XMEAS))
TAG_OF_SENSOR: Mapping[str, str] = {
    sensor.name: tag for sensor, tag in zip(SENSORS, XMEAS, strict=True)
}
IDV_OF_FAULT: Mapping[str, int] = {name: n for n, name in enumerate(_LISTS.faults, start=1)}
FAULTS = {**_LISTS.faults, **sensor_faults(SENSORS)}
