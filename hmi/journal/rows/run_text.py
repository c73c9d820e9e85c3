"""Formats each event of a run or a case as a line."""

import json
from collections.abc import Callable, Mapping
from typing import Any, cast

from handwheel.tools.guardrails.ledger.runs import PREFIX
from handwheel.tools.guardrails.ledger.store.journal import JournalRow
from handwheel.tools.safe_text import printable

from ...shell.terminal.wrap import fold
from .case_text import CASES, ROW_FAULTS, by_agent, case_event_name, case_event_text

_INDENT = 22
_KIND = 12


def _evaluated(body: Mapping[str, Any]) -> str:
    blocked = [str(each) for each in body["blocked_by"]]
    return f"blocked by {', '.join(blocked)}" if blocked else "nothing blocks it"


def _not_started(body: Mapping[str, Any]) -> str:
    suggested = f"; see {body['suggested']}" if body.get("suggested") else ""
    return f"{body['reason']}{suggested}"


_NAMES = {"filed": "submitted", "judged": "evaluated"}  # recorded by a shorter word
_Words = Callable[[Mapping[str, Any]], str]
_WORDS: Mapping[str, _Words] = {
    "opened": lambda body: by_agent(body, f"{body['title']}: {body['condition']}"),
    "judged": _evaluated,
    "not_started": _not_started,
    "already_so": lambda body: (
        f"{body['step']}: {body['reason']}; it is not asked for"
        if body["tags"]
        else f"{body['step']}: its writes are not so any more"
    ),
    "filed": lambda body: f"{body['request_id']} for {', '.join(body['steps'])}",
    "approved": lambda body: str(body["request_id"]),
    "lapsed": lambda body: f"{body['request_id']}: {body['reason']}; its steps are skipped",
    "asked": lambda body: f"{body['step']}: {body['role']} signs off: {body['text']}",
    "signed_off": lambda body: f"{body['step']} by {body['person']}",
    "step": lambda body: f"{body['step']} {body['to']}  {body['reason']}",
    "slow": lambda body: f"{body['reason']}; shorten the scan time, or slow the simulated plant",
    "due": lambda body: str(body["action_id"]),
    "expected": lambda body: f"{'met' if body['kept'] else 'NOT MET'}: {body['shown']}",
    "raised": lambda body: (
        f"{body['workorder']} {body['asset']}: {body['title']}"
        + (f" (open already, of {body['raised_by']})" if body.get("raised_by") else "")
    ),
    "ran": lambda body: f"{body['step']} runs {body['playbook']} as {body['run_id']}",
    "notified": lambda body: f"{', '.join(body['to'])}: {body['text']}",
    "undone": lambda body: f"{body['action_id']} {body['state']}: {body['reason']}",
    "undo_verified": lambda body: str(body["action_id"]),
    "violated": lambda body: str(body["reason"]) or "no invariant any more",
    "escalated": lambda body: f"to {', '.join(body['to'])}",
    "ordered": lambda body: f"{body['order']} by {body['person']}",
    "order_refused": lambda body: f"{body['asked']} by {body['person']}: {body['reason']}",
}


def show_run_row(row: JournalRow, *, as_json: bool) -> str:
    """Returns a row about a run or a case as a line. Others give an empty one."""
    fields = row.fields
    if not fields["kind"].startswith((PREFIX, CASES)):
        return ""
    if as_json:
        return json.dumps({**fields, "hash": row.hash})
    return run_event_line(fields)


def run_event_line(fields: Mapping[str, Any]) -> str:
    """Returns the fields of a row about a run or a case as a line, with the time of day."""
    about, _, event = str(fields["kind"]).partition(".")
    body, is_case = cast(Mapping[str, Any], fields["body"]), f"{about}." == CASES
    name = case_event_name(event) if is_case else event_name(event)
    text = case_event_text(event, body) if is_case else run_event_text(event, body)
    head = printable(f"{str(fields['at'])[11:19]}  {fields['subject']}  {name:<{_KIND}}")
    line = f"{head} {text}"
    return fold(line.rstrip(), _INDENT)


def event_name(kind: str) -> str:
    """Returns the name under which an event of a run is shown."""
    return _NAMES.get(kind, kind.replace("_", " "))


def run_event_text(kind: str, body: Mapping[str, Any]) -> str:
    """Returns the text of a run's event, printable and on one line."""
    words = _WORDS.get(kind)
    try:
        text = words(body) if words else str(body.get("reason", ""))
    except ROW_FAULTS:
        text = "cannot be read"
    return printable(text)
