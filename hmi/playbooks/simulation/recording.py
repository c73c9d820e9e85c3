"""Recording of a playbook's run in a stepped room, made after each scan."""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite, nan
from typing import Any

from handwheel.agents.deviations.case import PREFIX as CASES
from handwheel.agents.lookahead.distances import Distance, distances
from handwheel.connectors.model.values import Quality
from handwheel.evaluation.trial.stepped import SteppedTrial
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.execution.plant_view import PlantView
from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.model import PlantEvent
from handwheel.tools.conditions import Condition, Names, Truth
from handwheel.tools.guardrails.ledger.records import load_exactly
from handwheel.tools.guardrails.ledger.runs import PREFIX as RUNS
from handwheel.tools.guardrails.signatures.request_class import RequestClass, class_of
from handwheel.tools.requests.request import ActionRequest


def _doubles() -> "array[float]":
    return array("d")


@dataclass(frozen=True, slots=True)
class TraceRow:
    """Row of the journal about a run or a case."""

    at_s: float  # process time since the beginning
    subject: str
    kind: str  # such as `run.step`
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """Request as its approvers were asked."""

    at_s: float  # process time since the beginning
    request: ActionRequest
    rated: RequestClass
    prompt: str  # of its hold point, with the values of that moment; empty for none


@dataclass(frozen=True, slots=True)
class Margin:
    """Smallest distance of an invariant's comparison to its limit."""

    text: str
    smallest: float  # negative if it was beyond its limit; not a number if it was never known
    unit: str
    at_s: float


@dataclass(slots=True)
class _Measured:
    distance: Distance
    values: "array[float]" = field(default_factory=_doubles)


