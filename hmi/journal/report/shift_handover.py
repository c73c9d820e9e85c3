"""Writes a shift handover into the report, with summary and both signatures."""

from collections.abc import Iterator

from handwheel.tools.guardrails.approval.shift_handover import PARTS, ShiftSummary
from handwheel.tools.safe_text import printable

from ..rows.entries import JournalEntry
from ..rows.row_text import summary_of
from .layout import ReportWriter, labelled
from .signatures import Signatures


def write_shift_handover(report: ReportWriter, entry: JournalEntry, signatures: Signatures) -> None:
    """Writes the summary that was shown, and both signatures."""
    for label, text in summary_fields(summary_of(entry.body["card"])):
        report.field(label, text, 5)
    for part in PARTS:
        body = {**entry.body[part], "card": entry.body["card"]}
        signed = JournalEntry(entry.seq, entry.at, "decision", entry.subject, body)
        signatures.write(report, signed, "")


def summary_fields(summary: ShiftSummary) -> Iterator[tuple[str, str]]:
    """Yields the sections of a summary and its note, each line with its label."""
    yield "since", summary.since
    for section in summary.sections:
        lines = (printable(line, 300) for line in section.lines or ["none"])
        yield from labelled(f"{printable(section.title)}:", lines)
        if section.more:
            yield "", f"and {section.more} more, not shown"
    if summary.note:
        yield "note", f'"{printable(summary.note, 1000)}"'
