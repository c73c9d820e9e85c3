"""Answers about courses by the twin, and times to a limit."""

import re
from collections.abc import Container, Iterable, Iterator, Sequence

from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.hints import next_step
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import Quality

from ...deviations.standing import measured_by
from ...lookahead.prediction import Prediction
from ..examples import nearest
from ..fact import Answer, joined
from ..question import SIGNS, NotUnderstood, Question
from ..sources import Sources
from ..subjects import command_of
from .present import say_value
from .trends import (
    Trend,
    asked_number,
    course_text,
    number_text,
    quantity_in,
    settled_trend,
    span_text,
)

_MEASURED = re.compile(r"([A-Z][DFQ]?)[IRETC]+-(\w+)\.")  # variable, functions, number of the loop
_MOST_MOVED = 5
_LEAST_SHARE = 0.005  # of its range by which a tag ends elsewhere
_RUNNING = ".running"
_SWITCHED = 2.0  # more than any share of a range
_LAST_S = 3600.0
_SURE = 2.0  # standard errors of the range of a time that is told


def what_if(question: Question, sources: Sources, answer: Answer) -> None:
    """Answers where the plant would end with another set point, or after a start or stop."""
    site = sources.site
    commands = (command_of(site, each.name, question.verb) for each in question.subjects)
    command = next((each for each in commands if each is not None), None)
    tag = command[0] if command else site.tags.get(_set_point(question, sources))
    text = command[1] if command else question.quantity
    if not text or tag is None or (command and question.quantity):
        reason = "what if needs a set point with a value, or equipment that starts or stops. Try:"
        raise NotUnderstood(
            reason, nearest(["IF", "SUBJECT"], site, question.subjects), is_final=True
        )
    if not site.is_writable(tag):
        answer.say(
            f"{tag.name} cannot be written at this site, so nothing is foretold.", is_caution=True
        )
        return
    if not command and (number := asked_number(question, tag, site)) is not None:
        text = f"{number:.12g}"
    say_value(answer, tag, sources.read([tag]).get(tag.name))
    ruled = sources.ruled(tag, text)
    for begin, reasons in (
        ("The policy would not allow it", ruled.denials),
        ("It would be refused now", ruled.obstacles),
    ):
        for each in reasons:
            reason = answer.reason(tag.name, each, "policy and gate, judged now")
            answer.say(f"{begin}: {reason}.", is_caution=True)
    try:
        found = sources.foretold(tag, text)
    except HandwheelError as error:
        reason = answer.fact(tag.name, str(error), "twin")
        answer.say(f"Nothing is foretold: {reason}.", is_caution=True)
        return
    asked = {each.name for each in question.subjects}
    _say_course(answer, sources, tag, text, asked, found)


def _set_point(question: Question, sources: Sources) -> str:
    """Returns the only set point that is named, by itself or by the value that it controls."""
    site, tags = sources.site, sources.site.tags
    names = [each.name for each in question.subjects if each.kind == "tag"]
    own = [each for each in names if site.is_writable(tags[each])]
    loops = {loop for each in names for loop in _set_points_of(each, tags)}
    found = own or sorted(loops) or names
    return found[0] if len(found) == 1 else ""


def _set_points_of(name: str, tags: Iterable[str]) -> list[str]:
    """Returns the set point of the loop of a measured value, such as of `PT-102.pv`.

    It controls the same variable, by the letters of ISA-5.1, so `PDT-101` has none by `LIC-101`.
    """
    measured = _MEASURED.match(name)
    if measured is None:
        return []
    variable, number = measured.groups()
    found = [each for each in tags if re.fullmatch(rf"{variable}[IR]?C-{number}\.sp", each)]
    return found if len(found) == 1 else []


def _say_course(
    answer: Answer,
    sources: Sources,
    tag: Tag,
    wanted: str,
    names: Container[str],
    found: Prediction,
) -> None:
    origin = f"twin {found.twin}"
    asked = quantity_in(wanted, tag.unit) if tag.kind == "float" else None
    shown = wanted if asked is None else number_text(tag, asked)
    value = answer.fact(tag.name, shown, "the question")
    horizon = answer.fact(tag.name, span_text(found.horizon_s), origin)
    moved = [each for each in _moved(sources, names, found) if each[0] is not tag][:_MOST_MOVED]
    if not moved:
        answer.say(f"With {tag.name} at {value} nothing else ends elsewhere within {horizon}.")
    for each, without, with_it in moved:
        before = answer.fact(each.name, number_text(each, without), origin)
        after = answer.fact(each.name, number_text(each, with_it), origin)
        answer.say(
            f"With {tag.name} at {value}, {each.name} would be {after} after {horizon} instead of "
            f"{before}."
        )
    new = [each for each in found.with_plan.alarms if each not in found.without.alarms]
    for alarm in new:
        answer.say(
            f"Alarm {alarm.removesuffix('.active')} would come, which else it would not.",
            is_caution=True,
        )
    if found.with_plan.trip is not None and found.without.trip is None:
        at_s, cause = found.with_plan.trip
        place = answer.fact(tag.name, f"{span_text(at_s)}, {cause}", origin)
        answer.say(f"The plant would trip after {place}.", is_caution=True)
    if not found.is_trusted:
        answer.say("The twin is not trusted now, so this only informs.", is_caution=True)
    answer.say("Nothing was written or requested.", is_caution=True)
    answer.next_steps.append(next_step("policy", "explain", f"{tag.name}={wanted}"))


