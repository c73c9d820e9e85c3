"""Transmitters, alarms, faults and tags of the quadruple tank."""

from ..alarm import AlarmDefinition, Priority
from ..alarm_tags import alarm_tags
from ..model import ChoiceParameter, FaultKind, Node, Number, PlantTag
from ..sensor_faults import sensor_faults
from ..sensors import Sensor
from .tanks import RIM_CM

TANKS = ("T-101", "T-102", "T-103", "T-104")
PUMPS = ("P-101", "P-102")
LEVELS = ("LT-101", "LT-102", "LT-103", "LT-104")
FLOWS = ("FT-101", "FT-102")
DRIVES = ("SC-101", "SC-102")
VALVES = ("HV-101", "HV-102")
SENSORS = (
    *(Sensor(name, sigma=0.05, low=0.0, high=RIM_CM) for name in LEVELS),
    *(Sensor(name, sigma=0.1, low=0.0, high=40.0) for name in FLOWS),
)


def _alarm(tag: str, level: str, limit: float, consequence: str, response: str) -> AlarmDefinition:
    return AlarmDefinition(
        tag, level, limit, 0.5, 10.0, tag.startswith("LAH"), Priority.MEDIUM,
        consequence, response, "2 min",
    )  # fmt: skip


_RUNS_OVER = ("the tank runs over", "less of the pump that fills it; look at its outlet")
_RUNS_EMPTY = ("the tank may run empty", "look at the flows, then for a leak")
ALARMS = (
    _alarm("LAH-101", "LT-101", 16.0, *_RUNS_OVER),
    _alarm("LAH-102", "LT-102", 16.0, *_RUNS_OVER),
    _alarm("LAL-101", "LT-101", 9.0, *_RUNS_EMPTY),
    _alarm("LAL-102", "LT-102", 9.0, *_RUNS_EMPTY),
)

_TANK = ChoiceParameter("T-101", TANKS, "the tank")
FAULTS = {
    fault.id: fault
    for fault in (
        FaultKind(
            "Q01", "pump worn",
            symptoms="its flow is low for its voltage; the tanks that it fills sink",
            response="more voltage, and a work order",
            parameters={
                "pump": ChoiceParameter("P-101", PUMPS, "the pump"),
                "lost": Number(0.3, 0.0, 1.0, "share of its gain"),
            },
        ),
        FaultKind(
            "Q02", "outlet plugged",
            symptoms=(
                "its tank rises, with both flows as they were; a lower tank returns to its level"
            ),
            response="clean the outlet before the tank runs over",
            parameters={"tank": _TANK, "share": Number(0.15, 0.0, 1.0, "share that is closed")},
        ),
        FaultKind(
            "Q03", "leak",
            symptoms="its tank sinks, with both flows as they were, and so does the tank below it",
            response="find the leak",
            parameters={"tank": _TANK, "area": Number(0.02, 0.0, 0.2, "of the hole, cm2")},
        ),
    )
} | sensor_faults(SENSORS)  # fmt: skip

TAGS = (
    *(
        PlantTag(
            f"{name}.pv", "float", Node("Tanks"), f"level in {tank}", "cm", (0.0, RIM_CM),
            equipment=tank,
        )
        for name, tank in zip(LEVELS, TANKS, strict=True)
    ),
    *(
        PlantTag(
            f"{name}.pv", "float", Node("Pumps"), f"flow of {pump}", "cm3/s", (0.0, 40.0),
            equipment=pump,
        )
        for name, pump in zip(FLOWS, PUMPS, strict=True)
    ),
    *(
        PlantTag(
            f"{name}.sp", "float", Node("Pumps"), f"voltage of {pump}", "V", (0.0, 10.0),
            write=(0.0, 10.0), equipment=pump,
        )
        for name, pump in zip(DRIVES, PUMPS, strict=True)
    ),
    *(
        PlantTag(
            f"{name}.pos", "float", Node("Pumps"),
            f"share of {pump} that goes to the lower tank, set by hand", "%", (0.0, 100.0),
            equipment=pump,
        )
        for name, pump in zip(VALVES, PUMPS, strict=True)
    ),
    *alarm_tags(ALARMS),
)  # fmt: skip
