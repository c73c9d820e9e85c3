"""Answers about a moment or a time of the past, from the record in process time."""

from collections.abc import Sequence

from handwheel.connectors.historian.recorded_history import RecordedSlot
from handwheel.connectors.model.tags import Tag

from ..fact import Answer, joined
from ..question import Question, Statistic
from ..sources import Sources
from .moments import changes
from .trends import covered, number_text, recorded, span_text

_SLOTS = 100
_LEAST_RECORDED = 0.8  # share of a time that is asked about, process time
_USUAL_S = 600.0  # of a statistic where the question names no time
_WORDS: dict[Statistic, str] = {
    "mean": "average", "lowest": "lowest value", "highest": "highest value",
}  # fmt: skip


def named(tag: Tag) -> str:
    """Returns a tag's name, with its label where that has no number."""
    is_plain = tag.label and not any(each.isdigit() for each in tag.label)
    return f"{tag.name} ({tag.label})" if is_plain else tag.name


def say_then(answer: Answer, question: Question, sources: Sources, tag: Tag) -> None:
    """Says what a tag was some time ago, or in some time to now."""
    if question.ago_s:
        _say_moment(answer, sources, tag, question.ago_s)
    elif tag.kind == "float":
        _say_statistics(answer, question, sources, tag)
    else:
        _say_states(answer, question, sources, tag)


def _say_moment(answer: Answer, sources: Sources, tag: Tag, ago_s: float) -> None:
    ago = answer.fact("the question", span_text(ago_s), "the question, process time")
    slots = sources.window(tag.name, ago_s * (1.0 + 1.0 / _SLOTS), _SLOTS + 1)[:1]
    good = recorded(slots)
    if not good or good[0].before_s < ago_s:
        answer.say(f"Nothing of {named(tag)} was recorded {ago} ago.", is_caution=True)
        return
    (slot,) = good
    if tag.kind != "float" and slot.low != slot.high:
        answer.say(f"{named(tag)} changed about {ago} ago.")
        return
    source = f"historian, mean of {span_text(slot.span_s)}"
    place = answer.fact(tag.name, number_text(tag, slot.mean or 0.0), source)
    answer.say(f"{named(tag)} was {place} about {ago} ago.")


def _say_statistics(answer: Answer, question: Question, sources: Sources, tag: Tag) -> None:
    last, good = _recorded(answer, question, sources, tag)
    if not good:
        return
    weight_s = sum(each.good * each.span_s for each in good)
    mean = sum((each.mean or 0.0) * each.good * each.span_s for each in good) / weight_s
    numbers: dict[Statistic, float] = {
        "mean": mean,
        "lowest": min(each.low for each in good if each.low is not None),
        "highest": max(each.high for each in good if each.high is not None),
    }
    wanted: list[Statistic] = [question.statistic] if question.statistic else list(numbers)
    for what in wanted:
        place = answer.fact(tag.name, number_text(tag, numbers[what]), "historian")
        answer.say(f"The {_WORDS[what]} of {named(tag)} over the last {last} is {place}.")


def _say_states(answer: Answer, question: Question, sources: Sources, tag: Tag) -> None:
    """Says for how much of a time a switch was true, or which words a mode had."""
    last, good = _recorded(answer, question, sources, tag)
    if not good:
        return
    recorded_s = sum(each.good * each.span_s for each in good)
    known = answer.fact(tag.name, span_text(recorded_s), "historian")
    if tag.kind == "bool":
        true_s = sum((each.mean or 0.0) * each.good * each.span_s for each in good)
        share = answer.fact(tag.name, f"{100.0 * true_s / recorded_s:.3g} %", "historian")
        what = f"true for {share}"
    else:
        numbers = {n for each in good for n in (each.low, each.high) if n is not None}
        words = [answer.fact(tag.name, number_text(tag, n), "historian") for n in sorted(numbers)]
        what = f"{joined(words)} in all"
    answer.say(f"{named(tag)} was {what} of the {known} that were recorded in the last {last}.")


def _recorded(
    answer: Answer, question: Question, sources: Sources, tag: Tag
) -> tuple[str, Sequence[RecordedSlot]]:
    """Returns the time that is asked about with its good slots, or says that they are too few.

    Returns:
        The place of the time in a sentence, and no slots where too little is recorded.
    """
    last_s = question.last_s or _USUAL_S
    slots = sources.window(tag.name, last_s, _SLOTS)
    good = recorded(slots)
    last = answer.fact(tag.name, span_text(last_s), "the question or our usual time, process time")
    if good and covered(slots) >= _LEAST_RECORDED:
        return last, good
    known_s = sum(each.good * each.span_s for each in slots)
    known = answer.fact(tag.name, span_text(known_s), "historian, process time")
    answer.say(f"Too little of {named(tag)} is recorded: {known} of the last {last}.",
               is_caution=True)  # fmt: skip
    return last, ()


def say_came(answer: Answer, sources: Sources, alarms: Sequence[Tag], last_s: float) -> None:
    """Says which alarms were active in the last while, and when each came last."""
    last = answer.fact("the question", span_text(last_s), "the question, process time")
    share = 1.0 if not alarms else 0.0
    for tag in alarms:
        slots = sources.window(tag.name, last_s, _SLOTS)
        share = max(share, covered(slots))
        if not any(each.high for each in slots):
            continue
        came = [each for each in changes(sources, tag, last_s) if each.after == 1.0]
        when = f"was active before and in the last {last}"
        if came:
            ago = answer.fact(tag.name, span_text(came[-1].before_s), "historian, process time")
            when = f"came about {ago} ago"
        label = answer.fact(tag.name, tag.label or "alarm", "the site's own label")
        answer.say(f"Alarm {tag.name.removesuffix('.active')} {when}: {label}.", is_caution=True)
    if not answer.claims:
        answer.say(f"No alarm was active in the last {last}, of what was recorded.")
    if share < _LEAST_RECORDED:
        known = answer.fact("alarms", span_text(share * last_s), "historian, process time")
        answer.say(f"Too little is recorded: {known} of the last {last}.", is_caution=True)
