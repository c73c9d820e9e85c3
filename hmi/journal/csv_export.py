"""Exports the journal as CSV (RFC 4180) without cells that a spreadsheet computes."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import StringIO
from typing import Any

from handwheel.tools.guardrails.approval.shift_handover import HANDED_OVER, PARTS
from handwheel.tools.guardrails.signatures.decisions import DecisionRefused, parse_decision
from handwheel.tools.requests.request import Action
from handwheel.tools.safe_text import plain, printable

from ..shell.terminal.templates import WHOLE
from .rows.entries import Journal, JournalEntry
from .rows.row_text import key_values, spaced_hex, summary_of

COLUMNS = (
    "seq", "at", "kind", "subject", "request", "run", "person", "role", "verdict", "meaning",
    "signed_at", "attended", "key", "equipment", "tag", "from", "to", "before", "after", "unit",
    "wire", "sent", "readback", "reason", "epoch", "generation", "more",
)  # fmt: skip
"""The columns, in order."""

# Spreadsheets compute a cell that begins so. In countries with the semicolon as separator they
# also split a line there.
_FORMULA = re.compile(r"(^|;)(\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")
_NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_OWN = frozenset(
    {"person", "from", "to", "before", "wire", "sent", "readback", "reason", "epoch", "generation"}
)
_OF_EQUIPMENT = ("lockout.", "authority.", "heartbeat.")
_WORDS = frozenset(PARTS)
_SIGNED_OF = frozenset({"lockout", "authority"})
_SHOWN_ELSEWHERE = frozenset({"text", "signature", "card", "chain", "digest", "request_id"})


def write_csv(
    journal: Journal, entries: Iterable[JournalEntry], write: Callable[[str], object]
) -> None:
    """Writes a heading and a line for each row, with carriage return and line feed."""
    actions = {
        action.action_id: action
        for history in journal.requests.values()
        for action in history.actions
    }
    filed = {history.entries[0].seq: history.request for history in journal.requests.values()}
    requests = {
        entry.seq: history.request_id
        for history in journal.requests.values()
        for entry in history.entries
    }
    write(_line(COLUMNS))
    for entry in entries:
        cells = dict(_cells(entry, actions.get(entry.subject)))
        cells["request"] = requests.get(entry.seq, "")
        if (request := filed.get(entry.seq)) is not None:
            cells |= {"person": request.proposer.shown, "reason": request.reason}
            cells["more"] = f"{request.risk_class}; {request.quorum} of {', '.join(request.roles)}"
        write(_line(_cell(cells.get(name, "")) for name in COLUMNS))


def _cells(entry: JournalEntry, action: Action | None) -> Iterator[tuple[str, object]]:
    yield from (("seq", entry.seq), ("at", entry.at), ("kind", entry.kind))
    yield from (("subject", entry.subject), ("run", _run(entry)))
    if action is not None:
        yield from (("equipment", action.equipment), ("tag", action.tag))
        yield from (("after", action.shown), ("unit", action.unit))
    yield from ((key, value) for key, value in entry.body.items() if key in _OWN)
    # In pairs, because a spreadsheet takes 01050000ff00 for a number and drops its first digit.
    yield "wire", spaced_hex(entry.body.get("wire", ""))
    if equipment := _equipment(entry):
        yield "equipment", equipment
    if entry.kind == HANDED_OVER:
        yield from _handed_over(entry)
    yield from _signature(entry.body)
    hidden = _OWN | _SHOWN_ELSEWHERE | (_WORDS if entry.kind == HANDED_OVER else frozenset[str]())
    yield "more", key_values({k: v for k, v in entry.body.items() if k not in hidden})


def _equipment(entry: JournalEntry) -> str:
    """Returns the equipment or `site` of a lockout or an authority, or an empty string."""
    if entry.kind.startswith(_OF_EQUIPMENT):
        return entry.subject
    word, _, rest = entry.subject.partition(":")
    return rest.partition(":")[0] if entry.kind == "decision" and word in _SIGNED_OF else ""


def _handed_over(entry: JournalEntry) -> Iterator[tuple[str, object]]:
    summary = summary_of(entry.body["card"])
    yield "person", f"{summary.leaving}, {summary.coming}"
    yield "reason", summary.note or ""


def _signature(body: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    if "signature" not in body:
        return
    try:
        decision = parse_decision(str(body.get("text")))
    except DecisionRefused as refusal:
        yield "reason", str(refusal)
        return
    yield from (("person", decision.person), ("role", decision.role))
    yield from (("verdict", decision.verdict), ("meaning", decision.meaning))
    yield from (("signed_at", decision.signed_at), ("attended", decision.attended))
    yield from (("key", decision.key_id), ("reason", decision.comment or ""))


def _run(entry: JournalEntry) -> str:
    is_of_run = entry.kind.startswith("run.") or entry.subject.startswith("run:")
    return plain(entry.subject.removeprefix("run:").partition(":")[0]) if is_of_run else ""


def _cell(value: object) -> str:
    """Returns a value as text on one line that no spreadsheet takes for a formula."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = printable(str(value), WHOLE)
    return text if _NUMBER.fullmatch(text) else _FORMULA.sub(r"\1\2'", text)


def _line(cells: Iterable[str]) -> str:
    line = StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()
