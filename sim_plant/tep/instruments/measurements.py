"""The 41 measurements as instruments with tag, range and address.

Tags after the P&ID of the revised model, units 10 overall, 11 reactor, 12 condenser,
13 separator, 14 compressor, 15 stripper; Z marks an input of the shutdown logic. The
assignment of its numbers to flows and analysers is our reading of it. The P&ID has
FI-1102 and FI-1201 too: cooling-water flows that the 41 measurements do not include.

Source: Bathelt, Ricker and Jelali, IFAC ADCHEM 2015.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ...model import Node, PlantTag, Register
from ...sensors import Sensor

_CLIPS_BEYOND = 0.05  # share of its range that a transmitter shows beyond either end
ANALYSERS = "AN-1000"


@dataclass(frozen=True, slots=True)
class Instrument:
    """One continuous measurement."""

    name: str  # tag without `.pv`
    description: str
    unit: str
    low: float  # low end of the range
    high: float  # high end of the range
    folder: str  # the unit that it belongs to
    equipment: str = ""


# XMEAS 1 to 22, in their order
INSTRUMENTS: tuple[Instrument, ...] = (
    Instrument("FI-1001", "A feed (stream 1)", "kscmh", 0.0, 1.2, "Feeds"),
    Instrument("FI-1002", "D feed (stream 2)", "kg/h", 0.0, 6000.0, "Feeds"),
    Instrument("FI-1003", "E feed (stream 3)", "kg/h", 0.0, 8500.0, "Feeds"),
    Instrument("FI-1004", "A and C feed (stream 4)", "kscmh", 0.0, 16.0, "Feeds"),
    Instrument("FI-1006", "recycle flow (stream 8)", "kscmh", 0.0, 60.0, "Compressor", "K-1401"),
    Instrument("FI-1101", "reactor feed (stream 6)", "kscmh", 0.0, 90.0, "Reactor", "R-1101"),
    Instrument("PIAZ-1101", "reactor pressure", "kPag", 2000.0, 3100.0, "Reactor", "R-1101"),
    Instrument("LIAZ-1101", "reactor level", "%", -30.0, 130.0, "Reactor", "R-1101"),
    Instrument("TIAZ-1101", "reactor temperature", "degC", 80.0, 200.0, "Reactor", "R-1101"),
    Instrument("FI-1005", "purge (stream 9)", "kscmh", 0.0, 1.5, "Separator", "D-1301"),
    Instrument("TI-1301", "separator temperature", "degC", 0.0, 150.0, "Separator", "D-1301"),
    Instrument("LIAZ-1301", "separator level", "%", -30.0, 150.0, "Separator", "D-1301"),
    Instrument("PI-1301", "separator pressure", "kPag", 2000.0, 3100.0, "Separator", "D-1301"),
    Instrument(
        "FI-1301", "separator underflow (stream 10)", "m3/h", 0.0, 70.0, "Separator", "D-1301"
    ),
    Instrument("LIAZ-1501", "stripper level", "%", -30.0, 150.0, "Stripper", "C-1501"),
    Instrument("PI-1501", "stripper pressure", "kPag", 2000.0, 4000.0, "Stripper", "C-1501"),
    Instrument("FI-1501", "product (stream 11)", "m3/h", 0.0, 50.0, "Stripper", "C-1501"),
    Instrument("TI-1501", "stripper temperature", "degC", 0.0, 150.0, "Stripper", "C-1501"),
    Instrument("FI-1502", "stripper steam flow", "kg/h", 0.0, 600.0, "Stripper", "C-1501"),
    Instrument("JI-1401", "compressor work", "kW", 0.0, 600.0, "Compressor", "K-1401"),
    Instrument("TI-1102", "reactor cooling-water outlet", "degC", 0.0, 150.0, "Reactor", "R-1101"),
    Instrument("TI-1201", "condenser cooling-water outlet", "degC", 0.0, 150.0, "Condenser",
               "E-1201"),
)  # fmt: skip

# XMEAS 23 to 41, in their order: analyser, stream and components
_ANALYSED = (
    ("XI-1004", "reactor feed (stream 6)", "ABCDEF"),
    ("XI-1005", "purge (stream 9)", "ABCDEFGH"),
    ("XI-1006", "product (stream 11)", "DEFGH"),
)
_COMPONENTS = tuple(
    (f"{analyser}.{letter.lower()}", f"{letter} in the {stream}, mol%")
    for analyser, stream, letters in _ANALYSED
    for letter in letters
)

# By the number of XMEAS
TAG_OF_XMEAS: Mapping[int, str] = dict(
    enumerate(
        (*(f"{each.name}.pv" for each in INSTRUMENTS), *(name for name, _ in _COMPONENTS)), start=1
    )
)


def _sensor(name: str, low: float, high: float) -> Sensor:
    beyond = _CLIPS_BEYOND * (high - low)
    return Sensor(name, 0.0, low - beyond, high + beyond)  # the process has made the noise


# In the order of XMEAS; an analyser's sensors have the names of their tags
SENSORS: tuple[Sensor, ...] = (
    *(_sensor(each.name, each.low, each.high) for each in INSTRUMENTS),
    *(_sensor(name, 0.0, 100.0) for name, _ in _COMPONENTS),
)
TAG_OF_SENSOR: Mapping[str, str] = {
    sensor.name: tag for sensor, tag in zip(SENSORS, TAG_OF_XMEAS.values(), strict=True)
}


def continuous_tags(folder: str) -> tuple[PlantTag, ...]:
    """Returns the tags of a unit's continuous measurements."""
    return tuple(
        PlantTag(
            f"{each.name}.pv", "float", Node(each.folder), each.description, each.unit,
            (each.low, each.high), equipment=each.equipment,
        )
        for each in INSTRUMENTS
        if each.folder == folder
    )  # fmt: skip


def analyser_tags() -> tuple[PlantTag, ...]:
    """Returns the tags of the analysers, input registers in the order of XMEAS 23 to 41."""
    return tuple(
        PlantTag(
            name, "float", Register("input", 2 * index, "float32"), description, "%", (0.0, 100.0),
            equipment=ANALYSERS,
        )
        for index, (name, description) in enumerate(_COMPONENTS)
    )  # fmt: skip
