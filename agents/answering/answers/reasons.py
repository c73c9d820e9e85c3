"""Answers why a value moves, and what the agents think is wrong."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag

from ...deviations.case import Case
from ..fact import Answer, joined
from ..question import Question
from ..sources import Sources
from .events import Asked, asked_states, say_why
from .present import say_missing_agents, say_value
from .trends import Trend, course_text, longest_trend, span_text, trend_of
from .writes import written_text

_LAST_S = 1800.0  # of which the course is compared, process time
_MOST_MOVED = 4  # other tags that are told
_MOST_SIGNS = 3  # of evidence that is told of a hypothesis
_MOST_HYPOTHESES = 2
_LEAST_SHARE = 0.02  # of its range by which another tag has moved


def why(question: Question, sources: Sources, answer: Answer) -> None:
    """Answers why something is so, by its events, cases of the agents and what moved with it.

    What the question takes for granted is checked first.
    """
    site = sources.site
    states = [] if question.direction else list(asked_states(question, site))
    told = [say_why(answer, sources, each) for each in states]
    if states and not any(told) and not any(_stands(sources, each) for each in states):
        return
    tags = [site.tags[each.name] for each in question.subjects if each.kind == "tag"]
    tags = [each for each in tags if each.kind == "float" or not states]
    members = {name for each in question.subjects for name in site.members_of(each.name)}
    members |= {each.tag.equipment for each in states} - {""}
    readings, last_s = sources.read(tags), _LAST_S
    for tag in tags:
        say_value(answer, tag, readings.get(tag.name))
        trend = longest_trend(sources, tag, _LAST_S)
        last_s = trend.last_s if trend else last_s
        _say_direction(answer, question, tag, trend)
    equipment = members | {tag.equipment for tag in tags} - {""}
    names, _ = subjects_of(question, site)
    cases = [each for each in sources.cases() if _say_case(answer, each, names, equipment)]
    if not states:  # writes at an event are told with it, and courses to now are after it
        _say_writes(answer, sources, equipment)
        _say_moved(answer, sources, tags, equipment, last_s)
    if not say_missing_agents(answer, sources, cases) and not cases:
        answer.say("No open case of the agents explains it.", is_caution=True)


def _stands(sources: Sources, asked: Asked) -> bool:
    """Returns whether a state is so now."""
    reading = sources.read([asked.tag]).get(asked.tag.name)
    return reading is not None and reading.scalar is not None and reading.scalar == asked.value


def _say_direction(answer: Answer, question: Question, tag: Tag, trend: Trend | None) -> None:
    asked = question.direction
    last_s = trend.last_s if trend else _LAST_S
    last = answer.fact(tag.name, span_text(last_s), "historian")
    if trend is None:
        answer.say(
            f"Too little of {tag.name} was recorded in the last {last} to tell its course.",
            is_caution=True,
        )
        return
    course = course_text(answer, trend)
    if asked in {"rising", "falling"} and trend.direction != asked:
        answer.say(
            f"{tag.name} is not {asked}: it was {course} over the last {last}.", is_caution=True
        )
        return
    if trend.has_varied:
        answer.say(f"{tag.name} was {course} over the last {last}.")
        return
    rate = answer.fact(tag.name, f"{trend.per_h:+.3g} {tag.unit}/h", "historian, least squares")
    answer.say(f"{tag.name} was {trend.direction} over the last {last}, by {rate}.")


def wrong(question: Question, sources: Sources, answer: Answer) -> None:
    """Answers what the agents name or suspect, and what would decide."""
    names, members = subjects_of(question, sources.site)
    cases = sources.cases()
    told = [
        each
        for each in cases
        if _say_case(answer, each, names, members, is_every=not (names or members))
    ]
    if not say_missing_agents(answer, sources, told) and not told:
        about = f" about {joined(sorted(members))}" if members else ""
        answer.say(f"The agents have no open case{about}.")


def _say_case(
    answer: Answer, case: Case, tags: set[str], equipment: set[str], *, is_every: bool = False
) -> bool:
    """Says what a case names or suspects, if it is about some tags. Returns whether it is."""
    if not (is_every or is_about(case, tags, equipment)):
        return False
    diagnosis: Mapping[str, Any] = case.judgement.get("diagnosis") or {}
    hypotheses: Sequence[Mapping[str, Any]] = diagnosis.get("hypotheses", ())
    source = "agents, judged"
    place = answer.fact(case.case_id, case.condition or "a deviation", source, case.judged_at)
    answer.say(f"{case.case_id} is open: {place}.", is_answer=True)
    named = set(diagnosis.get("named", ()))
    leading = [each for each in hypotheses if each["id"] in named] or list(hypotheses)
    for each in leading[:_MOST_HYPOTHESES]:
        verb = "name" if each["id"] in named else "suspect"
        title = answer.fact(case.case_id, f"{each['title']} ({each['id']})", source, case.judged_at)
        weight = answer.fact(case.case_id, f"{each['total_db']:+.0f} dB", source, case.judged_at)
        answer.say(f"The agents {verb} {title}, with {weight}.", is_more=True)
        for sign in _signs(each):
            text = answer.fact(", ".join(sign["tags"]), sign["text"], source, case.judged_at)
            answer.say(f"For it speaks {text}.", is_more=True)
    for name, reason in diagnosis.get("faults", {}).items():
        fault = answer.fact(case.case_id, f"{name}: {reason}", source, case.judged_at)
        answer.say(f"A method of the diagnosis has failed: {fault}.", is_caution=True)
    for check in diagnosis.get("checks", ())[:1]:
        title = answer.fact(case.case_id, check["title"], source)
        answer.say(f"It would be decided by {title}.", is_more=True)
    if case.run_id:
        answer.say(f"{case.run_id} answers it.", is_more=True)
    return True


def is_about(case: Case, tags: set[str], equipment: set[str]) -> bool:
    """Whether a case is about some tags or equipment."""
    diagnosis: Mapping[str, Any] = case.judgement.get("diagnosis") or {}
    hypotheses: Sequence[Mapping[str, Any]] = diagnosis.get("hypotheses", ())
    candidates: Sequence[Mapping[str, Any]] = case.judgement.get("candidates", ())
    about = {name for each in candidates for name in each.get("equipment", ())}
    signed = {tag for each in hypotheses for sign in each["evidence"] for tag in sign["tags"]}
    return bool(about & equipment or signed & tags)


def subjects_of(question: Question, site: Site) -> tuple[set[str], set[str]]:
    """Returns the tags that a question names, and its equipment with that of the tags.

    A piece of equipment is named with its tags.
    """
    named = {each.name for each in question.subjects}
    tags = {each.name for each in site.tags.values() if {each.name, each.equipment} & named}
    members = {name for each in question.subjects for name in site.members_of(each.name)}
    return tags, (members | {site.tags[each].equipment for each in tags}) - {""}


def _signs(hypothesis: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    found = [each for each in hypothesis["evidence"] if each["weight_db"] > 0.0]
    yield from sorted(found, key=lambda each: -each["weight_db"])[:_MOST_SIGNS]


def _say_writes(answer: Answer, sources: Sources, equipment: set[str]) -> None:
    for each in sources.writes(_LAST_S):
        tag = sources.site.tags.get(each.tag)
        if tag is None or (equipment and tag.equipment not in equipment):
            continue
        answer.say(written_text(answer, sources, each, span_text(each.ago_s)), is_answer=True)


def _say_moved(
    answer: Answer, sources: Sources, tags: Sequence[Tag], equipment: set[str], last_s: float
) -> None:
    """Says which other values of the equipment moved in the same time, the largest moves first."""
    others = [
        each
        for each in sources.site.tags.values()
        if each.kind == "float" and each not in tags and each.span
        and (not equipment or each.equipment in equipment)
    ]  # fmt: skip
    moved: list[tuple[float, Trend]] = []
    for tag in others:
        trend = trend_of(sources, tag, last_s, 30)
        if trend is None or trend.direction == "steady" or tag.span is None:
            continue
        share = abs(trend.moved) / (tag.span[1] - tag.span[0])
        if share >= _LEAST_SHARE:
            moved.append((share, trend))
    for _, trend in sorted(moved, key=lambda each: -each[0])[:_MOST_MOVED]:
        change = f"{trend.moved:+.3g} {trend.tag.unit}"
        place = answer.fact(trend.tag.name, change, f"historian, over {span_text(last_s)}")
        answer.say(f"In the same time {trend.tag.name} was {trend.direction}, by {place}.")