class Recording:
    """Trace, requests, margins and trends of the runs of one playbook.

    Args:
        plans: The playbook as its triggers bind it.
        tags: Numeric tags whose trends are kept.
        names: The tags of the site.
    """

    def __init__(self, plans: Sequence[BoundPlaybook], tags: Sequence[str], names: Names) -> None:
        self.times_s = _doubles()  # of the trends, which end with the simulation of the run
        self._measured_s = _doubles()  # of all else, which goes on as the plant does
        self.series: Mapping[str, array[float]] = {name: _doubles() for name in tags}
        self.trace: list[TraceRow] = []
        self.asked: list[Asked] = []
        self.plan = plans[0]  # of the newest run; before one, as its first trigger binds it
        self.alarms: dict[str, float] = {}  # time at which each was first active
        self.trip: tuple[float, str] | None = None  # the first one, of a machine or the process
        self._names = names
        self._plans = plans
        self._invariants = {
            each.condition.bound: each.condition for plan in plans for each in plan.invariants
        }
        parts = [part.condition for plan in plans for each in plan.triggers for part in each.parts]
        self._judged = {**self._invariants, **{each.bound: each for each in parts}}
        self._truths: Mapping[str, list[bool]] = {bound: [] for bound in self._judged}
        self._measured: dict[str, _Measured] = {}
        for condition in (*self._invariants.values(), *parts):
            for each in distances(condition, names):
                self._measured.setdefault(each.text, _Measured(each))
        self._seq = 0

    def anew(self) -> "Recording":
        """Returns an empty recording of the same playbook."""
        return Recording(self._plans, list(self.series), self._names)

    def observe(self, room: SteppedTrial) -> None:
        """Records what a scan has changed."""
        self.measure(room.now_s, room.agents.view)
        self.note_events(room.now_s, room.plant.simulation.plant, room.trips)
        head = room.database.head()
        if head is not None and head.seq > self._seq:
            self._take_rows(room)

    def measure(self, at_s: float, view: PlantView, *, is_drawn: bool = True) -> None:
        """Records distances of a scan, and trends if they are drawn."""
        readings, history = view.readings, view.history
        self._measured_s.append(at_s)
        if is_drawn:
            self.times_s.append(at_s)
            for name, values in self.series.items():
                reading = readings[name]
                value = reading.value if reading.quality is Quality.GOOD else None
                values.append(float(value) if isinstance(value, int | float) else nan)
        for each in self._measured.values():
            found = each.distance.distance.value(readings, history)
            each.values.append(float(found) if isinstance(found, int | float) else nan)
        for bound, condition in self._judged.items():
            truth = condition.evaluate(readings, history)
            self._truths[bound].append(truth is Truth.TRUE)

    def note_events(self, at_s: float, plant: Plant, events: Iterable[PlantEvent]) -> None:
        """Notes the alarms that are active for the first time, and the first trip."""
        trip = next((each for each in events if each.kind == "trip"), None)
        if self.trip is None and trip is not None:
            self.trip = at_s, trip.text
        for name, state in plant.alarm_states().items():
            if state.active:
                self.alarms.setdefault(name, at_s)

    def _take_rows(self, room: SteppedTrial) -> None:
        for row in room.database.journal(after=self._seq):
            self._seq = row.seq
            kind, body = str(row.fields["kind"]), row.fields["body"]
            if not kind.startswith((RUNS, CASES)):
                continue
            self.trace.append(TraceRow(room.now_s, str(row.fields["subject"]), kind, body))
            if kind == f"{RUNS}opened":
                self.plan = next(
                    (each for each in self._plans if dict(each.roles) == body["roles"]), self.plan
                )
            if "request_id" in body and all(
                each.request.request_id != body["request_id"] for each in self.asked
            ):
                request = load_exactly(room.database, body["request_id"]).request
                rated = class_of(room.site, room.database, request, room.clock.now().wall)
                self.asked.append(Asked(room.now_s, request, rated, self._prompt(room, request)))

    def _prompt(self, room: SteppedTrial, request: ActionRequest) -> str:
        first = request.commands[0].step
        hold_point = next((each.hold_point for each in self.plan.steps if each.id == first), None)
        return hold_point.prompt.render(room.agents.view.readings) if hold_point else ""

    def margins(self, condition: Condition, names: Names, begin_s: float) -> Iterator[Margin]:
        """Yields the smallest distance of each comparison of a condition since some time."""
        for text, unit, known in self._since(condition, names, begin_s):
            smallest, at_s = min(known, default=(nan, begin_s))
            yield Margin(text, smallest, unit, at_s)

    def nearest(self, condition: Condition, names: Names) -> Iterator[Margin]:
        """Yields how near each comparison of a condition came to being true, or how far beyond."""
        for text, unit, known in self._since(condition, names, 0.0):
            largest, at_s = max(known, default=(nan, 0.0))
            yield Margin(text, largest, unit, at_s)

    def _since(
        self, condition: Condition, names: Names, begin_s: float
    ) -> Iterator[tuple[str, str, list[tuple[float, float]]]]:
        for each in distances(condition, names):
            values = zip(self._measured[each.text].values, self._measured_s, strict=True)
            known = [(value, at_s) for value, at_s in values if at_s >= begin_s and isfinite(value)]
            yield each.text, each.distance.unit, known

    def broken_at_s(self, invariant: Condition, begin_s: float) -> float | None:
        """Returns when an invariant was first false or unknown since some time, else `None`."""
        truths = zip(self._truths[invariant.bound], self._measured_s, strict=True)
        return next((at_s for is_met, at_s in truths if at_s >= begin_s and not is_met), None)

    def longest_true_s(self, part: Condition) -> float:
        """Returns how long a part of a trigger was true without a break, at most."""
        longest_s = 0.0
        begun_s: float | None = None
        for is_met, at_s in zip(self._truths[part.bound], self._measured_s, strict=True):
            begun_s = at_s if is_met and begun_s is None else begun_s
            longest_s = longest_s if begun_s is None else max(longest_s, at_s - begun_s)
            begun_s = begun_s if is_met else None
        return longest_s

    @property
    def first_write_s(self) -> float | None:
        """Time at which the first write was set due, `None` if none was."""
        return next((each.at_s for each in self.trace if each.kind == f"{RUNS}due"), None)
