"""What the journal tells besides requests: runs and their orders, and the site itself."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, cast

from handwheel.tools.guardrails.approval.shift_handover import HANDED_OVER
from handwheel.tools.guardrails.ledger.runs import ORDERED, PREFIX
from handwheel.tools.safe_text import plain, printable

from ...people.lockout_lines import file_words
from ..rows.entries import UNREADABLE, Entry
from ..rows.paper import Paper
from ..rows.row_text import row_words
from ..rows.run_text import told
from ..rows.safe_row import write_or_why
from ..rows.terms import clock_time, moment, spelled
from .files import FILES
from .shift import shift_words, write_shift
from .signatures import Signatures
from .still_open import means_of

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
    return f"{subject} was taken over {whose}: {mode}, {means_of(mode)}. It is not signed"


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
    "gate.stopped": lambda subject, body: f"gate {subject} stopped, as it was told to",
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
    HANDED_OVER: lambda subject, body: f"{shift_words(subject, body)}; it changes nobody's rights",
    "decision.refused": _refused,
    FILES: lambda subject, body: _text(body, "words"),
    UNREADABLE: lambda subject, body: f"A ROW THAT CANNOT BE READ: {_text(body, 'reason')}",
}


def write_site(paper: Paper, entries: Sequence[Entry], signatures: Signatures) -> None:
    """Writes what is told of the site: gates, lockouts, authority, keys, and what has no words."""
    day, running = "", ""
    for entry in entries:
        if plain(entry.at)[:10] != day:
            day = plain(entry.at)[:10]
            paper.say("")
            paper.say(f"on {day}, UTC:")
        write_or_why(paper, entry, partial(_write_entry, paper, entry, signatures))
        if entry.kind == "gate.started" and running:
            paper.field("", f"of the end of gate {running} there is no word: {_NO_WORD}", 2)
        running = {"gate.started": plain(entry.subject), "gate.stopped": ""}.get(
            entry.kind, running
        )


def _write_entry(paper: Paper, entry: Entry, signatures: Signatures) -> None:
    if entry.kind == "decision":
        signatures.write(paper, entry, f"{clock_time(entry.at)}  ")
        return
    paper.field(clock_time(entry.at), said(entry), 2)
    if entry.kind == HANDED_OVER:
        write_shift(paper, entry, signatures)


def said(entry: Entry) -> str:
    """Returns a row about the site in words; one that nobody has chosen words for, as it is."""
    words = _WORDS.get(entry.kind)
    subject = printable(entry.subject)
    if words is None:
        own = row_words(entry.kind, entry.subject, entry.body)
        return own or f"{plain(entry.kind)}: {subject}; {spelled(entry.body)}".rstrip("; ")
    return words(subject, entry.body)


def write_run(paper: Paper, run_id: str, entries: Sequence[Entry], signatures: Signatures) -> None:
    """Writes the chapter of a run."""
    paper.chapter(f"RUN {plain(run_id)}", f"rows {entries[0].seq} to {entries[-1].seq}")
    opened = next((each for each in entries if each.kind == f"{PREFIX}opened"), None)
    paper.say("")
    if opened is not None:
        write_or_why(paper, opened, partial(_write_opened, paper, opened.body))
    paper.heading("WHAT HAPPENED IN IT")
    day = ""
    for entry in entries:
        if plain(entry.at)[:10] != day:
            day = plain(entry.at)[:10]
            paper.say(f"on {day}, UTC:")
        write_or_why(paper, entry, partial(_write_event, paper, entry, signatures))


def _write_opened(paper: Paper, body: Mapping[str, Any]) -> None:
    playbook, version = plain(str(body.get("playbook"))), plain(str(body.get("version")))
    paper.field("playbook", f"{playbook}, version {version}")
    paper.field("", f"the file's SHA-256 is {plain(str(body.get('digest')))}")
    paper.field("title", printable(str(body.get("title"))))
    paper.field("begun since", printable(str(body.get("condition"))))
    paper.field("equipment", spelled({"": body.get("assets")}).removeprefix(": "))
    parameters: object = body.get("parameters")
    if isinstance(parameters, Mapping):
        paper.field("with", spelled(cast("Mapping[str, Any]", parameters)) or "no parameters")


def _write_event(paper: Paper, entry: Entry, signatures: Signatures) -> None:
    if entry.kind == "decision":
        signatures.write(paper, entry, f"{clock_time(entry.at)}  ")
        return
    kind = entry.kind.removeprefix(PREFIX)
    words = told(kind, entry.body) or ("" if kind in _SILENT else spelled(entry.body))
    text = f"{plain(kind).upper()}{f': {words}' if words else ''}"
    paper.field(clock_time(entry.at), text)
    if entry.kind == ORDERED and not entry.body.get("signature"):
        paper.field("", "not signed: this order needs no key; the name is that of the system user")


_NO_WORD = "killed, lost power, or stopped by an older version"
_SILENT = frozenset({"started", "completing", "completed"})


def _person(body: Mapping[str, Any]) -> str:
    return printable(str(body.get("person", ""))) or "somebody"


def _text(body: Mapping[str, Any], key: str) -> str:
    return printable(str(body.get(key, "unknown")))
