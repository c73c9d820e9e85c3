"""Answers about times, changes and earlier cases."""

from collections.abc import Sequence

from handwheel.connectors.historian.recorded_history import RecordedSlot
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag

from ..fact import Answer
from ..question import Question
from ..sources import Sources
from .events import asked_states, say_event
from .present import say_value
from .trends import asked_number, points_of, span_text, trend_of

_DAY_S = 86400.0
_HOUR_S = 3600.0
_SLOTS = 288
_TURNS = 0.25  # share of a move by which a value may turn without an end of the move


def since(question: Question, sources: Sources, answer: Answer) -> None:
    """Answers since when something is in a state, a value is beyond a limit, or it moves."""
    states = [] if question.direction else list(asked_states(question, sources.site))
    for state in states:
        say_event(answer, sources, state)
    for each in question.subjects:
        if each.kind != "tag" or states:
            continue
        tag = sources.site.tags[each.name]
        say_value(answer, tag, sources.read([tag]).get(tag.name))
        slots = sources.window(tag.name, _DAY_S, _SLOTS)
        if not points_of(slots):
            answer.say(f"Nothing of {tag.name} was recorded.")
        elif tag.kind == "float":
            _say_since(answer, question, sources, tag, slots)
        else:
            _say_state(answer, tag, slots)


def _say_state(answer: Answer, tag: Tag, slots: Sequence[RecordedSlot]) -> None:
    points = [(before_s, value >= 0.5) for before_s, value in points_of(slots)]
    state = points[-1][1]
    begun_s = 0.0
    for before_s, value in reversed(points):
        if value != state:
            break
        begun_s = before_s
    is_whole = all(value == state for _, value in points)
    _say_for(answer, tag, "is so", begun_s, is_whole=is_whole)


def _say_for(
    answer: Answer, tag: Tag, what: str, begun_s: float, *, is_whole: bool = False
) -> None:
    place = answer.fact(tag.name, span_text(begun_s), "historian, process time")
    least = "at least " if is_whole else "about "
    answer.say(f"{tag.name} {what} since {least}{place} ago.")


def _say_since(
    answer: Answer, question: Question, sources: Sources, tag: Tag, slots: Sequence[RecordedSlot]
) -> None:
    limit = _limit(question, tag, sources.site)
    if limit is not None:
        is_above = question.direction not in {"low", "falling"}
        beyond = [(before_s, (value > limit) == is_above) for before_s, value in points_of(slots)]
        side = "above" if is_above else "below"
        place = answer.fact(
            tag.name, f"{limit:g} {tag.unit}".rstrip(), "the question or the tags file"
        )
        if not beyond[-1][1]:
            answer.say(f"{tag.name} is not {side} {place} now.")
            return
        first = next((n for n in range(len(beyond), 0, -1) if not beyond[n - 1][1]), 0)
        _say_for(answer, tag, f"is {side} {place}", beyond[min(first, len(beyond) - 1)][0],
                 is_whole=first == 0)  # fmt: skip
        return
    trend = trend_of(sources, tag, _HOUR_S)
    if trend is None or trend.direction == "steady":
        answer.say(f"{tag.name} neither rises nor falls.")
        return
    sign = 1.0 if trend.direction == "rising" else -1.0
    _say_for(answer, tag, f"is {trend.direction}", _turned_s(points_of(slots), sign))


def _turned_s(points: Sequence[tuple[float, float]], sign: float) -> float:
    """Returns the seconds since a value turned, that is since its extreme before the move."""
    best_s, best = points[-1][0], points[-1][1] * sign
    top = best
    for before_s, value in reversed(points):
        level = value * sign
        if level < best:
            best_s, best = before_s, level
        elif level - best > _TURNS * max(top - best, 1e-9):
            break
    return best_s


def _limit(question: Question, tag: Tag, site: Site) -> float | None:
    """Returns the value of the question, else the alarm's limit on the side that is asked for."""
    if (asked := asked_number(question, tag, site)) is not None:
        return asked
    low, high = tag.alarm
    return {"high": high, "low": low}.get(question.direction or "")


def similar(question: Question, sources: Sources, answer: Answer) -> None:
    """Answers which earlier cases were like the one that is asked about, or the open ones."""
    cases = [question.case_id] if question.case_id else [each.case_id for each in sources.cases()]
    for case_id in cases:
        for line in sources.alike(case_id):
            answer.say(f"{case_id}: {answer.fact(case_id, line.strip(), 'closed cases')}")
    if not answer.claims:
        answer.say("No case is open, so nothing is compared with earlier ones.")
