"""Writes a shift handover into the report, with summary and both signatures."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from handwheel.tools.guardrails.approval.shift_handover import PARTS
from handwheel.tools.safe_text import printable

from ..rows.entries import JournalEntry
from .layout import ReportWriter
from .signatures import Signatures, card_of


def write_shift_handover(report: ReportWriter, entry: JournalEntry, signatures: Signatures) -> None:
    """Writes the summary that was shown, and both signatures."""
    for label, text in _shown(card_of(entry)):
        report.field(label, text, 5)
    for part in PARTS:
        signed = entry.body.get(part)
        body: dict[str, Any] = {"card": entry.body.get("card")}
        if isinstance(signed, Mapping):
            body |= cast("Mapping[str, Any]", signed)
        signatures.write(
            report, JournalEntry(entry.seq, entry.at, "decision", entry.subject, body), ""
        )


def shift_handover_text(subject: str, body: Mapping[str, Any]) -> str:
    """Returns who handed over to whom (or the subject), and the last row in the summary."""
    card = card_of(JournalEntry(0, "", "", subject, body))
    leaving, coming, seq = (card.get(key) for key in ("leaving", "coming", "seq"))
    if not (isinstance(leaving, str) and isinstance(coming, str) and isinstance(seq, int)):
        return f"the shift was handed over: {subject}"
    who = f"{printable(leaving)} handed the shift over to {printable(coming)}"
    return f"{who} (the summary ends with row {seq})"


def _shown(card: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "since", printable(str(card.get("since")))
    sections: object = card.get("sections")
    for each in cast("list[object]", sections) if isinstance(sections, list) else []:
        if not isinstance(each, Mapping):
            continue
        section = cast("Mapping[str, Any]", each)
        label = f"{printable(str(section.get('title')))}:"
        found: object = section.get("lines")
        lines = cast("list[object]", found) if isinstance(found, list) else []
        for line in lines or ["none"]:
            yield label, printable(str(line), 300)
            label = ""
        if more := section.get("more"):
            yield "", f"and {printable(str(more))} more, not shown"
    if note := card.get("note"):
        yield "note", f'"{printable(str(note), 1000)}"'
