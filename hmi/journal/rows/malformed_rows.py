"""One way to show a row of the journal, whatever somebody has written into it."""

from collections.abc import Callable, Sequence

from handwheel.tools.guardrails.ledger.store.journal import JournalRow
from handwheel.tools.safe_text import plain, printable

from .entries import JournalEntry
from .report_writer import ReportWriter

ROW_FAULTS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What is raised by showing a row that is not written as the gate writes it."""

_KIND, _WHY = 60, 200  # characters


def row_or_fault(
    row: JournalRow, show: Callable[[JournalRow], str], show_fault: Callable[[JournalRow, str], str]
) -> str:
    """Returns a row as a line; of one that cannot be shown, why.

    Args:
        show: Shows what is written as it must be.
        show_fault: Makes a line of a row and the reason why it cannot be shown.
    """
    try:
        return show(row)
    except ROW_FAULTS as fault:
        return show_fault(row, fault_line(row.seq, _kind(row), fault))


def write_row_or_fault(
    report: ReportWriter, entry: JournalEntry, write: Callable[[], None]
) -> None:
    """Writes what a report tells of a row; of one that cannot be shown, why."""
    try:
        write()
    except ROW_FAULTS as fault:
        report.paragraph(fault_line(entry.seq, entry.kind, fault), 2, 4)


def write_rows_or_fault(
    report: ReportWriter, entries: Sequence[JournalEntry], write: Callable[[], None]
) -> None:
    """Writes what a report tells of several rows together; where that breaks off, why."""
    try:
        write()
    except ROW_FAULTS as fault:
        named = f"rows {entries[0].seq} to {entries[-1].seq} " if entries else ""
        report.paragraph(
            f"WHAT FOLLOWS HERE IS LEFT OUT: {named}cannot be shown: {_reason(fault)}", 2, 4
        )


def fault_line(seq: int, kind: str, fault: BaseException) -> str:
    """Returns in a line that, and why, a row cannot be shown."""
    named = f" ({plain(kind, _KIND)})" if kind else ""
    return f"row {seq}{named} cannot be shown: {_reason(fault)}"


def _reason(fault: BaseException) -> str:
    if isinstance(fault, KeyError):
        return f"it has no {plain(str(fault.args[0] if fault.args else 'key'), _KIND)}"
    if isinstance(fault, RecursionError):
        return "it is nested too deeply"
    if isinstance(fault, ValueError):
        return printable(str(fault), _WHY)
    return "something in it is of another type than it must be"


def _kind(row: JournalRow) -> str:
    try:
        return str(row.fields.get("kind", ""))
    except ROW_FAULTS:
        return ""
