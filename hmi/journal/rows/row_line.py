"""Formats a row of the journal and the result of an audit as lines."""

import json
from collections.abc import Mapping
from typing import Any, cast

from handwheel.tools.guardrails.audit.audit import Audit
from handwheel.tools.guardrails.ledger.runs import PREFIX
from handwheel.tools.guardrails.ledger.store.journal import JournalRow
from handwheel.tools.guardrails.signatures.decisions import parse_decision
from handwheel.tools.safe_text import plain, printable

from ...requests.write_followup import row_effect_text
from ...shell.terminal.templates import render_line
from ...shell.terminal.wrap import fold
from .row_text import CASES, event_name, event_text, texts

_WIDTH = 22
_INDENT = 21  # a folded row continues below its kind
_HASH = 64
_EVENT = 12
_EVENT_INDENT = 22


def show_row(row: JournalRow, *, as_json: bool) -> str:
    """Returns a row as a line, or as JSON."""
    fields = row.fields
    if as_json:
        return json.dumps({**fields, "hash": row.hash})
    time, kind = fields["at"][11:23], plain(fields["kind"])
    line = f"{row.seq:>5}  {time}  {kind:<{_WIDTH}} {_row_text(fields)}"
    return fold(line.rstrip(), _INDENT)


def show_run_row(row: JournalRow, *, as_json: bool) -> str:
    """Returns a row about a run or a case as a line. Others give an empty one."""
    if not row.fields["kind"].startswith((PREFIX, CASES)):
        return ""
    return show_row(row, as_json=True) if as_json else run_event_line(row.fields)


def run_event_line(fields: Mapping[str, Any]) -> str:
    """Returns the fields of a row about a run or a case as a line, with the time of day."""
    kind = str(fields["kind"])
    head = f"{str(fields['at'])[11:19]}  {fields['subject']}  {event_name(kind):<{_EVENT}}"
    return fold(f"{printable(head)} {event_text(kind, fields['body'])}".rstrip(), _EVENT_INDENT)


def verdicts_line(found: Audit) -> str:
    """Returns the number of decisions of each kind, the most frequent first."""
    kinds = sorted(found.verdicts.items(), key=lambda each: -each[1])
    shown = [f"{number} {texts()['decisions'][name][number > 1]}" for name, number in kinds]
    return f"decisions {found.decisions}: {', '.join(shown) or 'nobody has signed anything'}"


def audit_line(found: Audit) -> str:
    """Returns the numbers of checked rows and of faults."""
    checked = (
        f"rows {found.rows}, requests {found.requests}, decisions {found.decisions}, "
        f"intents {found.intents}"
    )
    return f"{checked}: {f'faults {len(found.faults)}' if found.faults else 'nothing is wrong'}"


def _row_text(fields: Mapping[str, Any]) -> str:
    kind, subject = str(fields["kind"]), printable(str(fields["subject"]))
    if len(subject) == _HASH:
        subject = f"{subject[:16]}…"
    body, table = cast(Mapping[str, Any], fields["body"]), texts()["line"]
    values = {**body, "decided": _decision, "effect_text": row_effect_text, "body": body}
    templates = table.get(kind) or table.get(kind.partition(".")[0]) or table["other"]
    parts = (subject, *(render_line(each, values, "None") for each in templates))
    return "  ".join(each for each in parts if each)


def _decision(text: str) -> str:
    decision = parse_decision(text)
    attended = "" if decision.attended else " (unattended)"
    return f"{decision.verdict} by {printable(decision.person)}{attended}"
