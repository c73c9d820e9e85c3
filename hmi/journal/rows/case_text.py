"""Formats each event of a case as text."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from handwheel.connectors.hints import NEXT
from handwheel.tools.safe_text import LONG, printable

CASES = "case."
"""What stands before the kind of a case's event in the journal."""
ROW_FAULTS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""Errors raised while showing an event that agents have written oddly."""


def without_commands(reason: object) -> str:
    """Returns a reason without the commands that its parts end with."""
    return "; ".join(each for each in str(reason).split("; ") if not each.startswith(NEXT))


def _what(body: Mapping[str, Any]) -> str:
    """Returns the playbook that has opened or joined a case, else the alarm or the hypothesis."""
    return str(body["playbook"] or body["deviation"])


def _returned(body: Mapping[str, Any]) -> str:
    state, reason = body["state"], without_commands(body["reason"])
    return f"{body['run_id']} is {state}" + (f": {reason}" if reason != state else "")


def _judged(body: Mapping[str, Any]) -> str:
    problem = body.get("plan", {}).get("problem", "")
    text = _judgement(body) + (f"; {problem}" if problem else "")
    return by_agent(body, text)


def by_agent(body: Mapping[str, Any], text: str) -> str:
    """Returns the text of an event with the agent before it that the row names, if it does."""
    return f"{body['agent']}: {text}" if body.get("agent") else text


def _judgement(body: Mapping[str, Any]) -> str:
    if body.get("run_id"):
        prevented = (
            f"; not by {each['playbook']}: {without_commands(each['reason'])}"
            for each in body["candidates"]
            if each["code"]
        )
        return f"{body['run_id']} answers it by {body['choice']}{''.join(prevented)}"
    if body.get("asks"):
        writes = [each for each in body["asks"]["steps"] if "tag" in each]
        changes = ", ".join(f"{each['tag']} {change_text(each)}" for each in writes)
        return f"it would ask by {body['choice']}: {changes or 'no write'}"
    return f"nothing is asked for: {without_commands(body['reason'])}"


def change_text(write: Mapping[str, Any]) -> str:
    """Returns what a shadow would write as text, from now to proposed."""
    change = printable(f"{write['now']} → {write['value']} {write['unit']}".rstrip())
    return f"{change}, already so" if write["already"] else change


def _answered(body: Mapping[str, Any]) -> str:
    """Returns an answer as it was signed, with the question."""
    card = json.loads(body["card"])
    note = f" ({card['note']})" if "note" in card else ""
    return f"{card['question']} {card['answer']}, by {body['person']}{note}"


_NAMES = {"returned": "given back"}
_WORDS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "opened": lambda body: f"{_what(body)}: {body['condition']}",
    "ordered": lambda body: f"{body['playbook']}: a start, by {body['person']}",
    "joined": lambda body: f"{_what(body)}: {body['condition']}",
    "answered": _answered,
    "judged": _judged,
    "promised": lambda body: str(body["text"]),
    "measured": lambda body: str(body["text"]),
    "returned": _returned,
    "escalated": lambda body: f"to {', '.join(body['to'])}: {body['text']}",
}


def case_event_name(kind: str) -> str:
    """Returns the name under which an event of a case is shown."""
    return _NAMES.get(kind, kind)


def case_event_text(kind: str, body: Mapping[str, Any]) -> str:
    """Returns the text of a case's event, printable and on one line."""
    words = _WORDS.get(kind)
    try:
        text = words(body) if words else str(body.get("reason", ""))
    except ROW_FAULTS:
        text = "cannot be read"
    return printable(text, LONG)
