"""What the demo shows: one fault a story, told by what the readers see on the wire."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from handwheel.connectors.values import DataValue, Quality


@dataclass(frozen=True, slots=True)
class Story:
    """A fault and how fast to show it.

    Attributes:
        fault: As `plant serve --fault` takes it.
        speed: Plant seconds per second, until `slow_when` holds.
        slow_tag: When this tag rises over `slow_over`, the demo slows down to `slow_speed`.
        intro: What the viewer should look at.
        moral: What it meant.
    """

    fault: str
    speed: float
    slow_tag: str
    slow_over: float
    slow_speed: float
    intro: str
    moral: str


STORIES: dict[str, Story] = {
    "F01": Story(
        fault="F01@2min,d0=0.3,tau=1h",
        speed=120.0,
        slow_tag="VT-101A.pv",
        slow_over=8.0,
        slow_speed=10.0,
        intro="A bearing of P-101A wears out; strainer clean, standby ready. Nobody acts.",
        moral="The alarm came {lead} before the trip: time enough for a planned change-over "
        "that would have kept the header above 310 kPa. The interlock saved the process, "
        "but the header fell to {low} kPa first.",
    ),
    "F02": Story(
        fault="F02@2min",
        speed=30.0,
        slow_tag="PT-102.pv",
        slow_over=1e9,
        slow_speed=30.0,
        intro="The strainer plugs: the same alarm, a healthy bearing. Nobody acts.",
        moral="The same alarm as a worn bearing, and another cause: PDT-101 is high. A change-over "
        "would not have helped, for the standby cavitates as well. Clean the strainer.",
    ),
}

SHOWN = (
    "P-101A.running", "P-101A.tripped", "P-101A.trip_cause", "P-101A.speed", "IT-101A.pv",
    "VT-101A.pv", "TT-111A.pv", "P-101B.running", "P-101B.tripped", "P-101B.trip_cause",
    "P-101B.speed", "IT-101B.pv", "VT-101B.pv", "TT-111B.pv",
    "PT-102.pv", "FT-103.pv", "TT-202.pv", "PDT-101.pv", "LT-101.pv",
    "VAH-101A.active", "VAH-101B.active", "PAL-102.active", "PDAH-101.active", "FAL-103.active",
    "TAH-202.active", "I-02.active", "I-03.active", "I-06.active",
    "SIM-CLOCK.pv", "SIM-CLOCK.speed",
)  # fmt: skip

# Tag to what its rising edge means to a person.
_EDGES: dict[str, str] = {
    "VAH-101A.active": "alarm: vibration of P-101A high",
    "VAH-101B.active": "alarm: vibration of P-101B high",
    "PAL-102.active": "alarm: header pressure low",
    "PDAH-101.active": "alarm: strainer differential pressure high",
    "FAL-103.active": "alarm: cooling-water flow low",
    "TAH-202.active": "alarm: product temperature high",
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
    lowest_kpa: float = 1e9
    now_s: float = 0.0
    _before: dict[str, bool] = field(default_factory=dict[str, bool])

    def add(self, readings: Mapping[str, DataValue]) -> list[tuple[float, str, str]]:
        """Takes a scan; returns the new edges as time, tag and meaning."""
        clock = readings["SIM-CLOCK.pv"]
        if clock.quality is Quality.GOOD and isinstance(clock.value, float):
            self.now_s = clock.value
        header = readings["PT-102.pv"]
        if header.quality is Quality.GOOD and isinstance(header.value, float):
            self.lowest_kpa = min(self.lowest_kpa, header.value)
        new: list[tuple[float, str, str]] = []
        for tag, meaning in _EDGES.items():
            reading = readings[tag]
            if reading.quality is not Quality.GOOD:
                continue
            is_on = bool(reading.value)
            if is_on and not self._before.get(tag, is_on):
                new.append((self.now_s, tag, meaning))
            self._before[tag] = is_on
        self.entries += new
        return new

    def first(self, tag: str) -> float | None:
        """Returns when a tag first rose, plant seconds."""
        return next((time for time, name, _ in self.entries if name == tag), None)

    @property
    def is_over(self) -> bool:
        """The standby has run long enough to show that the header is back."""
        started = self.first("P-101B.running")
        return started is not None and self.now_s > started + _TAIL_S


def clock_text(seconds: float) -> str:
    """Returns plant time as `h:mm:ss`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"
