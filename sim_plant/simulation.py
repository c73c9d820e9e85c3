"""A plant together with its scenario and its published clock."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import isfinite

from .base import Plant
from .errors import WriteRejected
from .model import ChoiceParameter, Node, PlantEvent, PlantTag, Value
from .scenario import FaultEvent, FieldEvent, Scenario, ScenarioEvent, WriteEvent, bind_event

CLOCK_TAGS = (
    PlantTag("SIM-CLOCK.pv", "float", Node("Simulation clock"), "plant time", "s"),
    PlantTag("SIM-CLOCK.speed", "float", Node("Simulation clock"), "plant seconds per second"),
)

_SAME_S = 1e-9  # tolerance of times


class Simulation:
    """Steps a plant, at any state, and carries out the scenario's events at their times.

    Events before the plant's time count as done, so that a run continues from a snapshot
    under the same scenario as without a stop. Times count from after the warm-up.

    Raises:
        ScenarioError: The scenario names something that the plant does not have.
    """

    def __init__(self, plant: Plant, scenario: Scenario) -> None:
        self.plant = plant
        self.speed = 0.0
        self._warmup_s = scenario.warmup_s
        for each in scenario.events:
            bind_event(plant, each)  # raises errors before the first event
        events = sorted(scenario.events, key=lambda each: each.at_s)
        done_s = self._last_step_s
        self._due = [each for each in events if each.at_s > done_s]
        self._growing = list(self._unfinished(events))
        self._by_hand: list[FaultEvent] = []

    def _unfinished(self, events: Sequence[ScenarioEvent]) -> Iterator[tuple[FaultEvent, float]]:
        done_s = self._last_step_s
        for event in events:
            if isinstance(event, FaultEvent) and event.at_s <= done_s < _lasts_until(event):
                yield event, event.severity(done_s)

    @property
    def _last_step_s(self) -> float:
        """Time at which the plant's last step checked for due events."""
        return self.time_s - self.plant.step_s + _SAME_S

    @property
    def time_s(self) -> float:
        """Time of the scenario, plant time less the warm-up, seconds."""
        return self.plant.time_s - self._warmup_s

    @property
    def tags(self) -> Sequence[PlantTag]:
        """The plant's tags and those of the simulation clock."""
        return (*self.plant.tags, *CLOCK_TAGS)

    def step(self) -> None:
        """Carries out due events, then advances the plant by one step."""
        now_s = self.time_s
        while self._due and self._due[0].at_s <= now_s:
            event = self._due.pop(0)
            try:
                self._carry_out(event)
            except WriteRejected as refusal:
                # A refused event changes nothing, and the plant goes on.
                note = PlantEvent(self.plant.time_s, "refused", "scenario", str(refusal))
                self.plant.events.append(note)
        if self._growing:
            self._growing = list(self._grown(now_s))
        self.plant.step()

    def _grown(self, now_s: float) -> Iterator[tuple[FaultEvent, float]]:
        for event, before in self._growing:
            severity = event.severity(now_s)
            if severity != before:
                self._inject(event, severity)
            if now_s < _lasts_until(event):
                yield event, severity
            else:
                self._note(event, "is gone" if severity == 0.0 else "is at its full size")

    def apply(self, event: ScenarioEvent) -> None:
        """Carries out an event now, whatever its time.

        Raises:
            ScenarioError: The plant does not have it.
            WriteRejected: A switch cannot be turned now, or the PLC takes no such write.
        """
        bind_event(self.plant, event)
        now = replace(event, at_s=self.time_s)
        self._carry_out(now)
        if isinstance(now, FaultEvent):
            self._by_hand.append(now)

    def write(self, tag: str, value: Value) -> None:
        """Takes a write that arrived on the wire. See `BasePlant.write`."""
        self.plant.write(tag, value)

    def not_in_a_snapshot(self) -> Sequence[str]:
        """Returns the faults that were set by hand and still grow, or will end.

        A snapshot holds their present severity, and no scenario has the rest of their profile.
        """
        return [event.fault for event, _ in self._growing if event in self._by_hand]

    def _carry_out(self, event: ScenarioEvent) -> None:
        match event:
            case FieldEvent(action=action):
                self.plant.act(action)
            case WriteEvent(tag=tag, value=value):
                self.plant.write(tag, value)
            case FaultEvent():
                severity = event.severity(self.time_s)
                self._note(event, "")  # before the trip that it may cause
                self._inject(event, severity)
                if _lasts_until(event) > self.time_s:
                    self._growing.append((event, severity))

    def _inject(self, event: FaultEvent, severity: float) -> None:
        bound = bind_event(self.plant, event)
        assert isinstance(bound, FaultEvent)
        self.plant.inject(bound.fault, bound.parameters, severity)

    def _note(self, event: FaultEvent, what: str) -> None:
        kind = self.plant.faults[event.fault]
        chosen = [
            name for name, each in kind.parameters.items() if isinstance(each, ChoiceParameter)
        ]
        words = [str(event.parameters[name]) for name in chosen if name in event.parameters]
        name = ", ".join((kind.title, *words))
        text = f"{name}{',' if words and what else ''} {what}".rstrip()
        self.plant.events.append(PlantEvent(self.plant.time_s, "fault", event.fault, text))

    def run(self, seconds: float) -> list[PlantEvent]:
        """Runs for some seconds of plant time and returns the events."""
        for _ in range(round(seconds / self.plant.step_s)):
            self.step()
        return self.plant.drain_events()

    def values(self) -> dict[str, Value]:
        """Returns the present value of every tag, the clock's included."""
        clock = {"SIM-CLOCK.pv": self.plant.time_s, "SIM-CLOCK.speed": self.speed}
        return self.plant.measurements() | clock


def _lasts_until(event: ScenarioEvent) -> float:
    if not isinstance(event, FaultEvent):
        return event.at_s
    return event.at_s + (event.for_s if isfinite(event.for_s) else event.over_s)
