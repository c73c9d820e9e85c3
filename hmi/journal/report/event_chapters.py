"""Writes the chapters of the report about runs and about the site."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, cast

from handwheel.tools.guardrails.approval.shift_handover import HANDED_OVER
from handwheel.tools.guardrails.ledger.runs import ORDERED, PREFIX
from handwheel.tools.safe_text import plain, printable

from ..rows.entries import JournalEntry
from ..rows.row_text import event_name, event_text, row_text
from ..rows.term_explanations import clock_time, key_values
from .layout import ReportWriter
from .shift_handover import write_shift_handover
from .signatures import Signatures


def write_site(
    report: ReportWriter, entries: Sequence[JournalEntry], signatures: Signatures
) -> None:
    """Writes the rows about the site, such as gates, lockouts, authority and keys."""
    running = ""
    for day, of_day in groupby(entries, lambda each: plain(each.at)[:10]):
        report.paragraph("")
        report.paragraph(f"on {day}, UTC:")
        for entry in of_day:
            _write_entry(report, entry, signatures)
            if entry.kind == "gate.started" and running:
                report.field("", f"the end of gate {running} was not recorded: {_NO_END}", 2)
            running = {"gate.started": plain(entry.subject), "gate.stopped": ""}.get(
                entry.kind, running
            )


def _write_entry(report: ReportWriter, entry: JournalEntry, signatures: Signatures) -> None:
    if entry.kind == "decision":
        signatures.write(report, entry, f"{clock_time(entry.at)}  ")
        return
    report.field(clock_time(entry.at), site_event_text(entry), 2)
    if entry.kind == HANDED_OVER:
        write_shift_handover(report, entry, signatures)


def site_event_text(entry: JournalEntry) -> str:
    """Returns the text of a row about the site, or its keys and values."""
    own = row_text(entry.kind, entry.subject, entry.body)
    if own is None:
        subject = printable(entry.subject)
        return f"{plain(entry.kind)}: {subject}; {key_values(entry.body)}".rstrip("; ")
    return f"{own}; no rights were changed" if entry.kind == HANDED_OVER else own


def write_run(
    report: ReportWriter, run_id: str, entries: Sequence[JournalEntry], signatures: Signatures
) -> None:
    """Writes the chapter of a run."""
    report.chapter(f"RUN {plain(run_id)}", f"rows {entries[0].seq} to {entries[-1].seq}")
    opened = next((each for each in entries if each.kind == f"{PREFIX}opened"), None)
    report.paragraph("")
    if opened is not None:
        _write_opened(report, opened.body)
    report.heading("EVENTS OF THE RUN")
    for day, of_day in groupby(entries, lambda each: plain(each.at)[:10]):
        report.paragraph(f"on {day}, UTC:")
        for entry in of_day:
            _write_event(report, entry, signatures)


def _write_opened(report: ReportWriter, body: Mapping[str, Any]) -> None:
    playbook, version = plain(str(body.get("playbook"))), plain(str(body.get("version")))
    report.field("playbook", f"{playbook}, version {version}")
    report.field("", f"the file's SHA-256 is {plain(str(body.get('digest')))}")
    report.field("title", printable(str(body.get("title"))))
    report.field("trigger", printable(str(body.get("condition"))))
    report.field("equipment", key_values({"": body.get("assets")}).removeprefix(": "))
    parameters: object = body.get("parameters")
    if isinstance(parameters, Mapping):
        report.field("with", key_values(cast("Mapping[str, Any]", parameters)) or "no parameters")


def _write_event(report: ReportWriter, entry: JournalEntry, signatures: Signatures) -> None:
    if entry.kind == "decision":
        signatures.write(report, entry, f"{clock_time(entry.at)}  ")
        return
    is_silent = entry.kind.removeprefix(PREFIX) in _SILENT
    words = event_text(entry.kind, entry.body) or ("" if is_silent else key_values(entry.body))
    text = f"{plain(event_name(entry.kind)).upper()}{f': {words}' if words else ''}"
    report.field(clock_time(entry.at), text)
    if entry.kind == ORDERED and not entry.body.get("signature"):
        report.field("", "not signed: the order needs no key; the name is that of the system user")


_NO_END = "it was killed, lost power, or had an older version"
_SILENT = frozenset({"started", "completing", "completed"})
