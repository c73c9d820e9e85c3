"""Questions about the past of one tag, from the record in process time."""

from collections.abc import Mapping
from typing import Any

from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import Quality
from handwheel.tools.errors import InvalidArguments

from ..answer import Asked, Fact
from ..moments import LOOKED_S, changes, last_crossing, last_move, recorded_s
from ..question import question
from ..trends import (
    about_text,
    covered,
    number_text,
    quantity_in,
    recorded,
    settled_trend,
    span_text,
    trend_of,
)
from .readings import course, read_one

_SLOTS = 288
_LEAST_RECORDED = 0.8  # share of a time that is told about
_LIKE = 0.02  # share of the range within which a value is as now
_HOUR_S = 3600.0
_MOST = 8  # changes that are told
_SIGNS = {"rising": 1.0, "falling": -1.0}
_RECORD = "historian, process time"
_Found = Mapping[str, Any]


def _ago(asked: Asked, tag: Tag, seconds: float, within_s: float = 0.0) -> Fact:
    return asked.fact(tag.name, about_text(seconds, within_s), _RECORD)


def _number(asked: Asked, tag: Tag, number: float, source: str = "historian") -> Fact:
    return asked.fact(tag.name, number_text(tag, number), source)


@question(
    "history", "What did a tag do since some time?",
    """
{% if short %}Too little of {{ tag }} is recorded: {{ short }} of the last {{ last }}.
{% else %}
{% for words, number in numbers %}The {{ words }} of {{ tag }} over the last {{ last }} is {{ number }}.
{% endfor %}
{% if share %}{{ tag }} was true for {{ share }} of what was recorded in the last {{ last }}.{% endif %}

{% for ago, before, after in changes %}{{ tag }} went from {{ before }} to {{ after }} about {{ ago }} ago.
{% endfor %}
{% if not numbers and not changes %}{{ tag }} has not changed.{% endif %}

{% if course %}{{ say.course(course) }}{% endif %}
{% endif %}
""",
    also="mean, average, lowest, highest, trend, was it running in the last hour",
)  # fmt: skip
def history(asked: Asked, tag: Tag, last: float = 3600.0) -> _Found:
    """Tells mean, lowest and highest of a value, or the changes of a switch."""
    slots = asked.sources.window(tag.name, last, _SLOTS)
    good = recorded(slots)
    known_s = sum(each.good * each.span_s for each in good)
    found: dict[str, Any] = {
        "tag": tag.name, "last": asked.fact(tag.name, span_text(last), "asked, process time"),
        "short": None, "numbers": [], "share": None, "changes": [], "course": None,
    }  # fmt: skip
    if covered(slots) < _LEAST_RECORDED:
        return found | {"short": asked.fact(tag.name, span_text(known_s), _RECORD)}
    mean = sum((each.mean or 0.0) * each.good * each.span_s for each in good) / known_s
    if tag.kind == "float":
        numbers = {
            "average": mean,
            "lowest value": min(each.low for each in good if each.low is not None),
            "highest value": max(each.high for each in good if each.high is not None),
        }
        found["numbers"] = [(each, _number(asked, tag, n)) for each, n in numbers.items()]
        found["course"] = course(asked, tag, trend_of(asked.sources, tag, last), last)
        return found
    if tag.kind == "bool":
        found["share"] = asked.fact(tag.name, f"{100.0 * mean:.3g} %", "historian")
    found["changes"] = [
        (_ago(asked, tag, each.before_s, each.within_s),
         _number(asked, tag, each.before), _number(asked, tag, each.after))
        for each in changes(asked.sources, tag, last)[-_MOST:]
    ]  # fmt: skip
    return found


@question(
    "value-then",
    "What was a tag some time ago?",
    """
{% if value %}{{ tag }} was {{ value }} about {{ ago }} ago.
{% else %}Nothing of {{ tag }} was recorded {{ ago }} ago.{% endif %}
""",
    also="what was it an hour ago",
)
def value_then(asked: Asked, tag: Tag, ago: float = 3600.0) -> _Found:
    """Tells the mean of a tag over a short while some time ago."""
    slots = asked.sources.window(tag.name, ago * (1.0 + 1.0 / _SLOTS), _SLOTS + 1)[:1]
    found: Fact | None = None
    for slot in recorded(slots):
        if slot.before_s >= ago and (tag.kind == "float" or slot.low == slot.high):
            source = f"historian, mean of {span_text(slot.span_s)}"
            found = _number(asked, tag, slot.mean or 0.0, source)
    told = asked.fact(tag.name, span_text(ago), "asked, process time")
    return {"tag": tag.name, "ago": told, "value": found}


