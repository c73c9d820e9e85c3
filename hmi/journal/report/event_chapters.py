"""Writes the chapters of the report about runs and about the site."""

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any, cast

from handwheel.tools.guardrails.approval.shift_handover import HANDED_OVER
from handwheel.tools.guardrails.ledger.runs import ORDERED, PREFIX
from handwheel.tools.safe_text import plain, printable

from ...people.lockout_lines import note_text
from ..rows.entries import JournalEntry
from ..rows.row_text import row_text, value_of
from ..rows.run_text import event_name, run_event_text
from ..rows.term_explanations import clock_time, key_values, moment, scope_text
from .file_changes import FILES
from .layout import ReportWriter
from .open_items import mode_meaning
from .shift_handover import shift_handover_text, write_shift_handover
from .signatures import Signatures

_Words = Callable[[str, Mapping[str, Any]], str]


def _handed_over(subject: str, body: Mapping[str, Any]) -> str:
    by, until = _person(body), moment(str(body.get("until")))
    return f"authority over {subject} was granted to agents by {by}, until {until}"


def _taken(subject: str, body: Mapping[str, Any]) -> str:
    person, mode = _person(body), plain(str(body.get("mode")))
    whose = {
        "seat": f"at the open console of {person}",
        "user": f"by the system user {person}",
        "signature": f"by {person}",
    }.get(str(body.get("by")), f"in the name of {person} (an open console, or the system user)")
    text = f"authority over {subject} was taken {whose}"
    signed = "Signed" if body.get("by") == "signature" else "Not signed"
    return f"{text}: {mode}, {mode_meaning(mode)}. {signed}"


def _refused(subject: str, body: Mapping[str, Any]) -> str:
    about = f" about {subject}" if subject else ""
    return f"a decision of {_person(body)}{about} was refused: {value_of(body, 'reason')}"


def _locked(subject: str, body: Mapping[str, Any]) -> str:
    locked = f"{subject} was LOCKED OUT (lockout number {value_of(body, 'generation')} there)"
    if not body.get("said"):
        return f"{locked}; by whom is not known, because a lockout needs no login"
    return f"{locked}; {note_text(str(body['said']))}"


def _suspended(subject: str, body: Mapping[str, Any]) -> str:
    suspended = f"gate {value_of(body, 'epoch')} SUSPENDED {scope_text(subject)}"
    return f"{suspended}: {value_of(body, 'reason')}; it sends nothing there"


def _resumed(subject: str, body: Mapping[str, Any]) -> str:
    return (
        f"gate {value_of(body, 'epoch')} ended the suspension of {scope_text(subject)} from "
        f"{moment(str(body.get('since')))}: {value_of(body, 'reason')}"
    )


_WORDS: Mapping[str, _Words] = {
    "ledger.created": lambda subject, body: f"the journal of {subject} was created",
    "gate.started": lambda subject, body: (
        f"gate {subject} started (process {value_of(body, 'pid')})"
    ),
    "gate.stopped": lambda subject, body: f"gate {subject} stopped on request",
    "gate.suspended": _suspended,
    "gate.resumed": _resumed,
    "lease.taken": lambda subject, body: (
        f"the agents process {value_of(body, 'pid')} started to work on the site's runs"
    ),
    "lease.given_back": lambda subject, body: (
        f"the agents process {value_of(body, 'pid')} ended its work"
    ),
    "authority.given": _handed_over,
    "authority.taken": _taken,
    "lockout.latched": _locked,
    "lockout.released": lambda subject, body: (
        f"lockout number {value_of(body, 'generation')} of {subject} "
        "was released; the signature is in the row before"
    ),
    HANDED_OVER: lambda subject, body: f"{shift_handover_text(body)}; no rights were changed",
    "decision.refused": _refused,
    FILES: lambda subject, body: value_of(body, "words"),
}


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
    report.field(clock_time(entry.at), event_text(entry), 2)
    if entry.kind == HANDED_OVER:
        write_shift_handover(report, entry, signatures)


def event_text(entry: JournalEntry) -> str:
    """Returns the text of a row about the site, or its keys and values."""
    words = _WORDS.get(entry.kind)
    subject = printable(entry.subject)
    if words is None:
        own = row_text(entry.kind, entry.subject, entry.body)
        return own or f"{plain(entry.kind)}: {subject}; {key_values(entry.body)}".rstrip("; ")
    return words(subject, entry.body)


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
    kind = entry.kind.removeprefix(PREFIX)
    words = run_event_text(kind, entry.body) or ("" if kind in _SILENT else key_values(entry.body))
    text = f"{plain(event_name(kind)).upper()}{f': {words}' if words else ''}"
    report.field(clock_time(entry.at), text)
    if entry.kind == ORDERED and not entry.body.get("signature"):
        report.field("", "not signed: the order needs no key; the name is that of the system user")


_NO_END = "it was killed, lost power, or had an older version"
_SILENT = frozenset({"started", "completing", "completed"})


def _person(body: Mapping[str, Any]) -> str:
    return printable(str(body.get("person", ""))) or "an unknown person"
