"""Transmitters, alarms, faults and tags of the stirred tank."""

from ..alarm import AlarmDefinition, Priority
from ..alarm_tags import alarm_tags
from ..model import FaultKind, Node, Number, PlantTag, Register
from ..pid import AUTO, MANUAL
from ..sensor_faults import sensor_faults
from ..sensors import Sensor

SENSORS = (
    Sensor("TT-101", sigma=0.1, low=250.0, high=500.0),
    Sensor("AT-101", sigma=0.005, low=0.0, high=2.0),
    Sensor("TT-102", sigma=0.1, low=250.0, high=350.0),
    Sensor("TT-103", sigma=0.1, low=250.0, high=450.0),
    Sensor("FT-101", sigma=0.3, low=0.0, high=150.0),
)


def _alarm(tag: str, measures: str, limit: float, deadband: float, *texts: str) -> AlarmDefinition:
    is_high = tag[1:].startswith("AH")
    return AlarmDefinition(tag, measures, limit, deadband, 5.0, is_high, Priority.HIGH, *texts)


ALARMS = (
    _alarm(
        "TAH-101", "TT-101", 375.0, 5.0,
        "I-101 trips the feed", "cut the feed; do not wait for the loop", "at once",
    ),
    _alarm(
        "TAL-101", "TT-101", 335.0, 2.0,
        "the reaction dies; the tank fills with reactant", "cut the feed", "2 min",
    ),
    _alarm(
        "TAL-102", "TT-102", 283.0, 2.0,
        "the loop has no more cooling to give; it runs away", "cut the feed", "1 min",
    ),
)  # fmt: skip

FAULTS = {
    fault.id: fault
    for fault in (
        FaultKind(
            "C01", "cooling lost",
            symptoms="TT-102 falls as far as it goes, without need; then TT-101 runs away",
            response="cut the feed while the loop still holds",
            parameters={"lost": Number(0.3, 0.0, 1.0, "share of the heat transfer")},
        ),
        FaultKind(
            "C02", "feed too rich",
            symptoms="TIC-101.op rises; TT-103 and FT-101 are as they were",
            response="less feed, until the loop has room again",
            parameters={"concentration": Number(1.2, 1.0, 2.0, "of the feed, mol/l")},
        ),
        FaultKind(
            "C03", "feed too warm",
            symptoms="TT-103 is high, and TIC-101.op rises",
            response="less feed",
            parameters={"temperature": Number(360.0, 350.0, 400.0, "of the feed, K")},
        ),
    )
} | sensor_faults(SENSORS)  # fmt: skip

FIELD_ACTIONS = {"reset-feed": "turns the field key: resets I-101, not above 360 K"}

_MODES = {"manual": MANUAL, "auto": AUTO}
_REACTOR, _FEED = Node("Reactor"), Node("Feed")
TAGS = (
    PlantTag(
        "TT-101.pv", "float", _REACTOR, "temperature in R-101", "K", (250.0, 500.0),
        equipment="R-101",
    ),
    PlantTag(
        "TIC-101.sp", "float", _REACTOR, "temperature in R-101, set point", "K", (250.0, 500.0),
        write=(320.0, 375.0), equipment="R-101",
    ),
    PlantTag(
        "TIC-101.op", "float", _REACTOR, "cooling: 0 gives 320 K, 100 gives 280 K", "%",
        (0.0, 100.0), write=(0.0, 100.0), equipment="R-101",
    ),
    PlantTag(
        "TIC-101.mode", "enum", _REACTOR, "temperature in R-101, mode",
        write=(MANUAL, AUTO), equipment="R-101", members=_MODES,
    ),
    PlantTag(
        "AT-101.pv", "float", Register("input", 0, "float32"), "reactant in R-101", "mol/l",
        (0.0, 2.0), equipment="R-101",
    ),
    PlantTag(
        "TT-102.pv", "float", Node("Coolant"), "coolant", "K", (250.0, 350.0), equipment="R-101"
    ),
    PlantTag("TT-103.pv", "float", _FEED, "feed temperature", "K", (250.0, 450.0)),
    PlantTag("FT-101.pv", "float", _FEED, "feed flow", "l/min", (0.0, 150.0)),
    PlantTag(
        "FIC-101.sp", "float", _FEED, "feed flow, set point", "l/min", (0.0, 150.0),
        write=(0.0, 150.0),
    ),
    PlantTag("I-101.active", "bool", Node("Interlocks"), "feed tripped by TSHH-101"),
    *alarm_tags(ALARMS),
)  # fmt: skip
