"""Answers about present values, equipment and alarms."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue, Quality

from ...deviations.case import Case
from ...deviations.standing import alarm_tags, measured_by
from ..fact import Answer, joined
from ..question import Question
from ..sources import Sources
from .history import named, say_came, say_then
from .trends import Trend, course_text, settled_trend, span_text

TREND_S = 600.0
"""How far back the trend beside a value looks, process time."""
_TELLING = frozenset(
    {"pv", "running", "tripped", "available", "mode", "speed", "days_to_limit", "rf"}
)
_MOST = 12  # values of a piece of equipment


def value(question: Question, sources: Sources, answer: Answer) -> None:
    """Answers what tags read, where they go, and how far their limits are."""
    tags = [sources.site.tags[each.name] for each in question.subjects if each.kind == "tag"]
    sources.read([] if question.is_of_the_past else tags)  # once for all of them
    for tag in tags:
        _say_values(question, sources, answer, [tag])
        if question.is_of_the_past:
            continue
        if tag.kind == "float" and (trend := settled_trend(sources, tag, TREND_S)[0]):
            say_trend(answer, trend)


def _say_values(question: Question, sources: Sources, answer: Answer, tags: Sequence[Tag]) -> None:
    """Says what tags read, or were at the time that a question names."""
    if question.is_of_the_past:
        for tag in tags:
            say_then(answer, question, sources, tag)
        return
    readings = sources.read(tags)
    for tag in tags:
        say_value(answer, tag, readings.get(tag.name))


def say_value(answer: Answer, tag: Tag, reading: DataValue | None) -> None:
    """Says what a tag reads, or that it cannot be relied on."""
    if reading is None or reading.quality is not Quality.GOOD or reading.scalar is None:
        status = "not reached" if reading is None else reading.status.name
        place = answer.fact(tag.name, status, "read now")
        answer.say(f"{named(tag)} has no value to rely on: {place}.", is_caution=True)
        return
    beyond = _beyond(tag, reading.scalar)
    shown = f"{reading_fact(answer, tag, reading)}{_limits(answer, tag)}"
    answer.say(f"{named(tag)} is {shown}{beyond}.", is_caution=bool(beyond))


def reading_fact(answer: Answer, tag: Tag, reading: DataValue) -> str:
    """Adds a reading as a fact and returns its place."""
    shown = f"{tag.show(reading)} {tag.unit}".rstrip()
    return answer.fact(tag.name, shown, f"read now, {reading.quality.value}")


def say_trend(answer: Answer, trend: Trend) -> None:
    """Says where a tag goes."""
    tag, last = trend.tag, span_text(trend.last_s)
    over = answer.fact(tag.name, last, "historian")
    if trend.direction == "steady":
        answer.say(f"{tag.name} was {course_text(answer, trend)} over the last {over}.")
        return
    rate = f"{trend.per_h:+.3g} {tag.unit}/h"
    place = answer.fact(tag.name, rate, f"historian, line of least squares over {last}")
    answer.say(f"{tag.name} is {trend.direction}, by {place} over the last {over}.")


def _beyond(tag: Tag, value: object) -> str:
    """Returns that a value lies beyond a limit, an empty text if it does not."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    for kind, (low, high) in (("trip", tag.trip), ("alarm", tag.alarm)):
        if (low is not None and value < low) or (high is not None and value > high):
            return f"; it is beyond the {kind} limit"
    return ""


def _limits(answer: Answer, tag: Tag) -> str:
    parts: list[str] = []
    for kind, (low, high) in (("alarm", tag.alarm), ("trip", tag.trip)):
        for side, limit in (("below", low), ("above", high)):
            if limit is not None:
                shown = f"{tag.show_value(limit)} {tag.unit}".rstrip()
                parts.append(f"{kind} {side} {answer.fact(tag.name, shown, 'tags file')}")
    return f"; {joined(parts)}" if parts else ""