@question(
    "since", "Since when does a value move, or is a state so?",
    """
{{ say.reading(reading) }}
{% if not known %}Nothing of {{ tag }} was recorded.
{% else %}{{ tag }} {{ what }} since {% if whole %}at least {% else %}about {% endif %}{{ ago }} ago.
{% endif %}
{% if move %}It began to {{ move.verb }} about {{ move.ago }} ago, from {{ move.before }} to {{ move.after }}, and has ended.
{% endif %}
""",
    also="when did it begin to rise or fall, since when is it so, how long has it been running",
)  # fmt: skip
def since(asked: Asked, tag: Tag) -> _Found:
    """Tells since when a tag is in its state, or rises or falls, or when it moved last."""
    sources = asked.sources
    known_s = recorded_s(sources, tag)
    found: dict[str, Any] = {
        "tag": tag.name, "reading": read_one(asked, tag)[1],
        "known": known_s, "what": "is so", "whole": True, "ago": _ago(asked, tag, known_s),
        "move": None,
    }  # fmt: skip
    if tag.kind != "float":
        every = (each for last_s in LOOKED_S for each in changes(sources, tag, last_s)[-1:])
        if (last := next(every, None)) is not None:
            reach_s = last.before_s + last.within_s + _HOUR_S
            last = (changes(sources, tag, reach_s) or [last])[-1]
            found |= {"ago": _ago(asked, tag, last.before_s, last.within_s), "whole": False}
        return found
    trend = settled_trend(sources, tag, _HOUR_S)[0]
    direction = trend.direction if trend else "steady"
    if direction in _SIGNS:
        move = last_move(sources, tag, _SIGNS[direction])
        ago = _ago(asked, tag, move.before_s, move.within_s) if move else _ago(asked, tag, _HOUR_S)
        return found | {"what": f"is {direction}", "ago": ago, "whole": move is None}
    moves = [each for sign in (1.0, -1.0) if (each := last_move(sources, tag, sign))]
    found["what"] = "neither rises nor falls now, of what was recorded"
    for each in sorted(moves, key=lambda one: one.before_s)[:1]:
        found["move"] = {
            "verb": "rise" if each.after > each.before else "fall",
            "ago": _ago(asked, tag, each.before_s, each.within_s),
            "before": _number(asked, tag, each.before), "after": _number(asked, tag, each.after),
        }  # fmt: skip
    return found


@question(
    "since-beyond", "Since when is a value above or below some number?",
    """
{{ say.reading(reading) }}
{% if begun %}{{ tag }} is {{ side }} {{ limit }} since {% if whole %}at least {% else %}about {% endif %}{{ begun }} ago.
{% if breaks %}Since then it was on the other side for moments.{% endif %}
{% else %}It is not known since when {{ tag }} is {{ side }} {{ limit }}.{% endif %}
""",
    also="how long has it been over the limit",
)  # fmt: skip
def since_beyond(asked: Asked, tag: Tag, value: str) -> _Found:
    """Tells since when a value is on the side of a number on which it is now."""
    limit = asked_number(tag, value)
    now, shown = read_one(asked, tag)
    found = {"tag": tag.name, "reading": shown, "begun": None,
             "side": "beyond", "limit": _number(asked, tag, limit, "asked")}  # fmt: skip
    if now is None or now.quality is not Quality.GOOD or not isinstance(now.scalar, int | float):
        return found
    sign = -1.0 if now.scalar < limit else 1.0
    found["side"] = "below" if sign < 0.0 else "above"
    if (crossing := last_crossing(asked.sources, tag, limit, sign)) is None:
        return found
    begun = _ago(asked, tag, crossing.before_s, crossing.within_s)
    return found | {"begun": begun, "whole": crossing.is_whole, "breaks": crossing.has_breaks}


@question(
    "last-like",
    "When was a tag last as it is now?",
    """
{{ say.reading(reading) }}
{% if ago %}{{ tag }} was {{ value }} about {{ ago }} ago; in between it was otherwise.
{% else %}{{ tag }} was never so before in the last {{ known }} that were recorded.{% endif %}
""",
    also="when was it last like this, when did we have this value before",
)
def last_like(asked: Asked, tag: Tag) -> _Found:
    """Finds the last time before this one at which a tag read about as now."""
    now, shown = read_one(asked, tag)
    found: dict[str, Any] = {"tag": tag.name, "reading": shown, "ago": None}
    known = asked.fact(tag.name, span_text(recorded_s(asked.sources, tag)), _RECORD)
    if now is None or now.quality is not Quality.GOOD or isinstance(now.scalar, str | None):
        return found | {"known": known}
    low, high = tag.span or (0.0, 100.0)
    within = _LIKE * (high - low) if tag.kind == "float" else 0.5
    for last_s in LOOKED_S:
        has_differed = False
        for slot in reversed(recorded(asked.sources.window(tag.name, last_s, _SLOTS))):
            is_like = abs((slot.mean or 0.0) - float(now.scalar)) <= within
            if is_like and has_differed:
                value = _number(asked, tag, slot.mean or 0.0)
                return found | {"value": value, "ago": _ago(asked, tag, slot.before_s, slot.span_s)}
            has_differed |= not is_like
    return found | {"known": known}


def asked_number(tag: Tag, text: str) -> float:
    """Returns a number that was typed in a tag's unit. Raises `InvalidArguments` for another."""
    if (number := quantity_in(text, tag.unit)) is None:
        raise InvalidArguments(f"{text!r} is no number that can be converted into {tag.unit!r}")
    return number
