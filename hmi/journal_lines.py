"""The journal for people: a row as one line, and what an audit found."""

from collections.abc import Mapping
from typing import Any, cast

from handwheel.tools.guardrails.audit import Audit
from handwheel.tools.guardrails.ledger.journal import Row
from handwheel.tools.guardrails.printable import printable

_WIDTH = 22


def journal_line(row: Row) -> str:
    """Returns one line: number, time, what, about what, and why."""
    fields = row.fields
    time = str(fields["at"])[11:23]
    return f"{row.seq:>5}  {time}  {fields['kind']:<{_WIDTH}} {_told(fields)}".rstrip()


def audit_line(found: Audit) -> str:
    """Returns how much was judged, and whether anything is wrong."""
    judged = (
        f"rows {found.rows}, requests {found.requests}, decisions {found.decisions}, "
        f"intents {found.intents}"
    )
    return f"{judged}: {f'faults {len(found.faults)}' if found.faults else 'nothing is wrong'}"


def journal_fields(row: Row) -> dict[str, object]:
    """Returns the row for programs, its hash included."""
    return {**row.fields, "hash": row.hash}


def _told(fields: Mapping[str, Any]) -> str:
    kind, subject = str(fields["kind"]), printable(str(fields["subject"]))
    body = cast(Mapping[str, Any], fields["body"])
    if kind == "request.filed":
        return f"{subject}  {str(body['digest'])[:16]}…"
    if kind == "decision":
        return f"{subject}  {_decision(str(body['text']))}"
    if kind == "action.intent":
        return f"{subject}  {body['wire']}"
    parts = [subject, printable(str(body.get("reason", "")))]
    parts += [f"epoch {body['epoch']}"] if kind.startswith("gate.") else []
    return "  ".join(part for part in parts if part)


def _decision(text: str) -> str:
    from handwheel.tools.guardrails.decisions import DecisionRefused, parse_decision

    try:
        decision = parse_decision(text)
    except DecisionRefused as refusal:
        return str(refusal)
    attended = "" if decision.attended else " (unattended)"
    return f"{decision.verdict} by {printable(decision.person)}{attended}"
