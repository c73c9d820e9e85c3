"""Words of a question that an answer of a kind would leave out."""

import re
from collections.abc import Mapping, Sequence

from .fact import joined
from .question import Intent
from .reading import Token, Words

_NAME = re.compile(r"[a-z]{1,6}-\w*\d\w*(\.\w+)?")  # of a tag or equipment
_EVERY = "BE HOW NOW SHOW STILL WHICH"
_COURSE = "DIRECTION LEVEL"
_STATE = f"ACT CAME {_COURSE} RUN STOPPED TRIP"
_TOLD: Mapping[Intent, str] = {
    "value": f"tag ACTIVE AGO ALARM CONDITION {_COURSE} LIMIT MODE SPAN STATISTIC TODAY TRIP",
    "condition": f"equipment ACTIVE AGO CONDITION {_COURSE} MODE RUN SPAN STATISTIC STOPPED TODAY",
    "why": f"tag equipment {_STATE} ACTIVE ALARM LIMIT SETPOINT TODAY WHY",
    "since": f"tag equipment {_STATE} ACTIVE ALARM MODE SINCE WHEN",
    "changed": "tag equipment CHANGED RECENT SPAN WHO",
    "what-if": "tag equipment ACT CHANGED COMMAND IF MODAL QUANTITY SETPOINT STOPPED",
    "limit": f"tag equipment ALARM BEFORE CAME {_COURSE} LIMIT MODAL QUANTITY TRIP UNTIL WHEN",
    "alarms": "equipment class ACTIVE ALARM SPAN",
    "waiting": "tag equipment class ACT NEED REQUEST WAITING WHO",
    "decided": "tag equipment class ACT CHANGED DECIDED RECENT REQUEST SPAN WHEN WHO",
    "similar": "tag equipment BEFORE CASE SIMILAR",
    "orders": "tag equipment class CLOSED DUE OPEN ORDER",
    "wrong": "tag equipment AGENT THINK WHY WRONG",
    "running": "equipment class AGO MODE RUN SPAN STOPPED",
    "plan": "equipment AT HAND MODAL NEED OUT PLAN TAKE WISH",
}
"""Kinds of words, and of subjects, that an answer takes into account, besides `_EVERY`."""
_NOT_WITH: Sequence[tuple[str, str, str]] = (
    ("value condition", "AGO SPAN STATISTIC", f"CONDITION {_COURSE} LIMIT TRIP"),
    ("orders", "CLOSED", "OPEN"),
    ("alarms value condition running", "AGO SPAN STATISTIC", "STILL"),
    ("plan", "AT OUT PLAN TAKE", "BE NOW"),  # a plan is a wish, and tells no state
    ("wrong", "WRONG", "AGENT"),
)
"""Kinds that some kinds of answers do not take into account beside others."""
_WITH: Sequence[tuple[Intent, str, str]] = (
    ("changed", "BEFORE", f"{_STATE} ALARM BEFORE LENGTH"),
    ("what-if", "QUANTITY", "DIRECTION"),
    ("since", "DIRECTION", "LIMIT QUANTITY"),
    ("since", "LEVEL", "LIMIT QUANTITY"),
    ("since", "SIDE", "LIMIT QUANTITY"),
    ("since", "LIMIT", "SIDE"),
    ("since", "QUANTITY", "SIDE"),
    ("limit", "LIMIT", "SIDE"),
    ("limit", "QUANTITY", "SIDE"),
    ("why", "LIMIT", "SIDE"),
    ("why", "SETPOINT", "SIDE"),
    ("decided", "WHO", "WHY"),
    ("waiting", "WAITING", "APPROVAL"),
    ("alarms", "SPAN", "CAME"),
    ("orders", "CLOSED", "SPAN"),
    ("wrong", "THINK", "AGENT"),
)
"""Kinds that one kind of answer takes into account only beside another one."""
BINDING = frozenset({
    "AGO", "AT", "BACK", "CASE", "EXCEPT", "IF", "LENGTH", "NOT", "QUANTITY", "SPAN", "STATISTIC",
})  # fmt: skip
"""Kinds of words that count also where a model has understood the question."""
_TELLING = frozenset[Intent]({
    "alarms", "changed", "decided", "orders", "similar", "waiting", "why", "wrong",
})  # fmt: skip
_MOST_IGNORED = 3
_LINKS = frozenset({
    "against", "although", "apart", "besides", "by", "from", "like", "than", "though", "unlike",
    "versus", "with",
})  # fmt: skip
"""Words that tell how others belong to a question, so that its answer cannot leave them out."""


def left_out(intent: Intent, found: Words) -> list[Token]:
    """Returns the words of a question that an answer would leave out, in order."""
    told = {*_EVERY.split(), *_TOLD[intent].split()}
    for kinds, beside, fewer in _NOT_WITH:
        if intent in kinds.split() and not {*beside.split()}.isdisjoint(found.kinds):
            told -= {*fewer.split()}
    for kind, beside, more in _WITH:
        if kind == intent and beside in found.kinds:
            told |= {*more.split()}
    return [each for each in found.tokens if each.told_as not in told]


def can_be_ignored(intent: Intent, tokens: Sequence[Token]) -> bool:
    """Returns whether an answer may name the words that it leaves out, instead of a refusal.

    They are few words that are not known, none of them a link, a name or a number. A value, what
    will be and a plan are refused, since a word more can make them another one.
    """
    return (
        intent in _TELLING
        and len(tokens) <= _MOST_IGNORED
        and not any(each.kind or each.text in _LINKS for each in tokens)
        and not any(map(str.isdigit, "".join(each.text for each in tokens)))
    )


def left_out_text(tokens: Sequence[Token]) -> str:
    """Returns as a reason that an answer would leave out some words, or that a name is unknown."""
    return missing_name_text(tokens) or (
        f"the answer would leave out {joined([f'“{each.text}”' for each in tokens])}. Try:"
    )


def missing_name_text(tokens: Sequence[Token]) -> str:
    """Returns as a reason that a name is not known at the site, empty where none is."""
    names = (each.text for each in tokens if not each.kind and _NAME.fullmatch(each.text))
    name = next(names, "")
    return f"{name.upper()} does not exist at this site. Try:" if name else ""
