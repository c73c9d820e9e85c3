"""The alarm list of the cooling-water skid."""

from ...alarm import AlarmDefinition, Priority
from ..sensors import SENSORS

_FAST_S = 15.0
_SLOW_S = 60.0
_DIAGNOSIS_S = 10.0

# Diagnoses of the PLC for each transmitter and for the link to the pump package, 0 or 1
TROUBLE = {sensor.name: f"{sensor.name}.trouble" for sensor in SENSORS}
LINK_TROUBLE = "PKG-101.trouble"


def _diagnosis(tag: str, measures: str) -> AlarmDefinition:
    return AlarmDefinition(
        tag, measures, 0.5, 0.0, _DIAGNOSIS_S, True, Priority.LOW,
        "blind there", "no action on what it shows", "1 h",
    )  # fmt: skip


def _bearing(side: str) -> tuple[AlarmDefinition, AlarmDefinition]:
    return (
        AlarmDefinition(  # ISO 10816-7 category I: zones at 2.5, 4.0 and 6.5 mm/s
            f"VAH-101{side}", f"VT-101{side}", 5.0, 0.4, _SLOW_S, True, Priority.MEDIUM,
            "pump trips by I-02",
            "look at PDT-101 first: low, change over; high, clean the strainer", "30 min",
        ),
        AlarmDefinition(
            f"TAH-111{side}", f"TT-111{side}", 80.0, 1.0, _SLOW_S, True, Priority.LOW,
            "pump trips by I-05 at 95 degC",
            f"as VAH-101{side}; it is the back-up for a blind vibration sensor", "1 h",
        ),
    )  # fmt: skip


ALARMS: tuple[AlarmDefinition, ...] = (
    *_bearing("A"),
    *_bearing("B"),
    AlarmDefinition(
        "PAL-102", "PT-102", 290.0, 12.0, _FAST_S, False, Priority.HIGH,
        "I-03 starts the standby; the product heats", "check pump, strainer, valve", "5 min",
    ),
    AlarmDefinition(
        "PDAH-101", "PDT-101", 25.0, 3.0, _SLOW_S, True, Priority.LOW,
        "the pumps cavitate", "clean or switch the strainer", "4 h",
    ),
    AlarmDefinition(
        "FAL-103", "FT-103", 20.0, 5.0, _FAST_S, False, Priority.HIGH,
        "the process trips 34 s after the flow has gone", "start a pump", "1 min",
    ),
    AlarmDefinition(
        "TAH-202", "TT-202", 52.0, 1.0, _SLOW_S, True, Priority.MEDIUM,
        "I-06 trips the process", "cut the load", "10 min",
    ),
    AlarmDefinition(
        "TAH-106", "TT-106", 30.0, 0.5, _SLOW_S, True, Priority.LOW,
        "cooling is lost slowly", "look at the fan, cut the load", "30 min",
    ),
    AlarmDefinition(
        "LAL-101", "LT-101", 50.0, 2.0, _SLOW_S, False, Priority.MEDIUM,
        "I-01 trips the pumps", "find the leak or the stuck make-up valve", "1 h",
    ),
    AlarmDefinition(
        "LAH-101", "LT-101", 85.0, 2.0, _SLOW_S, True, Priority.LOW,
        "the basin overflows", "look at the make-up valve", "1 h",
    ),
    *(_diagnosis(f"XA-{sensor}", trouble) for sensor, trouble in TROUBLE.items()),
    _diagnosis("XA-PKG-101", LINK_TROUBLE),
)  # fmt: skip
