"""What the demo shows: one fault a story, told by what the readers see on the wire."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from handwheel.connectors.durations import format_duration, parse_duration
from handwheel.connectors.values import DataValue, Quality
from handwheel.sim_plant.cw100.alarms import ALARMS

ALARM_LIST = {alarm.tag: alarm for alarm in ALARMS}
ALARM_TAGS = tuple(f"{name}.active" for name in ALARM_LIST)

SHOWN = (
    "P-101A.running", "P-101A.tripped", "P-101A.trip_cause", "P-101A.speed", "IT-101A.pv",
    "VT-101A.pv", "TT-111A.pv", "P-101B.running", "P-101B.tripped", "P-101B.trip_cause",
    "P-101B.speed", "IT-101B.pv", "VT-101B.pv", "TT-111B.pv",
    "PT-102.pv", "FT-103.pv", "TT-202.pv", "PDT-101.pv", "LT-101.pv", *ALARM_TAGS,
    "I-02.active", "I-03.active", "I-06.active", "SIM-CLOCK.pv", "SIM-CLOCK.speed",
)  # fmt: skip

# Tag to what its rising edge means to a person.
_EDGES: dict[str, str] = {
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
    "P-101B.running": "P-101B runs",
}

_TAIL_S = 90.0  # of plant time after the standby runs


@dataclass(slots=True)
class Timeline:
    """Edges that the readers saw, each with its plant time, and the header's lowest pressure."""

    entries: list[tuple[float, str, str]] = field(default_factory=list[tuple[float, str, str]])
    lowest_kpa: float | None = None
    now_s: float = 0.0
    _states: dict[str, bool] = field(default_factory=dict[str, bool])
    _standby_s: float | None = None

    def add(self, readings: Mapping[str, DataValue]) -> None:
        """Takes a scan; only good readings count."""
        now_s, header = good_number(readings["SIM-CLOCK.pv"]), good_number(readings["PT-102.pv"])
        if now_s is not None:
            self.now_s = now_s
        if header is not None:
            self.lowest_kpa = header if self.lowest_kpa is None else min(self.lowest_kpa, header)
        for tag, meaning in _EDGES.items():
            reading = readings[tag]
            if reading.quality is not Quality.GOOD:
                continue
            is_on = bool(reading.value)
            if is_on and not self._states.get(tag, is_on):
                self.entries.append((self.now_s, tag, meaning))
            self._states[tag] = is_on
        if self._standby_s is None and self.is_on("P-101B.running"):
            self._standby_s = self.now_s

    def first(self, tag: str) -> float | None:
        """Returns when a tag was first seen to rise, plant seconds."""
        return next((time for time, name, _ in self.entries if name == tag), None)

    def is_on(self, tag: str) -> bool:
        """Whether a tag was on when it was last seen."""
        return self._states.get(tag, False)

    @property
    def is_over(self) -> bool:
        """The standby has run long enough to show that the header is back."""
        return self._standby_s is not None and self.now_s > self._standby_s + _TAIL_S


def good_number(reading: DataValue) -> float | None:
    """Returns the number of a good reading."""
    is_good = reading.quality is Quality.GOOD
    return reading.value if is_good and isinstance(reading.value, float) else None


@dataclass(frozen=True, slots=True)
class Slowdown:
    """When `tag` rises over `over`, the demo goes on at `speed`."""

    tag: str
    over: float
    speed: float


@dataclass(frozen=True, slots=True)
class Story:
    """A fault and how fast to show it.

    Attributes:
        fault: As `plant serve --fault` takes it.
        speed: Plant seconds per second.
        slowdown: For the crucial seconds, if they would be over too soon.
        asks_at: The alarm at which a person asks for the standby; empty if nobody does.
        intro: What the viewer should look at.
        moral: Says what it meant, by what was seen.
    """

    fault: str
    speed: float
    slowdown: Slowdown | None
    asks_at: str
    intro: str
    moral: Callable[[Timeline], str]


def _bearing_moral(timeline: Timeline) -> str:
    alarm, trip = timeline.first("VAH-101A.active"), timeline.first("P-101A.tripped")
    standby = timeline.first("P-101B.running")
    if alarm is not None and trip is None and standby is not None:
        return (
            f"The standby ran {format_duration(standby - alarm)} after the alarm, because exactly "
            "that was approved. The sick pump still runs beside it: stopping it is another request."
        )
    if alarm is None:
        said = ["The alarm of P-101A was not seen to come."]
    elif trip is None:
        said = ["P-101A was not seen to trip."]
    else:
        wanted = ALARM_LIST["VAH-101A"].respond_within
        enough = "time enough" if trip - alarm >= parse_duration(wanted) else "too short"
        said = [
            f"The alarm came {format_duration(trip - alarm)} before the trip: {enough} for a "
            f"planned change-over, which the alarm list asks for within {wanted}."
        ]
    if not timeline.is_on("P-101B.running"):
        said.append("The standby was not seen to run.")
    elif timeline.first("I-06.active") is None and not timeline.is_on("I-06.active"):
        said.append("The interlock's start of the standby saved the process.")
    else:
        said.append("The standby runs, but the process tripped.")
    if timeline.lowest_kpa is not None:
        said.append(f"The header fell to {timeline.lowest_kpa:.0f} kPa.")
    return " ".join(said)


def _strainer_moral(timeline: Timeline) -> str:
    has_alarm = timeline.first("VAH-101A.active") is not None
    if timeline.is_on("PDAH-101.active"):
        same = "The same alarm as a worn bearing, and another cause: " if has_alarm else ""
        said = [f"{same}PDT-101 is high. Clean the strainer."]
    else:
        said = ["PDT-101 was not seen high."]
    if not has_alarm:
        said.append("The alarm of P-101A was not seen to come.")
    if timeline.first("VAH-101B.active") is not None:
        said.append("A change-over would not have helped: the standby vibrates as well.")
    return " ".join(said)


STORIES: dict[str, Story] = {
    "F01": Story(
        fault="F01@2min,d0=0.3,tau=1h",
        speed=120.0,
        slowdown=Slowdown("VT-101A.pv", 8.0, 10.0),
        asks_at="VAH-101A.active",
        intro="A bearing of P-101A wears out; strainer clean, standby ready.",
        moral=_bearing_moral,
    ),
    "F02": Story(
        fault="F02@2min",
        speed=30.0,
        slowdown=None,
        asks_at="",
        intro="The strainer plugs: the same alarm, a healthy bearing. Nobody acts.",
        moral=_strainer_moral,
    ),
}


def clock_text(seconds: float) -> str:
    """Returns plant time as `h:mm:ss`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"