def _moved(
    sources: Sources, names: Container[str], found: Prediction
) -> Iterator[tuple[Tag, float, float]]:
    """Yields tags that end elsewhere, with both ends, first those asked for, then by the move."""
    ends: list[tuple[float, Tag, float, float]] = []
    for name, series in found.with_plan.series.items():
        tag, other = sources.site.tags.get(name), found.without.series.get(name)
        if tag is None or not other:
            continue
        if name.endswith(_RUNNING) and other[-1] != series[-1]:
            ends.append((_SWITCHED, tag, other[-1], series[-1]))
        if tag.span is None or tag.kind != "float":
            continue
        asked = _SWITCHED if name in names else 0.0
        share = asked + abs(series[-1] - other[-1]) / (tag.span[1] - tag.span[0])
        if share >= _LEAST_SHARE:
            ends.append((share, tag, other[-1], series[-1]))
    for _, tag, without, with_it in sorted(ends, key=lambda each: -each[0]):
        yield tag, without, with_it


def limit(question: Question, sources: Sources, answer: Answer) -> None:
    """Answers when a value reaches its alarm or trip, if it goes on as in the last hour."""
    for tag in _limited(question, sources):
        say_value(answer, tag, sources.read([tag]).get(tag.name))
        trend, stepped_s = settled_trend(sources, tag, _LAST_S)
        known = _edges(answer, question, tag, sources.site)
        edges = _not_passed(answer, tag, _value(sources, tag, trend), known)
        if known and not edges:
            continue
        if stepped_s:
            ago = answer.fact(tag.name, span_text(stepped_s), "historian, process time")
            answer.say(f"{tag.name} jumped about {ago} ago, so only the time since then counts.",
                       is_caution=True)  # fmt: skip
        if trend is None:
            since = " since then" if stepped_s else ""
            answer.say(f"Too little of {tag.name} was recorded{since} to tell its course.")
        elif trend.direction == "steady":
            course = course_text(answer, trend)
            answer.say(f"{tag.name} is {course}, so it moves towards no limit.", is_more=True)
        else:
            _say_time(answer, tag, trend, edges)
    if not answer.claims:
        answer.say("It has no limit in the tags file.")


def _limited(question: Question, sources: Sources) -> Iterator[Tag]:
    site = sources.site
    tags = [site.tags[each.name] for each in question.subjects if each.kind == "tag"]
    measured = (site.tags.get(measured_by(each), each) if each.is_alarm else each for each in tags)
    found = {each.name: each for each in measured if each.kind == "float"}
    for each in question.subjects:
        members = site.members_of(each.name)
        named = {name for one in members for name in site.equipment[one].attributes.values()}
        for tag in site.tags.values():
            is_of = tag.equipment in members or tag.name in named
            if is_of and (tag.name.endswith("days_to_limit") or _has_limit(tag)):
                found[tag.name] = tag
    yield from found.values()


def _has_limit(tag: Tag) -> bool:
    return any(each is not None for each in (*tag.alarm, *tag.trip))


def _value(sources: Sources, tag: Tag, trend: Trend | None) -> float | None:
    """Returns the present value, without a good one the last that was recorded."""
    reading = sources.read([tag]).get(tag.name)
    if reading is not None and reading.quality is Quality.GOOD and reading.scalar is not None:
        return float(reading.scalar)
    return trend.points[-1][1] if trend else None


def _not_passed(
    answer: Answer, tag: Tag, value: float | None, edges: Sequence[tuple[str, float, int]]
) -> list[tuple[str, float]]:
    """Says which limits a value is beyond already, and returns the others."""
    passed = [each for each in edges if value is not None and (value - each[1]) * each[2] > 0.0]
    if passed:
        sides = [f"{'above' if side > 0 else 'below'} {words}" for words, _, side in passed]
        answer.say(f"{tag.name} is already {joined(sides)}.")
    return [each[:2] for each in edges if each not in passed]


def _edges(
    answer: Answer, question: Question, tag: Tag, site: Site
) -> list[tuple[str, float, int]]:
    """Returns the value that a question names, else the limits of the tag, each with its words.

    The last number is the side on which a value is beyond: -1 below, 1 above, 0 neither.
    """
    asked = asked_number(question, tag, site)
    if asked is not None:
        place = answer.fact(tag.name, number_text(tag, asked), "the question")
        return [(place, asked, SIGNS.get(question.direction or "", 0))]
    found: list[tuple[str, float, int]] = []
    for kind, limits in (("alarm", tag.alarm), ("trip", tag.trip)):
        for each, side in zip(limits, (-1, 1), strict=True):
            if each is not None:
                place = answer.fact(tag.name, number_text(tag, each), "tags file")
                found.append((f"its {kind} limit {place}", each, side))
    return found


def _say_time(answer: Answer, tag: Tag, trend: Trend, edges: Sequence[tuple[str, float]]) -> None:
    value, source = trend.points[-1][1], f"historian, line of the last {span_text(trend.last_s)}"
    ahead = [(words, each) for words, each in edges if (each - value) * trend.per_h > 0.0]
    for words, edge in ahead:
        rates = (trend.per_h - _SURE * trend.error_per_h, trend.per_h + _SURE * trend.error_per_h)
        times = sorted(abs((edge - value) / each) for each in rates if each * trend.per_h > 0)
        hours = abs((edge - value) / trend.per_h)
        after = answer.fact(tag.name, span_text(3600.0 * hours), source)
        span = " to ".join(
            answer.fact(tag.name, span_text(3600.0 * each), f"{source}, two standard errors")
            for each in times
        )
        answer.say(
            f"{tag.name} reaches {words} in about {after} (from {span}) if it goes on so.",
            is_caution=True,
        )
    if edges and not ahead:
        away = joined([words for words, _ in edges])
        answer.say(f"{tag.name} is {trend.direction} and moves away from {away}.", is_more=True)
    elif not _has_limit(tag) and not edges:
        answer.say(f"{tag.name} has no limit in the tags file.", is_more=True)