def condition(question: Question, sources: Sources, answer: Answer) -> None:
    """Answers how equipment is, by its values, alarms, cases and work orders."""
    site = sources.site
    for subject in question.subjects:
        if subject.kind != "equipment":
            continue
        members = site.members_of(subject.name)
        tags = [each for each in site.tags.values() if each.equipment in members]
        tags += _attributes(sources, members)
        named_once = {each.name: each for each in tags}
        shown = [each for each in named_once.values() if _is_telling(each)][:_MOST]
        if question.is_of_the_past and question.state in {"running", "stopped"}:
            shown = [each for each in shown if each.name.endswith(".running")] or shown
        _say_values(question, sources, answer, shown)
        if question.is_of_the_past:
            continue
        _say_alarms(answer, sources, members)
        cases = [case for case in sources.cases() if set(members) & _equipment(case.judgement)]
        for case in cases:
            place = answer.fact(case.case_id, case.condition or "opened", "journal")
            answer.say(f"{case.case_id} is open about {subject.name}: {place}.", is_answer=True)
        if cases:
            say_missing_agents(answer, sources, cases)
        for order in sources.work_orders():
            if order.asset in members:
                place = answer.fact(order.workorder_id, order.title, "work orders")
                answer.say(
                    f"{order.workorder_id} is open about {subject.name}: {place}.", is_answer=True
                )


def say_missing_agents(answer: Answer, sources: Sources, cases: Sequence[Case]) -> bool:
    """Says that no agents judge now, and since when their cases stand. Returns whether it is so."""
    missing = sources.missing_agents()
    if not missing:
        return False
    reason = answer.fact("agents", missing, "the gate")
    for each in cases:
        stamp = each.judged_at or each.opened_at
        at = answer.fact(each.case_id, f"{stamp[:10]} {stamp[11:19]} UTC", "journal", stamp)
        answer.say(f"{reason}, so {each.case_id} stands as of {at} and may have changed since.",
                   is_caution=True)  # fmt: skip
    if not cases:
        answer.say(f"{reason}, so nobody judges it now.", is_caution=True)
    return True


def _equipment(judgement: Mapping[str, Any]) -> set[str]:
    return {name for each in judgement.get("candidates", ()) for name in each["equipment"]}


def _attributes(sources: Sources, members: Iterable[str]) -> list[Tag]:
    site = sources.site
    names = (tag for each in members for tag in site.equipment[each].attributes.values())
    return [site.tags[name] for name in names if name in site.tags]


def _is_telling(tag: Tag) -> bool:
    return tag.name.rpartition(".")[2] in _TELLING


def alarms(question: Question, sources: Sources, answer: Answer) -> None:
    """Answers which alarms are active, all or those of equipment."""
    wanted = {name for each in question.subjects for name in members_of(sources.site, each.name)}
    if question.last_s:
        tags = [each for each in alarm_tags(sources.site) if _is_of(sources, each, wanted or None)]
        say_came(answer, sources, tags, question.last_s)
        return
    _say_alarms(answer, sources, wanted or None)
    if not answer.claims:
        about = f" of {joined(sorted(wanted))}" if wanted else ""
        answer.say(f"No alarm{about} is active.")


def members_of(site: Site, name: str) -> Sequence[str]:
    """Returns the equipment of a class, or a piece of equipment with its members, or nothing."""
    of_class = [each for each, one in site.equipment.items() if one.class_ == name]
    return of_class or site.members_of(name)


def _say_alarms(answer: Answer, sources: Sources, members: Iterable[str] | None) -> None:
    site, wanted = sources.site, None if members is None else set(members)
    every = alarm_tags(site)
    readings = sources.read(every)
    unknown = 0
    for tag in every:
        reading = readings.get(tag.name)
        if not _is_of(sources, tag, wanted):
            continue
        if reading is None or reading.quality is not Quality.GOOD:
            unknown += 1
            continue
        if not reading.scalar:
            continue
        place = answer.fact(tag.name, tag.label or "active", "read now, the site's own label")
        answer.say(f"Alarm {tag.name.removesuffix('.active')} is active: {place}.", is_caution=True)
    if unknown:
        count = answer.fact("alarms", f"{unknown} of {len(every)} alarms", "read now")
        answer.say(f"{count} have no value to rely on, so they may be active.", is_caution=True)


def _is_of(sources: Sources, tag: Tag, members: Collection[str] | None) -> bool:
    """Whether an alarm is about some equipment, or about any where none is asked for."""
    measured = sources.site.tags.get(measured_by(tag))
    return members is None or (tag.equipment or (measured.equipment if measured else "")) in members


def running(question: Question, sources: Sources, answer: Answer) -> None:
    """Answers which of several pieces of equipment run."""
    site = sources.site
    for subject in question.subjects:
        for name in members_of(site, subject.name):
            tags = [site.tags[each] for each in (f"{name}.running", f"{name}.mode")
                    if each in site.tags]  # fmt: skip
            _say_values(question, sources, answer, tags)
