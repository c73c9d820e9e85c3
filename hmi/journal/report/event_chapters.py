"""What the journal tells besides requests: runs and their orders, and the site itself."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, cast

from handwheel.tools.guardrails.approval.shift_handover import HANDED_OVER
from handwheel.tools.guardrails.ledger.runs import ORDERED, PREFIX
from handwheel.tools.safe_text import plain, printable

from ...people.lockout_lines import file_words
from ..rows.entries import UNREADABLE, JournalEntry
from ..rows.malformed_rows import write_row_or_fault
from ..rows.report_writer import ReportWriter
from ..rows.row_text import row_text
from ..rows.run_text import run_event_text
from ..rows.terms import clock_time, key_values, moment
from .file_changes import FILES
from .open_items import mode_meaning
from .shift_handover import shift_handover_text, write_shift_handover
from .signatures import Signatures

_Words = Callable[[str, Mapping[str, Any]], str]


def _handed_over(subject: str, body: Mapping[str, Any]) -> str:
    until = moment(str(body.get("until")))
    return f"{subject} was handed over to agents by {_person(body)}, until {until}"


def _taken(subject: str, body: Mapping[str, Any]) -> str:
    person, mode = _person(body), plain(str(body.get("mode")))
    whose = {
        "seat": f"at the desk of {person}, whose seat was open",
        "user": f"by the system user {person}",
    }.get(str(body.get("by")), f"in the name of {person} (the open seat, or the system user)")
    return f"{subject} was taken over {whose}: {mode}, {mode_meaning(mode)}. It is not signed"


def _refused(subject: str, body: Mapping[str, Any]) -> str:
    about = f" about {subject}" if subject else ""
    return f"a decision of {_person(body)}{about} did not count: {_text(body, 'reason')}"


def _locked(subject: str, body: Mapping[str, Any]) -> str:
    locked = f"{subject} was LOCKED OUT (lockout number {_text(body, 'generation')} there)"
    if not body.get("said"):
        return f"{locked}; by whom, no journal can tell: it needs no login"
    return f"{locked}; {file_words(str(body['said']))}"


def _suspended(subject: str, body: Mapping[str, Any]) -> str:
    where = "everything" if subject == "site" else f"what hangs on {subject}"
    return (
        f"gate {_text(body, 'epoch')} SUSPENDED {where}: {_text(body, 'reason')}; it sends "
        "nothing there"
    )


def _resumed(subject: str, body: Mapping[str, Any]) -> str:
    where = "everything" if subject == "site" else f"what hangs on {subject}"
    since = f"which had suspended it since {moment(str(body.get('since')))}"
    return (
        f"gate {_text(body, 'epoch')} no longer suspends {where}; over: "
        f"{_text(body, 'reason')}, {since}"
    )


_WORDS: Mapping[str, _Words] = {
    "ledger.created": lambda subject, body: f"the journal of {subject} was begun",
    "gate.started": lambda subject, body: f"gate {subject} started (process {_text(body, 'pid')})",
    "gate.stopped": lambda subject, body: f"gate {subject} stopped, as it was run_event_text to",
    "gate.suspended": _suspended,
    "gate.resumed": _resumed,
    "lease.taken": lambda subject, body: (
        f"the agents' process {_text(body, 'pid')} began to work on the site's runs"
    ),
    "lease.given_back": lambda subject, body: (
        f"the agents' process {_text(body, 'pid')} ended its work"
    ),
    "authority.given": _handed_over,
    "authority.taken": _taken,
    "lockout.latched": _locked,
    "lockout.released": lambda subject, body: (
        f"lockout number {_text(body, 'generation')} of {subject} "
        "was released; the signature is right before"
    ),
    HANDED_OVER: lambda subject, body: (
        f"{shift_handover_text(subject, body)}; it changes nobody's rights"
    ),
    "decision.refused": _refused,
    FILES: lambda subject, body: _text(body, "words"),
    UNREADABLE: lambda subject, body: f"A ROW THAT CANNOT BE READ: {_text(body, 'reason')}",
}


def write_site(
    report: ReportWriter, entries: Sequence[JournalEntry], signatures: Signatures
) -> None:
    """Writes the rows about the site, such as gates, lockouts, authority and keys."""
    day, running = "", ""
    for entry in entries:
        if plain(entry.at)[:10] != day:
            day = plain(entry.at)[:10]
            report.paragraph("")
            report.paragraph(f"on {day}, UTC:")
        write_row_or_fault(report, entry, partial(_write_entry, report, entry, signatures))
        if entry.kind == "gate.started" and running:
            report.field("", f"of the end of gate {running} there is no word: {_NO_WORD}", 2)
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
    """Returns a row about the site in words; one that nobody has chosen words for, as it is."""
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
        write_row_or_fault(report, opened, partial(_write_opened, report, opened.body))
    report.heading("WHAT HAPPENED IN IT")
    day = ""
    for entry in entries:
        if plain(entry.at)[:10] != day:
            day = plain(entry.at)[:10]
            report.paragraph(f"on {day}, UTC:")
        write_row_or_fault(report, entry, partial(_write_event, report, entry, signatures))


def _write_opened(report: ReportWriter, body: Mapping[str, Any]) -> None:
    playbook, version = plain(str(body.get("playbook"))), plain(str(body.get("version")))
    report.field("playbook", f"{playbook}, version {version}")
    report.field("", f"the file's SHA-256 is {plain(str(body.get('digest')))}")
    report.field("title", printable(str(body.get("title"))))
    report.field("begun since", printable(str(body.get("condition"))))
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
    text = f"{plain(kind).upper()}{f': {words}' if words else ''}"
    report.field(clock_time(entry.at), text)
    if entry.kind == ORDERED and not entry.body.get("signature"):
        report.field("", "not signed: this order needs no key; the name is that of the system user")


_NO_WORD = "killed, lost power, or stopped by an older version"
_SILENT = frozenset({"started", "completing", "completed"})


def _person(body: Mapping[str, Any]) -> str:
    return printable(str(body.get("person", ""))) or "somebody"


def _text(body: Mapping[str, Any], key: str) -> str:
    return printable(str(body.get(key, "unknown")))
