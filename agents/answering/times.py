"""Times and states that a question names, read from its text."""

import re
from typing import Literal

State = Literal["tripped", "stopped", "running", "active"]
"""State of equipment or of an alarm."""
SpanKind = Literal["AGO", "SPAN", "LENGTH", "EXCEPT"]
"""How a time stands to now, see `span_in`."""

_UNITS_S = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_NUMBERS = {
    "a": 1.0, "an": 1.0, "one": 1.0, "last": 1.0, "half an": 0.5, "half a": 0.5, "half": 0.5,
    "two": 2.0, "three": 3.0, "four": 4.0, "five": 5.0, "six": 6.0, "eight": 8.0, "ten": 10.0,
    "twelve": 12.0, "fifteen": 15.0, "twenty": 20.0, "thirty": 30.0,
}  # fmt: skip
_SPAN = re.compile(
    r"\b(?P<last>(?:(?:in|over|for|during|within|of)\s+)?(?:the\s+)?(?:last|past|previous)\s+)?"
    r"(?:(?P<number>\d+(?:\.\d+)?)\s*|(?P<word>"
    + "|".join(sorted(_NUMBERS, key=len, reverse=True))
    + r")\s+)(?P<unit>s|sec|seconds?|min|mins|minutes?|h|hours?|days?)\b"
    r"(?P<ago>\s+(?:ago|back|earlier)\b)?"
)
_TIME = re.compile(
    r"(?:(?:\bon\s+)?\b(?P<day>\d{4}-\d{2}-\d{2}|today|tonight|tomorrow)\s*,?\s*(?:at\s+)?|\bat\s+)"
    r"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?![\w:+-]|\.\d)"
    r"(?:\s+(?:on\s+)?(?P<after>\d{4}-\d{2}-\d{2}|today|tonight|tomorrow)\b(?!-))?"
)  # all forms of a time by the clock that are read
_CALENDAR = re.compile(
    r"\b(yesterday|last (night|shift|week|weekend|month|year)|the other day|overnight|noon|midnight"
    r"|(mon|tues|wednes|thurs|fri|satur|sun)day)\b"
)
_PART_OF_DAY = re.compile(r"\b(today|tonight|this (morning|afternoon|evening|shift|week))\b")
_PAST = re.compile(r"\b(was|were|did|had|came|went|used to)\b")
_AHEAD = re.compile(r"\b(will|tomorrow|going to (be|trip|stop|start|run|fail|reach))\b")
_NOT_RUNNING = re.compile(
    r"\b(not|isn.?t|wasn.?t|no longer|stop(?:s|ped)?) (be )?(running|turning|on)\b"
)
_STATES: tuple[tuple[re.Pattern[str], State], ...] = (
    (re.compile(r"\btrip(s|ped|ping)?\b"), "tripped"),
    (_NOT_RUNNING, "stopped"),
    (re.compile(r"\b(stop(s|ped|ping)?|shut|go(es)? off|went off)\b"), "stopped"),
    (re.compile(r"\b(start(s|ed|ing)?|run(s|ning)?|kicked in|turn(s|ing))\b"), "running"),
    (re.compile(r"\b((?<!how )(came|come|comes)|active|activated|raised|went off)\b"), "active"),
)  # fmt: skip
_COURSE = re.compile(r"\bstart(s|ed)? (to (?!run)|(?!running)\w+ing\b)")  # of a value
_EVENT = r"(trip(ped)?|stop(ped)?|start(ed)?)\b"
_CAUSE_OF_EVENT = re.compile(rf"\b(what|who) (has |had )?{_EVENT}")
_DID_EVENT = re.compile(rf"^\s*(when )?(did|was|has|have)\b.*\b{_EVENT}")


def span_in(text: str) -> tuple[re.Match[str], SpanKind, float] | None:
    """Returns the time that a text names, how it stands to now, and its seconds.

    It is `AGO` for a moment, `SPAN` for the time to now, and `LENGTH` where neither is said. A
    bound, such as `more than 1 h ago`, is `EXCEPT`.
    """
    match = _SPAN.search(text.lower())
    if match is None:
        return None
    number = float(match["number"]) if match["number"] else _NUMBERS[match["word"]]
    is_last = match["last"] or match["word"] == "last"
    if text[: match.start()].lower().rstrip().endswith(("than", "least", "most")):
        return match, "EXCEPT", 0.0
    kind: SpanKind = "AGO" if match["ago"] else "SPAN" if is_last else "LENGTH"
    return match, kind, number * _UNITS_S[match["unit"][0]]


def time_in(text: str) -> tuple[re.Match[str], str, str] | None:
    """Returns the time by the clock that a text names, with its day, empty for none, and hour."""
    match = _TIME.search(text.lower())
    if match is None or (match["day"] and match["after"]):
        return None
    return (
        match,
        match["day"] or match["after"] or "",
        f"{int(match['hour']):02d}:{match['minute']}",
    )


def states_in(text: str) -> list[State]:
    """Returns the states that a question takes for granted or asks about."""
    rest, found = _COURSE.sub(" ", text.lower()), list[State]()
    for pattern, state in _STATES:
        if pattern.search(rest) and state not in found:
            found.append(state)
        rest = pattern.sub(" ", rest)
    return found


def state_in(text: str) -> State | None:
    """Returns the first state of `states_in`, `None` for none."""
    return next(iter(states_in(text)), None)


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


def asks_for_cause(text: str) -> bool:
    """Whether a text asks what has tripped, stopped or started something."""
    return _CAUSE_OF_EVENT.search(text.lower()) is not None


def asks_for_event(text: str) -> bool:
    """Whether a text asks if something has tripped, stopped or started."""
    return _DID_EVENT.search(text.lower()) is not None
