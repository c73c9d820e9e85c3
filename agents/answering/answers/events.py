"""Answers why equipment tripped, stopped or started, or why an alarm is active."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from handwheel.connectors.historian.recorded_history import RecordedSlot
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag

from ...deviations.standing import measured_by
from ..fact import Answer
from ..question import Question
from ..sources import Sources
from ..subjects import Subject
from ..times import State
from .moments import Change, changes, last_change, recorded_s
from .present import reading_fact, say_value
from .trends import number_text, span_text
from .writes import written_text

_WITH_S = 15.0  # process time within which two events belong together
SAME_S = 2.0
"""Process time, in seconds, by which the later of two events may be the cause."""
_EVENT_S = 120.0  # how long before an event the record of what came with it begins
_SLOTS = 288
_ATTRIBUTES: dict[State, tuple[str, float]] = {
    "tripped": ("tripped", 1.0), "stopped": ("running", 0.0), "running": ("running", 1.0),
}  # fmt: skip
DID: Mapping[State, str] = {
    "tripped": "tripped", "stopped": "stopped", "running": "started", "active": "came",
}  # fmt: skip
"""What something did that is in a state since then."""


@dataclass(frozen=True, slots=True)
class Asked:
    """State that a question is about."""

    name: str  # of the equipment or alarm
    state: State
    tag: Tag
    value: float  # of the tag in this state


def asked_states(question: Question, site: Site) -> Iterator[Asked]:
    """Yields the states of equipment and alarms that a question takes for granted.

    A question about the alarm of equipment is about each of its alarms.
    """
    for each in question.subjects:
        if question.state == "active" and each.kind == "equipment":
            yield from _alarms_of(each.name, site)
        elif (found := asked_state(each, question.state, site)) is not None:
            yield found


def _alarms_of(equipment: str, site: Site) -> Iterator[Asked]:
    """Yields the alarms of equipment, which are those of what is measured there."""
    members = site.members_of(equipment)
    for alarm in site.tags.values():
        measured = site.tags.get(measured_by(alarm), alarm)
        if alarm.is_alarm and not {alarm.equipment, measured.equipment}.isdisjoint(members):
            yield Asked(alarm.name.removesuffix(".active"), "active", alarm, 1.0)


def asked_state(subject: Subject, state: State | None, site: Site) -> Asked | None:
    """Returns the state of a subject, `None` where no tag tells it."""
    tag = site.tags.get(subject.name)
    if tag is not None and tag.is_alarm:
        return Asked(tag.name.removesuffix(".active"), "active", tag, 1.0)
    equipment = subject.name
    if tag is not None:
        equipment = tag.equipment if tag.kind == "bool" else ""
    attribute, value = _ATTRIBUTES.get(state or "active", ("", 0.0))
    found = site.tags.get(f"{equipment}.{attribute}")
    return Asked(equipment, state, found, value) if state and found is not None else None


def say_why(answer: Answer, sources: Sources, asked: Asked) -> bool:
    """Says whether and when a state began, and what came with it. Returns whether it ever did."""
    change = say_event(answer, sources, asked)
    if change is None:
        return False
    count = len(answer.claims)
    _say_interlocks(answer, sources, asked, change)
    _say_limits(answer, sources, asked, change)
    _say_writes(answer, sources, asked, change)
    if len(answer.claims) == count:
        answer.say(
            "No interlock, alarm, trip limit or write of this site was recorded with it.",
            is_caution=True,
        )
    return True


def say_event(answer: Answer, sources: Sources, asked: Asked) -> Change | None:
    """Says when a state began, or that it did not, and returns its beginning if that is known."""
    tag, did = asked.tag, DID[asked.state]
    reading = sources.read([tag]).get(tag.name)
    change = last_change(sources, tag, asked.value)
    if change is not None:
        reach_s = change.before_s + _EVENT_S
        change = last_change(sources, tag, asked.value, [reach_s]) or change
    scalar = None if reading is None else reading.scalar
    if reading is None or scalar is None:
        say_value(answer, tag, reading)
    is_so = scalar is not None and float(scalar) == asked.value
    value = reading_fact(answer, tag, reading) if reading and scalar is not None else "unknown"
    if change is not None:
        ago = answer.fact(tag.name, span_text(change.before_s), "historian, process time")
        still = "" if is_so or scalar is None else f", but {tag.name} is {value} now"
        answer.say(f"{asked.name} {did} about {ago} ago{still}.", is_caution=True)
        return change
    whole = answer.fact(tag.name, span_text(recorded_s(sources, tag)), "historian, process time")
    if is_so:
        answer.say(
            f"{tag.name} is {value} in all of the last {whole} that were recorded, so the record "
            "does not tell what began it.",
            is_caution=True,
        )
    else:
        answer.say(
            f"{asked.name} has not {'come' if did == 'came' else did} in the last {whole} that "
            f"were recorded: {tag.name} is {value}.",
            is_caution=True,
        )
        _say_running(answer, sources, asked)
    return None


def _say_running(answer: Answer, sources: Sources, asked: Asked) -> None:
    tag = sources.site.tags.get(f"{asked.name}.running")
    if tag is not None and tag is not asked.tag:
        say_value(answer, tag, sources.read([tag]).get(tag.name))


def _say_interlocks(answer: Answer, sources: Sources, asked: Asked, change: Change) -> None:
    """Says which interlocks, trips and alarms came with an event or stood then."""
    for tag in _switches(sources.site, asked):
        came = [each for each in changes(sources, tag, change.looked_s) if each.after == 1.0]
        near = [
            each
            for each in came
            if abs(each.before_s - change.before_s) <= max(_WITH_S, each.within_s)
        ]
        if not near:
            continue
        is_after = near[-1].before_s < change.before_s - SAME_S
        ago = answer.fact(tag.name, span_text(near[-1].before_s), "historian, process time")
        when = "just after it" if is_after else "with it"
        answer.say(f"{_called(tag)} about {ago} ago, {when}.", is_caution=True)


def _called(tag: Tag) -> str:
    name = tag.name.removesuffix(".active")
    if not tag.is_alarm:
        return f"{tag.equipment} tripped"
    return f"Interlock {name} acted" if is_interlock(tag) else f"Alarm {name} came"


def is_interlock(tag: Tag) -> bool:
    """Whether a tag tells that an interlock acts, by the letter I of its name."""
    return tag.is_alarm and tag.name.startswith("I-")


def _switches(site: Site, asked: Asked) -> Sequence[Tag]:
    """Returns the trip, the interlocks and the alarms that may have begun a state."""
    trip = f"{asked.name}.tripped"
    return [
        each
        for each in site.tags.values()
        if each is not asked.tag
        and (each.name == trip or is_interlock(each) or _is_alarm_of(site, each, asked.name))
    ]


def _is_alarm_of(site: Site, tag: Tag, equipment: str) -> bool:
    measured = site.tags.get(measured_by(tag))
    return tag.is_alarm and equipment in {tag.equipment, measured.equipment if measured else ""}


def _say_limits(answer: Answer, sources: Sources, asked: Asked, change: Change) -> None:
    """Says which values of the equipment, or of an alarm, were beyond their limit then."""
    site = sources.site
    measured = measured_by(asked.tag) if asked.tag.is_alarm else ""
    for tag in site.tags.values():
        if tag.kind != "float" or not (tag.equipment == asked.name or tag.name == measured):
            continue
        kind, limits = ("alarm", tag.alarm) if asked.tag.is_alarm else ("trip", tag.trip)
        slots = sources.window(tag.name, change.looked_s, _SLOTS)
        near = [
            each
            for each in slots
            if abs(each.before_s - change.before_s) <= max(_WITH_S, each.span_s)
        ]
        if near and (found := _beyond(near, limits)) is not None:
            value, limit = (
                answer.fact(tag.name, number_text(tag, number), source)
                for number, source in zip(found, ("historian", "tags file"), strict=True)
            )
            answer.say(
                f"{tag.name} was at {value} then, beyond its {kind} limit of {limit}.",
                is_caution=True,
            )


def _beyond(
    slots: Sequence[RecordedSlot], limits: tuple[float | None, float | None]
) -> tuple[float, float] | None:
    """Returns the value farthest beyond a limit, with that limit."""
    low, high = limits
    highest = max((each.high for each in slots if each.high is not None), default=None)
    lowest = min((each.low for each in slots if each.low is not None), default=None)
    if high is not None and highest is not None and highest > high:
        return highest, high
    if low is not None and lowest is not None and lowest < low:
        return lowest, low
    return None


def _say_writes(answer: Answer, sources: Sources, asked: Asked, change: Change) -> None:
    for each in sources.writes(change.looked_s):
        tag = sources.site.tags.get(each.tag)
        if tag is None or tag.equipment != asked.name or each.ago_s < change.before_s - _WITH_S:
            continue
        answer.say(written_text(answer, sources, each, span_text(each.ago_s)), is_caution=True)
