"""Times and states that a question names, read from its text."""

import re
from typing import Literal

State = Literal["tripped", "stopped", "running", "active"]
"""State of equipment or of an alarm."""

_UNITS_S = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_NUMBERS = {
    "a": 1.0, "an": 1.0, "one": 1.0, "last": 1.0, "half an": 0.5, "half a": 0.5, "half": 0.5,
    "two": 2.0, "three": 3.0, "four": 4.0, "five": 5.0, "six": 6.0, "eight": 8.0, "ten": 10.0,
    "twelve": 12.0, "fifteen": 15.0, "twenty": 20.0, "thirty": 30.0,
}  # fmt: skip
_SPAN = re.compile(
    r"\b(?:(\d+(?:\.\d+)?)\s*|(" + "|".join(sorted(_NUMBERS, key=len, reverse=True)) + r")\s+)"
    r"(s|sec|seconds?|min|mins|minutes?|h|hours?|days?)\b(\s+(?:ago|back|earlier)\b)?"
)
_CALENDAR = re.compile(
    r"\b(yesterday|last (night|shift|week|weekend|month|year)|the other day|overnight|noon|midnight"
    r"|(mon|tues|wednes|thurs|fri|satur|sun)day)\b"
)
_PART_OF_DAY = re.compile(r"\b(today|tonight|this (morning|afternoon|evening|shift|week))\b")
_PAST = re.compile(r"\b(was|were|did|had|used to)\b")
_AHEAD = re.compile(r"\b(will|tomorrow|going to (be|trip|stop|start|run|fail|reach))\b")
_NOT_RUNNING = re.compile(r"\b(not|isn.?t|wasn.?t|no longer|stopped) (be )?(running|turning|on)\b")
_STATES: tuple[tuple[re.Pattern[str], State], ...] = (
    (re.compile(r"\btrip(s|ped|ping)?\b"), "tripped"),
    (_NOT_RUNNING, "stopped"),
    (re.compile(r"\b(stop(s|ped|ping)?|shut|go(es)? off|went off)\b"), "stopped"),
    (re.compile(r"\b(start(s|ed|ing)?|run(s|ning)?|kicked in|turn(s|ing))\b"), "running"),
    (re.compile(r"\b(came|come|comes|active|activated|raised|went off)\b"), "active"),
)  # fmt: skip
_EVENT = r"(trip(ped)?|stop(ped)?|start(ed)?)\b"
_CAUSE_OF_EVENT = re.compile(rf"\b(what|who) (has |had )?{_EVENT}")
_DID_EVENT = re.compile(rf"^\s*(when )?(did|was|has|have)\b.*\b{_EVENT}")
_CLOSED = re.compile(r"\b(closed?|completed|finished|done)\b")
_OPEN = re.compile(r"\b(not|n.t|haven.?t|hasn.?t|aren.?t|isn.?t|yet|open|still|to be|un\w+)\b")


def span_in(text: str) -> tuple[re.Match[str], float, bool] | None:
    """Returns the time that a text names, in seconds, and whether it says how long ago."""
    match = _SPAN.search(text.lower())
    if match is None:
        return None
    number = float(match[1]) if match[1] else _NUMBERS[match[2]]
    return match, number * _UNITS_S[match[3][0]], match[4] is not None


def state_in(text: str) -> State | None:
    """Returns the state that a question takes for granted or asks about, `None` for none."""
    lower = text.lower()
    return next((state for pattern, state in _STATES if pattern.search(lower)), None)


def is_of_the_calendar(text: str) -> bool:
    """Whether a text names a past day or shift."""
    return _CALENDAR.search(text.lower()) is not None


def is_of_today(text: str) -> bool:
    """Whether a text names a part of the present day or shift."""
    return _PART_OF_DAY.search(text.lower()) is not None


def is_past(text: str) -> bool:
    """Whether a text asks in the past tense."""
    return _PAST.search(text.lower()) is not None


def is_ahead(text: str) -> bool:
    """Whether a text asks about the future."""
    return _AHEAD.search(text.lower()) is not None


def is_closed(text: str) -> bool:
    """Whether a text asks for work orders that are closed."""
    lower = text.lower()
    return _CLOSED.search(lower) is not None and _OPEN.search(lower) is None


def asks_for_cause(text: str) -> bool:
    """Whether a text asks what has tripped, stopped or started something."""
    return _CAUSE_OF_EVENT.search(text.lower()) is not None


def asks_for_event(text: str) -> bool:
    """Whether a text asks if something has tripped, stopped or started."""
    return _DID_EVENT.search(text.lower()) is not None
