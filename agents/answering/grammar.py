"""Grammar of questions, over the kinds of their words."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, cast

from handwheel.connectors.model.site import Site

from .examples import nearest
from .left_out import can_be_ignored, left_out, left_out_text, missing_name_text
from .question import Intent, NotUnderstood, Question
from .reading import Words, read_words
from .refusals import ONLY_OUT, check_question
from .subjects import Subject
from .times import asks_for_cause, asks_for_event

if TYPE_CHECKING:
    from lark import Lark

LONGEST = 300
"""Characters of a question."""
_GRAMMAR = r"""
start: plan | what_if | decided | limit | similar | since | why | changed | orders | waiting
     | alarms | running | wrong | value

plan.90:    PLAN _w (TAKE | OUT) _w | AT _w _what _w OUT _w | AT _w OUT _w _what _w
          | AT _w TAKE _w _what _w | _w (TAKE | HAND) _w _what _w OUT _w
          | _w NEED _w _what _w OUT _w | _w OUT _w _what _w NEED _w
what_if.85: _w IF _w SUBJECT _w QUANTITY _w | _w SUBJECT _w QUANTITY _w IF _w
          | _w IF _w SUBJECT _w
decided.80: _w DECIDED _w | _w WHO _w REQUEST _w
limit.75:   _w UNTIL _w SUBJECT _w | _w SUBJECT _w UNTIL _w
similar.70: _w SIMILAR _w
since.65:   _w SINCE _w SUBJECT _w | _w SUBJECT _w SINCE _w
          | _w WHEN _w SUBJECT _w (DIRECTION | LEVEL | SIDE) _w
why.60:     _w WHY _w SUBJECT _w | _w SUBJECT _w WHY _w
changed.55: _w CHANGED _w
orders.50:  _w ORDER _w
waiting.45: _w WAITING _w | _w REQUEST _w
alarms.40:  _w ALARM _w
running.35: _w KIND _w RUN _w | _w RUN _w KIND _w
wrong.30:   _w (WRONG | THINK | AGENT) _w | _w WHY _w
value.10:   _w _what _w

_what: SUBJECT | KIND
_w: _any*
"""
_TERMINALS = (
    "ACT", "ACTIVE", "AGENT", "AGO", "ALARM", "APPROVAL", "AT", "BACK", "BE", "BEFORE", "CAME",
    "CASE", "CHANGED", "CLOSED", "COMMAND", "CONDITION", "DECIDED", "DIRECTION", "DUE",
    "EXCEPT", "HAND", "HOW", "IF", "KIND", "LENGTH", "LEVEL", "LIMIT", "MODAL", "MODE", "NEED",
    "NOT", "NOW", "OPEN", "ORDER", "OUT", "PLAN", "QUANTITY", "RECENT", "REQUEST", "RUN",
    "SETPOINT", "SHOW", "SIDE", "SIMILAR", "SINCE", "SPAN", "STATISTIC", "STILL", "STOPPED",
    "SUBJECT", "TAKE", "THINK", "TODAY", "TRIP", "UNTIL", "WAITING", "WHEN", "WHICH", "WHO",
    "WHY", "WISH", "WRONG",
)  # fmt: skip
_ORDERS = {"ACT", "COMMAND"}
_BESIDE = {"AGO", "AT", "BE", "CASE", "LENGTH", "REQUEST", "SHOW", "SPAN"}


def parse_question(text: str, site: Site) -> Question:
    """Returns the question of a text.

    Raises:
        NotUnderstood: It is outside the grammar; with the nearest three questions.
    """
    if len(text) > LONGEST:
        reason = f"a question has at most {LONGEST} characters"
        raise NotUnderstood(reason, nearest([], site), is_final=True)
    found = read_words(text, site)
    if not found.kinds or _is_order(found):
        raise _outside(found, site)
    from lark.exceptions import LarkError

    try:
        tree = _parser().parse(" ".join(found.kinds))
    except LarkError:
        raise _outside(found, site) from None
    intent = str(cast("str", tree.children[0].data)).replace("_", "-")  # type: ignore[union-attr]
    if intent == "value" and found.subjects:
        intent = _intent_about(found.subjects[0], text)
    check_question(cast("Intent", intent), text, found, site)
    tokens = left_out(cast("Intent", intent), found)
    if tokens and not can_be_ignored(cast("Intent", intent), tokens):
        near = nearest(found.kinds, site, found.subjects)
        is_final = any(each.kind in _ORDERS for each in tokens)
        raise NotUnderstood(left_out_text(tokens), near, is_final=is_final)
    question = found.question(text, cast("Intent", intent), found.subjects)
    return replace(question, ignored=tuple(each.text for each in tokens))


def _is_order(found: Words) -> bool:
    first = next((each for each in found.tokens if each.kind not in {"", *_BESIDE}), None)
    if first is None or "ORDER" in found.kinds:
        return False
    return first.kind in _ORDERS or first.text in {"open", "close"}


def _intent_about(subject: Subject, text: str) -> Intent:
    """Returns the kind of a question that only names something."""
    if subject.kind == "tag":
        return "value"
    if subject.kind == "class":
        return "running"
    if asks_for_cause(text):
        return "why"
    return "since" if asks_for_event(text) else "condition"


def _outside(found: Words, site: Site) -> NotUnderstood:
    reason = "that is no question that can be answered; a question changes nothing either"
    kinds = ["TAKE", "OUT", "NEED"] if "PLAN" in found.kinds else found.kinds
    is_final = not _ORDERS.isdisjoint(found.kinds)
    if "PLAN" in found.kinds:
        reason = ONLY_OUT
    elif is_final:
        reason = "a question changes nothing in the plant; only a command of a person does"
    reason = missing_name_text(found.tokens) or f"{reason}. Try:"
    return NotUnderstood(reason, nearest(kinds, site, found.subjects), is_final=is_final)


@cache
def _parser() -> "Lark":
    from lark import Lark

    return Lark(
        "\n".join((_GRAMMAR, *_definitions())) + '\n%ignore " "\n', parser="earley", lexer="dynamic"
    )


def _definitions() -> Iterator[str]:
    yield f"_any: {' | '.join(each for each in _TERMINALS if each != 'PLAN')}"
    yield from (f'{each}: "{each}"' for each in _TERMINALS)
