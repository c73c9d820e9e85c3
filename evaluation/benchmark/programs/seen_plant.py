"""Values, alarms and events of a plant that a program has seen since an episode began."""

from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from math import isnan, nan
from typing import Any

from handwheel.connectors.model.process_clock import Readings
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue, Quality
from handwheel.playbooks.engine.states import MOVES, EventKind
from handwheel.sim_plant.model import PlantEvent
from handwheel.tools.guardrails.ledger.runs import ORDERED, PREFIX
from handwheel.tools.guardrails.ledger.store.journal import JournalRow as LedgerRow
from handwheel.tools.requests.canonical import parse_canonical
from handwheel.tools.requests.request import parse_request

from .verbs import AlarmRow, JournalRow, Number, TagReading, TimeSlot

MOST_SCANS = 36_000
"""Scans that windows reach back, ten hours of one a second."""
_MOST_ROWS = 1000
_TRIP = "trip"


class SeenPlant:
    """Memory of what a plant has shown to everybody. Faults and scenario events are not in it.

    Attributes:
        now_s: Process time of the latest scan.
        rows: The newest events, oldest first.
    """

    def __init__(self, site: Site, readings: Readings) -> None:
        self.now_s = 0.0
        self.rows = deque[JournalRow](maxlen=_MOST_ROWS)
        self._tags = site.tags
        self._alarm_tags = [each for each in site.tags.values() if each.is_alarm]
        self._standing: dict[str, float] = {}
        self._times_s = array("d")
        self._courses = {each.name: array("d") for each in site.tags.values() if has_course(each)}
        self._readings = readings
        self.observe(readings, 0.0)

    def observe(self, readings: Readings, now_s: float, events: Iterable[PlantEvent] = ()) -> None:
        """Takes the readings of a scan, and the events of the plant before it."""
        self._readings, self.now_s = readings, now_s
        if len(self._times_s) >= MOST_SCANS:
            for each in (self._times_s, *self._courses.values()):
                del each[: MOST_SCANS // 2]
        self._times_s.append(now_s)
        for name, course in self._courses.items():
            course.append(_number(readings.get(name)))
        for event in events:
            if event.kind == _TRIP:
                self.note(_TRIP, event.text)
        for tag in self._alarm_tags:
            self._observe_alarm(tag, readings.get(tag.name))

    def _observe_alarm(self, tag: Tag, reading: DataValue | None) -> None:
        if reading is None or reading.quality is not Quality.GOOD:
            return  # it stands as it last was
        is_active = reading.scalar is True
        if is_active == (tag.name in self._standing):
            return
        if is_active:
            self._standing[tag.name] = self.now_s
        else:
            del self._standing[tag.name]
        self.note("alarm", f"{tag.name} {'came' if is_active else 'went'}: {tag.label}")

    def note(self, kind: str, text: str) -> None:
        """Adds an event of now."""
        self.rows.append(
            JournalRow.model_validate({"at_s": self.now_s, "kind": kind, "text": text})
        )

    def alarms(self) -> list[AlarmRow]:
        """Returns the alarms that stand, oldest first."""
        found = sorted(self._standing.items(), key=lambda each: each[1])
        return [
            AlarmRow(tag=name, text=self._tags[name].label, since_s=at_s) for name, at_s in found
        ]

    def reading(self, tag: Tag) -> TagReading:
        """Returns the latest reading of a tag."""
        reading = self._readings.get(tag.name)
        value = None if reading is None else reading.scalar
        quality = Quality.BAD if reading is None else reading.quality
        return TagReading(
            tag=tag.name, value=_shown(tag, value), unit=tag.unit, quality=quality.value
        )

    def window(self, tag: Tag, last_s: float, slots: int) -> list[TimeSlot]:
        """Returns the course of a tag with `has_course`, oldest first."""
        span_s, begins_s = last_s / slots, self.now_s - last_s
        ends = [bisect_right(self._times_s, begins_s + n * span_s) for n in range(slots)]
        ends.append(len(self._times_s))  # whatever the last sum is rounded to
        course = self._courses[tag.name]
        return [
            _slot(last_s - n * span_s, span_s, course[ends[n] : ends[n + 1]]) for n in range(slots)
        ]


def has_course(tag: Tag) -> bool:
    """Whether a tag is one of numbers, or of true and false, which count as 1 and 0."""
    return tag.kind in ("float", "int", "bool") and not tag.is_array


def _slot(ago_s: float, span_s: float, values: Iterable[float]) -> TimeSlot:
    good = [each for each in values if not isnan(each)]
    mean = sum(good) / len(good) if good else None
    low, high = (min(good), max(good)) if good else (None, None)
    return TimeSlot(ago_s=ago_s, span_s=span_s, mean=mean, low=low, high=high)


def _number(reading: DataValue | None) -> float:
    """Returns a good value as a number, else `nan`."""
    if reading is None or reading.quality is not Quality.GOOD or reading.scalar is None:
        return nan
    return float(reading.scalar)


def _shown(tag: Tag, value: Number | None) -> Number | None:
    return tag.show_value(value) if tag.kind == "enum" and value is not None else value


_REQUEST, _FILED, _DECISION = "request.", "request.filed", "decision"


def journal_texts(rows: Iterable[LedgerRow]) -> Iterator[tuple[str, str]]:
    """Yields kind and text of what the ledger tells of requests, decisions, runs and orders."""
    for row in rows:
        fields = row.fields
        kind, subject, body = fields["kind"], fields["subject"], fields["body"]
        if kind == _FILED:
            request = parse_request(body["text"])
            yield "request", f"{subject} is filed: {request.reason}"
        elif kind.startswith(_REQUEST) and "to" in body:
            yield "request", f"{subject} is {body['to']}: {body['reason']}"
        elif kind == _DECISION:
            yield "decision", _decision(subject, body)
        elif kind == ORDERED:
            yield "decision", f"{body['person']}: {body['order']} {subject}"
        elif kind.startswith(PREFIX):
            yield from _run(EventKind(kind.removeprefix(PREFIX)), subject, body)


def _decision(subject: str, body: Mapping[str, Any]) -> str:
    said: Any = parse_canonical(body["text"])
    comment = said.get("comment")
    return f"{said['person']}: {said['verdict']} {subject}{f', {comment}' if comment else ''}"


def _run(kind: EventKind, run_id: str, body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if kind == EventKind.OPENED:
        yield "run", f"{run_id} begins: {body['playbook']}, {body['title']}"
    elif kind == EventKind.RAISED:
        yield "order", f"{body['workorder']} for {body['asset']}: {body['title']}"
    elif kind == EventKind.NOTIFIED:
        yield "note", body["text"]
    elif kind in MOVES:
        reason = body.get("reason")
        yield "run", f"{run_id} is {MOVES[kind][1]}{f': {reason}' if reason else ''}"
