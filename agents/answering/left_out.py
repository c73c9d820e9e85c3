"""Words of a question that an answer of a kind would leave out."""

import re
from collections.abc import Mapping, Sequence

from .fact import joined
from .question import Intent
from .reading import Token, Words

_NAME = re.compile(r"[a-z]{1,6}-\d+[a-z]?(\.\w+)?")  # of a tag or equipment
_EVERY = "HOW NOW SHOW WHICH"
_STATE = "ACT CAME DIRECTION RUN STOPPED TRIP"
_TOLD: Mapping[Intent, str] = {
    "value": "tag AGO ALARM CONDITION DIRECTION LIMIT MODE SPAN STATISTIC TODAY TRIP",
    "condition": "equipment ACTIVE AGO CONDITION DIRECTION MODE RUN SPAN STATISTIC STOPPED TODAY",
    "why": f"tag equipment {_STATE} ACTIVE ALARM LIMIT SETPOINT TODAY WHY",
    "since": f"tag equipment {_STATE} ACTIVE ALARM MODE SINCE WHEN",
    "changed": "tag equipment CHANGED RECENT SPAN WHO",
    "what-if": "tag equipment ACT CHANGED COMMAND DIRECTION IF MODAL QUANTITY SETPOINT",
    "limit": "tag equipment ALARM BEFORE DIRECTION LIMIT MODAL QUANTITY TRIP UNTIL WHEN",
    "alarms": "equipment class ACTIVE ALARM SPAN",
    "waiting": "tag equipment class ACT NEED REQUEST WAITING WHO",
    "decided": "tag equipment class ACT DECIDED RECENT REQUEST SPAN WHEN WHO",
    "similar": "tag equipment BEFORE CASE SIMILAR",
    "orders": "tag equipment class CLOSED DUE OPEN ORDER",
    "wrong": "tag equipment WHY WRONG",
    "running": "equipment class AGO MODE RUN SPAN STOPPED",
    "plan": "equipment AT HAND MODAL NEED OUT PLAN TAKE WISH",
}
"""Kinds of words, and of subjects, that an answer takes into account, besides `_EVERY`."""
_WITH: Sequence[tuple[Intent, str, str]] = (
    ("changed", "BEFORE", f"{_STATE} ALARM BEFORE LENGTH"),
    ("since", "DIRECTION", "LIMIT QUANTITY"),
    ("decided", "WHO", "WHY"),
    ("alarms", "SPAN", "CAME"),
    ("orders", "CLOSED", "SPAN"),
)
"""Kinds that one kind of answer takes into account only beside another one."""
BINDING = frozenset({
    "AGO", "AT", "CASE", "EXCEPT", "IF", "LENGTH", "NOT", "QUANTITY", "SPAN", "STATISTIC",
})  # fmt: skip
"""Kinds of words that count also where a model has understood the question."""


def left_out(intent: Intent, found: Words) -> list[Token]:
    """Returns the words of a question that an answer would leave out, in order."""
    told = {*_EVERY.split(), *_TOLD[intent].split()}
    for kind, beside, more in _WITH:
        if kind == intent and beside in found.kinds:
            told |= {*more.split()}
    return [each for each in found.tokens if each.told_as not in told]


def left_out_text(tokens: Sequence[Token]) -> str:
    """Returns as a reason that an answer would leave out some words, or that a name is unknown."""
    for each in tokens:
        if not each.kind and _NAME.fullmatch(each.text):
            return f"{each.text.upper()} does not exist at this site. Try:"
    return f"the answer would leave out {joined([f'“{each.text}”' for each in tokens])}. Try:"
