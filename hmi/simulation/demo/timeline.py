"""Timeline of tag changes and run events in plant time."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from handwheel.connectors.model.values import DataValue, Quality
from handwheel.sim_plant.cw100.tags import ALARMS

ALARM_LIST = {alarm.tag: alarm for alarm in ALARMS}
ALARM_TAGS = tuple(f"{name}.active" for name in ALARM_LIST)

DEMO_TAGS = (
    "P-101A.running", "P-101A.tripped", "P-101A.trip_cause", "P-101A.mode",
    "IT-101A.pv", "VT-101A.pv", "TT-111A.pv",
    "P-101B.running", "P-101B.tripped", "P-101B.trip_cause", "P-101B.speed",
    "IT-101B.pv", "VT-101B.pv", "TT-111B.pv",
    "PT-102.pv", "PIC-102.sp", "PDT-101.pv", *ALARM_TAGS,
    "I-02.active", "I-03.active", "I-06.active", "SIM-CLOCK.pv", "SIM-CLOCK.speed",
)  # fmt: skip
"""The tags that the demo reads."""

# Text of the rising edge of each tag.
_RISES: dict[str, str] = {
    "VAH-101A.active": "alarm: vibration of P-101A high",
    "VAH-101B.active": "alarm: vibration of P-101B high",
    "TAH-111A.active": "alarm: bearing temperature of P-101A high",
    "TAH-111B.active": "alarm: bearing temperature of P-101B high",
    "PAL-102.active": "alarm: header pressure low",
    "PDAH-101.active": "alarm: strainer differential pressure high",
    "FAL-103.active": "alarm: cooling-water flow low",
    "TAH-202.active": "alarm: product temperature high",
    "TAH-106.active": "alarm: cooling-water temperature high",
    "LAL-101.active": "alarm: basin level low",
    "LAH-101.active": "alarm: basin level high",
    "P-101A.tripped": "P-101A trips",
    "P-101B.tripped": "P-101B trips",
    "I-02.active": "interlock I-02: vibration over 8.1 mm/s",
    "I-03.active": "interlock I-03 starts the standby",
    "I-06.active": "interlock I-06 trips the process",
    "P-101A.running": "P-101A starts",
    "P-101B.running": "P-101B starts",
}
_FALLS: dict[str, str] = {"P-101A.running": "P-101A stops", "P-101B.running": "P-101B stops"}


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """A tag change or a run event."""

    time_s: float  # plant time, seconds
    subject: str  # a tag, or the playbook that a run follows
    text: str
    is_rise: bool = True


@dataclass(slots=True)
class Timeline:
    """Entries in order, and the header's lowest pressure."""

    entries: list[TimelineEntry] = field(default_factory=list[TimelineEntry])
    lowest_kpa: float | None = None
    now_s: float = 0.0
    _states: dict[str, bool] = field(default_factory=dict[str, bool])

    def add(self, readings: Mapping[str, DataValue]) -> None:
        """Adds a scan. Only good readings count."""
        now_s, header = good_number(readings["SIM-CLOCK.pv"]), good_number(readings["PT-102.pv"])
        if now_s is not None:
            self.now_s = now_s
        if header is not None:
            self.lowest_kpa = header if self.lowest_kpa is None else min(self.lowest_kpa, header)
        for tag in _RISES:
            reading = readings[tag]
            if reading.quality is Quality.GOOD:
                self._note(tag, is_on=bool(reading.value))

    def _note(self, tag: str, *, is_on: bool) -> None:
        was_on = self._states.get(tag, is_on)
        self._states[tag] = is_on
        meaning = (_RISES if is_on else _FALLS).get(tag)
        if is_on != was_on and meaning is not None:
            self.entries.append(TimelineEntry(self.now_s, tag, meaning, is_on))

    def add_run_event(self, playbook: str, text: str) -> None:
        """Adds an event of a run at the time of the latest scan."""
        self.entries.append(TimelineEntry(self.now_s, playbook, text))

    def first(self, subject: str) -> float | None:
        """Returns the plant time in seconds of a tag's first rise or a run's first event."""
        found = (each for each in self.entries if each.subject == subject and each.is_rise)
        return next((each.time_s for each in found), None)

    def is_on(self, tag: str) -> bool:
        """Returns whether a tag was on at its last good reading."""
        return self._states.get(tag, False)


def good_number(reading: DataValue) -> float | None:
    """Returns the number of a good reading."""
    is_good = reading.quality is Quality.GOOD
    return reading.value if is_good and isinstance(reading.value, float) else None


def clock_text(seconds: float) -> str:
    """Returns plant time as hours, minutes and seconds."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"
