"""Answers what changed before a value moved, equipment tripped or an alarm came."""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag

from ..examples import nearest
from ..fact import Answer, joined
from ..question import NotUnderstood, Question
from ..sources import SentWrite, Sources
from .events import DID, SAME_S, asked_state
from .moments import Change, changes, last_change, last_move, recorded_s
from .trends import course_text, number_text, span_text, trend_of
from .writes import written_text

_BEFORE_S = 3600.0  # how far back changes are told where the question names no time
_APART_S = 0.5  # process time; what is switched in the scan of an event is not before it
_MOST = 12
_MOST_OF_TAG = 2
_FALLS = frozenset({"low", "falling"})


class _End(NamedTuple):
    """Moment before which changes are told."""

    before_s: float = 0.0  # process time from it to now
    within_s: float = 0.0
    tag: Tag | None = None  # `None` for now


def changed(question: Question, sources: Sources, answer: Answer) -> None:
    """Answers what was written, switched or set in the time before an event, or before now.

    All times are process time, so that writes and the record of values stand on one clock.
    """
    last_s = question.last_s or _BEFORE_S
    end = _said_end(question, sources, answer, last_s) if question.has_before else _End()
    if end is None:
        return
    clock = "the plant's clock" if sources.site.clock_tag else "the wall clock"
    last = answer.fact("the question", span_text(last_s), f"looked at, by {clock}")
    before, words = ("before it", "before it") if end.tag else ("before now", "ago")
    wanted = _wanted(question, sources.site)
    found = [each for each in _found(sources, end, last_s) if not wanted or _tag(each[1]) in wanted]
    told = sorted(found, key=lambda each: -each[0])[-_MOST:]
    for before_s, each in told:
        span = span_text(float(round(max(before_s - end.before_s, 0.0))))
        if isinstance(each, SentWrite):
            answer.say(written_text(answer, sources, each, span, words))
        else:
            answer.say(_switched(answer, each, span, words))
    names = [each.name for each in question.subjects if each != question.anchor]
    about = f"of {joined(names)} " if names else ""
    if told:
        answer.say(f"The times are those of {clock}, in the {last} {before}.")
    else:
        answer.say(
            f"Nothing {about}was written or switched in the {last} {before} by {clock}, of what "
            "was recorded."
        )
    if end.tag is None:
        _say_trends(question, sources, answer, last_s, last)


def _said_end(question: Question, sources: Sources, answer: Answer, last_s: float) -> _End | None:
    """Says when the event was that a question names, and returns it, `None` for none."""
    subject, site = question.anchor, sources.site
    asked = asked_state(subject, question.state, site) if subject else None
    tag = asked.tag if asked else site.tags.get(subject.name) if subject else None
    if tag is None or (asked is None and (tag.kind != "float" or question.direction is None)):
        name = subject.name if subject else "it"
        reason = f"the question must tell what {name} did, such as fell or tripped. Try:"
        raise NotUnderstood(reason, nearest(["CHANGED", "BEFORE"], site), is_final=True)
    is_fall = question.direction in _FALLS
    find = (
        partial(last_change, sources, tag, asked.value)
        if asked
        else partial(last_move, sources, tag, -1.0 if is_fall else 1.0)
    )
    change = find()
    if change is not None:
        change = find([change.before_s + last_s + change.within_s]) or change
    name = asked.name if asked else tag.name
    what = DID[asked.state] if asked else "began to fall" if is_fall else "began to rise"
    if change is None:
        last = answer.fact(name, span_text(recorded_s(sources, tag)), "historian, process time")
        answer.say(
            f"The record of the last {last} has no moment at which {name} {what}, so nothing "
            "before it is told.",
            is_caution=True,
        )
        return None
    ago = answer.fact(name, span_text(change.before_s), "historian, process time")
    ends = "" if asked else _ends(answer, change)
    answer.say(f"{name} {what} about {ago} ago{ends}.", is_caution=True)
    return _End(change.before_s, 0.0 if asked else change.within_s, tag)


def _wanted(question: Question, site: Site) -> set[str]:
    """Returns the tags whose changes alone are asked for, none for all of them."""
    subjects = [each for each in question.subjects if each != question.anchor]
    members = {name for each in subjects for name in site.members_of(each.name)}
    tags = {each.name for each in site.tags.values() if each.equipment in members}
    return tags | {each.name for each in subjects}


def _tag(found: SentWrite | Change) -> str:
    return found.tag if isinstance(found, SentWrite) else found.tag.name


def _ends(answer: Answer, change: Change) -> str:
    before, after = (
        answer.fact(change.tag.name, number_text(change.tag, number), "historian")
        for number in (change.before, change.after)
    )
    return f", from {before} to {after}"


def _found(
    sources: Sources, end: _End, last_s: float
) -> Iterator[tuple[float, SentWrite | Change]]:
    """Yields writes and changes in the time before an end, each with its time before now."""
    reach_s, edge_s = end.before_s + last_s + end.within_s, end.before_s - end.within_s
    for write in sources.writes(reach_s):
        if write.ago_s >= edge_s:
            yield write.ago_s, write
    for tag in _switches(sources.site):
        if tag is not end.tag:
            at_s = edge_s + (-SAME_S if tag.is_alarm else _APART_S)
            found = [each for each in changes(sources, tag, reach_s) if each.before_s >= at_s]
            yield from ((each.before_s, each) for each in found[-_MOST_OF_TAG:])


def _switches(site: Site) -> Iterator[Tag]:
    for tag in site.tags.values():
        if tag.connection and (tag.kind in {"bool", "enum"} or tag.name.endswith(".sp")):
            yield tag


def _switched(answer: Answer, each: Change, span: str, words: str) -> str:
    tag = each.tag
    before, after = (
        answer.fact(tag.name, number_text(tag, number), "historian")
        for number in (each.before, each.after)
    )
    at = answer.fact(tag.name, span, "historian, process time")
    return f"{tag.name} went from {before} to {after} about {at} {words}."


def _say_trends(
    question: Question, sources: Sources, answer: Answer, last_s: float, last: str
) -> None:
    for subject in question.subjects:
        tag = sources.site.tags.get(subject.name)
        if tag is not None and tag.kind == "float" and (trend := trend_of(sources, tag, last_s)):
            rate = answer.fact(tag.name, f"{trend.moved:+.3g} {tag.unit}", "historian")
            course = course_text(answer, trend)
            answer.say(f"{tag.name} was {course} over the last {last}, by {rate}.")
