"""Answers about times, changes and earlier cases."""

from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import Quality

from ..fact import Answer, joined
from ..question import SIGNS, Question
from ..sources import Sources
from .events import asked_states, say_event
from .moments import LOOKED_S, changes, last_crossing, last_move, recorded_s
from .present import say_value
from .reasons import is_about, subjects_of
from .trends import about_text, asked_number, number_text, settled_trend

_HOUR_S = 3600.0
_BELOW = frozenset({"low", "falling"})


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
        if not recorded_s(sources, tag):
            answer.say(f"Nothing of {tag.name} was recorded.")
        elif tag.kind != "float":
            _say_state(answer, sources, tag)
        elif question.quantity or question.direction in {"high", "low"}:
            _say_beyond(answer, question, sources, tag)
        else:
            _say_moving(answer, question, sources, tag)


def _say_state(answer: Answer, sources: Sources, tag: Tag) -> None:
    for last_s in LOOKED_S:
        if found := changes(sources, tag, last_s):
            reach_s = found[-1].before_s + found[-1].within_s + _HOUR_S
            last = (changes(sources, tag, reach_s) or found)[-1]
            _say_for(answer, tag, "is so", last.before_s, last.within_s)
            return
    _say_for(answer, tag, "is so", recorded_s(sources, tag), is_whole=True)


def _say_for(
    answer: Answer,
    tag: Tag,
    what: str,
    begun_s: float,
    within_s: float = 0.0,
    *,
    is_whole: bool = False,
) -> None:
    ago = about_text(begun_s, within_s)
    place = answer.fact(tag.name, ago, "historian, process time")
    least = "at least " if is_whole else "" if ago.startswith("less") else "about "
    answer.say(f"{tag.name} {what} since {least}{place} ago.")


def _say_beyond(answer: Answer, question: Question, sources: Sources, tag: Tag) -> None:
    """Says since when a value is on the side of a limit that is asked for, or that it is not."""
    asked = asked_number(question, tag, sources.site)
    low, high = tag.alarm
    limit = asked if asked is not None else low if question.direction in _BELOW else high
    if limit is None:
        side = "low" if question.direction in _BELOW else "high"
        answer.say(f"{tag.name} has no alarm limit for {side} in the tags file, so the question "
                   "must name a value.")  # fmt: skip
        return
    reading = sources.read([tag]).get(tag.name)
    value = reading.scalar if reading is not None and reading.quality is Quality.GOOD else None
    if not isinstance(value, int | float):
        return
    is_below = question.direction in _BELOW or (question.direction is None and value < limit)
    sign, side = (-1.0, "below") if is_below else (1.0, "above")
    source = "tags file" if asked is None else "the question"
    what = f"{side} {answer.fact(tag.name, number_text(tag, limit), source)}"
    if (value - limit) * sign <= 0.0:
        answer.say(f"{tag.name} is not {what} now.")
        return
    found = last_crossing(sources, tag, limit, sign)
    if found is None:
        return
    _say_for(answer, tag, f"is {what}", found.before_s, found.within_s, is_whole=found.is_whole)
    if found.has_breaks:
        answer.say("Since then it was on the other side for moments.", is_caution=True,
                   is_more=True)  # fmt: skip


def _say_moving(answer: Answer, question: Question, sources: Sources, tag: Tag) -> None:
    """Says since when a value rises or falls, or how it moved last if it does not now."""
    course, _ = settled_trend(sources, tag, _HOUR_S)
    asked, now = question.direction, course.direction if course else "steady"
    if now in {"rising", "falling"} and asked in {None, now}:
        move = last_move(sources, tag, SIGNS[now])
        begun_s, within_s = (move.before_s, move.within_s) if move else (_HOUR_S, 0.0)
        _say_for(answer, tag, f"is {now}", begun_s, within_s, is_whole=move is None)
        return
    answer.say(f"{tag.name} is not {asked} now." if asked else
               f"{tag.name} neither rises nor falls now.")  # fmt: skip
    signs = (1, -1) if asked is None else (SIGNS[asked],)
    moves = [each for sign in signs if (each := last_move(sources, tag, sign))]
    if moves:
        last = min(moves, key=lambda each: each.before_s)
        ago = answer.fact(tag.name, about_text(last.before_s, last.within_s), "historian")
        before, after = (
            answer.fact(tag.name, number_text(tag, number), "historian")
            for number in (last.before, last.after)
        )
        verb = "rise" if last.after > last.before else "fall"
        answer.say(f"It began to {verb} about {ago} ago, from {before} to {after}, and has ended.",
                   is_more=True)  # fmt: skip


def similar(question: Question, sources: Sources, answer: Answer) -> None:
    """Answers which earlier cases were like the one that is asked about, or the open ones."""
    tags, equipment = subjects_of(question, sources.site)
    is_every = not question.subjects
    found = [each for each in sources.cases() if is_every or is_about(each, tags, equipment)]
    for case_id in [question.case_id] if question.case_id else [each.case_id for each in found]:
        for line in sources.alike(case_id):
            answer.say(f"{case_id}: {answer.fact(case_id, line.strip(), 'closed cases')}")
    if not answer.claims:
        names = [each.name for each in question.subjects]
        about = f" about {joined(names)}" if names else ""
        answer.say(f"No case{about} is open, so nothing is compared with earlier ones.")
