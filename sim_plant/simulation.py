"""A plant together with its scenario and its published clock."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import isfinite

from .errors import WriteRejected
from .model import Node, PlantEvent, PlantTag, Value
from .plant import Plant
from .scenario import Event, FaultEvent, FieldEvent, Scenario, WriteEvent, bind_event

CLOCK_TAGS = (
    PlantTag("SIM-CLOCK.pv", "float", Node("Simulation clock"), "plant time", "s"),
    PlantTag("SIM-CLOCK.speed", "float", Node("Simulation clock"), "plant seconds per second"),
)


class Simulation:
    """Steps a plant and lets the scenario's events happen at their times.

    What lies before the plant's own time has happened already: a run that goes on from
    a snapshot, under the same scenario, goes on as if it had never stopped.

    Args:
        plant: The plant, at any state.
        scenario: Its events; times count from the plant's own zero, after the warm-up.

    Raises:
        ScenarioError: The scenario names something that the plant does not have.
    """

    def __init__(self, plant: Plant, scenario: Scenario) -> None:
        self.plant = plant
        self.speed = 0.0
        self._warmup_s = scenario.warmup_s
        bound = sorted((bind_event(plant, each) for each in scenario.events), key=_onset)
        self._due = [each for each in bound if each.at_s >= self.time_s]
        self._growing = list(self._going_on(bound))

    def _going_on(self, events: Sequence[Event]) -> Iterator[tuple[FaultEvent, float]]:
        now_s = self.time_s
        for event in events:
            if isinstance(event, FaultEvent) and event.at_s < now_s <= _lasts_until(event):
                yield event, event.severity(now_s - self.plant.step_s)

    @property
    def time_s(self) -> float:
        """Time of the scenario: plant time less the warm-up, seconds."""
        return self.plant.time_s - self._warmup_s

    @property
    def tags(self) -> Sequence[PlantTag]:
        """The plant's tags and those of the simulation clock."""
        return (*self.plant.tags, *CLOCK_TAGS)

    def step(self) -> None:
        """Lets what is due happen, then advances the plant by one step."""
        now_s = self.time_s
        while self._due and self._due[0].at_s <= now_s:
            event = self._due.pop(0)
            try:
                self._happen(event)
            except WriteRejected as refusal:
                # A switch that cannot be turned now stays as it is; the plant goes on.
                note = PlantEvent(self.plant.time_s, "refused", "scenario", str(refusal))
                self.plant.events.append(note)
        if self._growing:
            self._growing = list(self._grown(now_s))
        self.plant.step()

    def _grown(self, now_s: float) -> Iterator[tuple[FaultEvent, float]]:
        for event, before in self._growing:
            severity = event.severity(now_s)
            if severity != before:
                self.plant.inject(event.fault, event.parameters, severity)
            if now_s < _lasts_until(event):
                yield event, severity
            else:
                self._note(event, "is gone" if severity == 0.0 else "is at its full size")

    def apply(self, event: Event) -> None:
        """Makes an event happen now, whatever its time.

        Raises:
            ScenarioError: The plant does not have it.
            WriteRejected: A switch cannot be turned now, or the PLC takes no such write.
        """
        bound = bind_event(self.plant, event)
        self._happen(replace(bound, at_s=self.time_s))

    def _happen(self, event: Event) -> None:
        match event:
            case FieldEvent(action=action):
                self.plant.act(action)
            case WriteEvent(tag=tag, value=value):
                self.plant.write(tag, value)
            case FaultEvent():
                severity = event.severity(self.time_s)
                self.plant.inject(event.fault, event.parameters, severity)
                self._note(event, "")
                if _lasts_until(event) > self.time_s:
                    self._growing.append((event, severity))

    def _note(self, event: FaultEvent, what: str) -> None:
        text = f"{self.plant.faults[event.fault].title} {what}".rstrip()
        self.plant.events.append(PlantEvent(self.plant.time_s, "fault", event.fault, text))

    def run(self, seconds: float) -> list[PlantEvent]:
        """Runs for so many seconds of plant time and returns what happened."""
        for _ in range(round(seconds / self.plant.step_s)):
            self.step()
        return self.plant.drain_events()

    def values(self) -> dict[str, Value]:
        """Returns the present value of every tag, the clock's included."""
        clock = {"SIM-CLOCK.pv": self.plant.time_s, "SIM-CLOCK.speed": self.speed}
        return self.plant.measurements() | clock


def _onset(event: Event) -> float:
    return event.at_s


def _lasts_until(event: Event) -> float:
    """Returns when an event has nothing left to do, in the scenario's time."""
    if not isinstance(event, FaultEvent):
        return event.at_s
    return event.at_s + (event.for_s if isfinite(event.for_s) else event.over_s)
