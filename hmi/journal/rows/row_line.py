"""Formats a row of the journal and the result of an audit as lines."""

import json
from collections.abc import Mapping
from typing import Any, cast

from handwheel.tools.guardrails.audit.audit import Audit
from handwheel.tools.guardrails.ledger.store.journal import JournalRow
from handwheel.tools.guardrails.signatures.decisions import VerdictName
from handwheel.tools.safe_text import plain, printable

from ...requests.write_followup import MET_BEFORE, row_effect_text, was_met_before
from ...shell.terminal.wrap import fold

VERDICTS: Mapping[VerdictName, tuple[str, str]] = {
    "propose": ("proposal", "proposals"),
    "approve": ("approval", "approvals"),
    "reject": ("rejection", "rejections"),
    "revoke": ("revocation", "revocations"),
    "resolve-applied": ("write found applied", "writes found applied"),
    "resolve-not-applied": ("write found not applied", "writes found not applied"),
    "release": ("release of a lockout", "releases of lockouts"),
    "revoke-key": ("key revoked", "keys revoked"),
    "grant-authority": ("grant of authority", "grants of authority"),
    "end-maintenance": ("end of maintenance", "ends of maintenance"),
    "resume-run": ("order to resume", "orders to resume"),
    "abort-run": ("order to abort", "orders to abort"),
    "start-run": ("order to start", "orders to start"),
    "clear-run": ("order to clear", "orders to clear"),
    "sign-off-run": ("sign-off of a step", "sign-offs of steps"),
    "answer-check": ("answer to a question", "answers to questions"),
    "end-shift": ("shift ended", "shifts ended"),
    "take-shift": ("shift taken", "shifts taken"),
}
"""Kind of a decision in words, for one and for several."""

_WIDTH = 22
_INDENT = 21  # a folded row continues below its kind
_HASH = 64
_LONG = 600  # characters of the bytes of a frame


def show_row(row: JournalRow, *, as_json: bool) -> str:
    """Returns a row as a line, or as JSON."""
    fields = row.fields
    if as_json:
        return json.dumps({**fields, "hash": row.hash})
    time, kind = fields["at"][11:23], plain(fields["kind"])
    line = f"{row.seq:>5}  {time}  {kind:<{_WIDTH}} {_row_text(fields)}"
    return fold(line.rstrip(), _INDENT)


def verdicts_line(found: Audit) -> str:
    """Returns the number of decisions of each kind, the most frequent first."""
    kinds = sorted(found.verdicts.items(), key=lambda each: -each[1])
    texts = [f"{number} {VERDICTS[name][number > 1]}" for name, number in kinds]
    return f"decisions {found.decisions}: {', '.join(texts) or 'nobody has signed anything'}"


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
    body = cast(Mapping[str, Any], fields["body"])
    if kind == "request.filed":
        return f"{subject}  {plain(str(body['digest'])[:16])}…"
    if kind == "decision":
        return f"{subject}  {_decision(str(body['text']))}"
    if kind == "action.intent":
        return f"{subject}  {plain(str(body['wire']), _LONG)}"
    if kind.startswith("effect."):
        before = f"{MET_BEFORE}; " if was_met_before(body) else ""
        return f"{subject}  {before}{row_effect_text(body)}"
    if kind == "lease.open":
        stays = f"{body['tag']} = {body['wrote']} was not undone (before: {body['was']})"
        return f"{subject}  {printable(stays)}: {printable(str(body['reason']))}"
    is_authority = kind.startswith("authority.")
    reason = _authority(body) if is_authority else printable(str(body.get("reason", "")))
    parts = [subject, f"ended: {reason}" if kind == "gate.resumed" else reason]
    parts += [f"epoch {plain(str(body['epoch']))}"] if kind.startswith("gate.") else []
    return "  ".join(part for part in parts if part)


def _authority(body: Mapping[str, Any]) -> str:
    until = f", until {printable(str(body['until']))}" if "until" in body else ""
    return f"{printable(str(body.get('mode')))} by {printable(str(body.get('person')))}{until}"


def _decision(text: str) -> str:
    from handwheel.tools.guardrails.signatures.decisions import parse_decision

    decision = parse_decision(text)
    attended = "" if decision.attended else " (unattended)"
    return f"{decision.verdict} by {printable(decision.person)}{attended}"
