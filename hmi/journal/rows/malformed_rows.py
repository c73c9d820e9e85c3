"""Shows rows of the journal, and the reason for each row that is malformed."""

from collections.abc import Callable, Sequence

from handwheel.tools.guardrails.ledger.store.journal import JournalRow
from handwheel.tools.safe_text import plain, printable

from ..report.layout import ReportWriter
from .entries import JournalEntry

ROW_FAULTS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""Errors raised while showing a row that the gate did not write."""

_KIND, _WHY = 60, 200  # characters


def row_or_fault(
    row: JournalRow, show: Callable[[JournalRow], str], show_fault: Callable[[JournalRow, str], str]
) -> str:
    """Returns a row as a line, or the reason if it cannot be shown, by one of two functions."""
    try:
        return show(row)
    except ROW_FAULTS as fault:
        return show_fault(row, fault_line(row.seq, _kind(row), fault))


def write_row_or_fault(
    report: ReportWriter, entry: JournalEntry, write: Callable[[], None]
) -> None:
    """Writes one row into a report, or the reason if it cannot be shown."""
    try:
        write()
    except ROW_FAULTS as fault:
        report.paragraph(fault_line(entry.seq, entry.kind, fault), 2, 4)


def write_rows_or_fault(
    report: ReportWriter, entries: Sequence[JournalEntry], write: Callable[[], None]
) -> None:
    """Writes a section about several rows, and the reason where it breaks off."""
    try:
        write()
    except ROW_FAULTS as fault:
        named = f"rows {entries[0].seq} to {entries[-1].seq} " if entries else ""
        report.paragraph(
            f"THE REST OF THIS PART IS LEFT OUT: {named}cannot be shown: {_reason(fault)}", 2, 4
        )


def fault_line(seq: int, kind: str, fault: BaseException) -> str:
    """Returns the line for a row that cannot be shown, with the reason."""
    named = f" ({plain(kind, _KIND)})" if kind else ""
    return f"row {seq}{named} cannot be shown: {_reason(fault)}"


def _reason(fault: BaseException) -> str:
    if isinstance(fault, KeyError):
        return f"it has no {plain(str(fault.args[0] if fault.args else 'key'), _KIND)}"
    if isinstance(fault, RecursionError):
        return "it is nested too deeply"
    if isinstance(fault, ValueError):
        return printable(str(fault), _WHY)
    return "a value in it has the wrong type"


def _kind(row: JournalRow) -> str:
    try:
        return str(row.fields.get("kind", ""))
    except ROW_FAULTS:
        return ""
