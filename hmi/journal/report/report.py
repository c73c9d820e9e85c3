"""Renders the journal as a report on requests, approvals, writes and site events."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from handwheel.connectors.hints import next_step
from handwheel.tools.guardrails.audit.audit import Audit
from handwheel.tools.requests.timestamps import Instant, stamp
from handwheel.tools.safe_text import plain, printable, quoted

from ...shell.terminal.plural import counted
from ...shell.terminal.templates import WHOLE, moment
from ..rows.entries import Journal, JournalEntry, Period, RequestHistory
from .action_history import action_history
from .event_chapters import write_run, write_site
from .file_changes import file_changes
from .layout import ReportWriter
from .lease_text import note_closed_writes
from .open_items import write_open
from .request_chapter import summary, write_request
from .signatures import Signatures

_FAULTS = 50
_CANNOT_TELL = (
    "Whether the plant received other commands than those listed here, from another master or by "
    "hand. Only the devices and their own logs show that.",
    "Whether the named person was at the terminal. The journal shows only that their key signed, "
    "and whether its passphrase was typed there.",
    "Whether ledger and anchors were both replaced by a matching pair. To find out, compare the "
    "head above with a head that was noted elsewhere.",
    "Who was enrolled when, and by whom. That is in operators.yaml, which has no row here.",
    "Whether a signature was valid when it was made. It is checked against the operators.yaml, "
    "policy.yaml and site.yaml of today. The states of a request show what was valid then.",
    "Whether a reason is true. It is a statement of the person or agent who gave it.",
    "Whether the process responded. A read-back shows the value in the device, not its effect on "
    "the plant. Expected results that were monitored are listed where they were recorded.",
)

_TERMS = (
    "c1, c2: the requested writes; r1: a write that undoes one. Intent: the bytes of a write, "
    "recorded on disk before they are sent. Head: the hash of the last row; a copy noted elsewhere "
    "shows later whether rows were replaced. Anchors: a second file with the hash of each row."
)


@dataclass(frozen=True, slots=True)
class Selection:
    """Selects the part of a journal that is exported."""

    span: Period = field(default_factory=Period)
    request_id: str | None = None  # the only request, with its run; `None` for all

    @property
    def text(self) -> str:
        """The selection in words."""
        if self.request_id is not None:
            return f"request {self.request_id} and its run; EVERYTHING ELSE IS LEFT OUT"
        since, until = self.span.since, self.span.until
        if since is None and until is None:
            return "everything"
        begin = f"from {since:%Y-%m-%d %H:%M:%S} UTC" if since else "from the beginning"
        end = f"until before {until:%Y-%m-%d %H:%M:%S} UTC" if until else "to the end"
        whole = "a request or run with a row in that time is shown whole"
        return f"{begin} {end}; {whole}. EVERYTHING ELSE IS LEFT OUT"

    def requests(self, journal: Journal) -> list[RequestHistory]:
        """Returns the requests, in order of submission."""
        return [
            history
            for history in journal.requests.values()
            if self.request_id in {None, history.request_id} and self.span.has_any(history.entries)
        ]

    def runs(self, journal: Journal) -> dict[str, list[JournalEntry]]:
        """Returns the rows of each run."""
        own = {
            history.request.run.run_id
            for history in self.requests(journal)
            if history.request.run is not None
        }
        return {
            run_id: entries
            for run_id, entries in journal.runs.items()
            if run_id in own or (self.request_id is None and self.span.has_any(entries))
        }

    def rows(self, journal: Journal) -> list[JournalEntry]:
        """Returns the rows of the request and its run, or the rows in the period."""
        if self.request_id is None:
            return [entry for entry in journal.entries if self.span.has(entry)]
        own = [entry for history in self.requests(journal) for entry in history.entries]
        own += [entry for entries in self.runs(journal).values() for entry in entries]
        return sorted((entry for entry in own if self.span.has(entry)), key=lambda each: each.seq)

    def others(self, journal: Journal) -> list[JournalEntry]:
        """Returns the rows about neither, and the changes of the site's files."""
        if self.request_id is not None:
            return []
        rows = [*journal.others, *file_changes(journal.requests.values())]
        return sorted((each for each in rows if self.span.has(each)), key=lambda each: each.seq)


def render_report(
    site: str,
    journal: Journal,
    found: Audit,
    signatures: Signatures,
    selection: Selection,
    now: Instant,
) -> str:
    """Returns the report, a text of 80 columns, with the audit of the whole journal."""
    report = ReportWriter()
    note_closed_writes(list(journal.requests.values()), journal.entries)
    histories, runs, others = (
        selection.requests(journal),
        selection.runs(journal),
        selection.others(journal),
    )
    _write_head(report, site, journal, found, selection, now)
    _write_overview(report, histories)
    for history in histories:
        write_request(report, history, signatures)
    for run_id, entries in runs.items():
        write_run(report, run_id, entries, signatures)
    if others:
        report.chapter("THE SITE: GATES, LOCKOUTS, AUTHORITY, KEYS")
        write_site(report, others, signatures)
    report.chapter("END OF THE REPORT", plain(site))
    return report.text


def _write_head(
    report: ReportWriter,
    site: str,
    journal: Journal,
    found: Audit,
    selection: Selection,
    now: Instant,
) -> None:
    report.chapter("REPORT FROM THE JOURNAL", f"site {plain(site)}")
    report.paragraph("")
    entries = journal.entries
    report.field("made", moment(stamp(now.wall)), 0)
    report.field("journal", _rows(entries), 0)
    report.field("head", f"{journal.head or 'none'}", 0)
    report.field("verified", _verified(found), 0)
    for fault in found.faults[:_FAULTS]:
        report.field("", f"WRONG: {printable(fault, WHOLE)}", 0)
    if len(found.faults) > _FAULTS:
        more = f"and {len(found.faults) - _FAULTS} more; {next_step('journal', 'verify')}"
        report.field("", more, 0)
    report.field("shown", selection.text, 0)
    report.paragraph("")
    report.paragraph(
        "Each signature is shown with the printed name, date and time, and the meaning of "
        "signing. Times are UTC. Text in quotation marks was signed or written at the time; a "
        "character that could deceive is replaced by its code."
    )
    report.paragraph("")
    report.paragraph(_TERMS)
    write_open(report, journal)
    report.heading("WHAT THIS REPORT CANNOT TELL")
    for each in _CANNOT_TELL:
        report.paragraph(f"- {each}", 0, 2)


def _rows(entries: Sequence[JournalEntry]) -> str:
    if not entries:
        return "no rows"
    first, last = moment(entries[0].at), moment(entries[-1].at)
    return f"{counted(len(entries), 'row')}, from {first} to {last}"


def _verified(found: Audit) -> str:
    checked = (
        f"{counted(found.rows, 'row')}, {counted(found.requests, 'request')}, "
        f"{counted(found.decisions, 'decision')}, {counted(found.intents, 'intent')} to send"
    )
    if not found.faults:
        return f"yes: {checked}; nothing is wrong"
    return f"NO: {checked}; {counted(len(found.faults), 'fault')}. DO NOT RELY ON THIS REPORT"


def _write_overview(report: ReportWriter, histories: Iterable[RequestHistory]) -> None:
    report.heading("SUMMARY OF THE REQUESTS")
    is_any = False
    for history in histories:
        is_any = True
        report.paragraph("")
        report.paragraph(f"{plain(history.request_id)}  {moment(history.entries[0].at)}", 2)
        actions = [action_history(action, history.entries) for action in history.actions]
        report.paragraph(summary(history.request, history, actions), 6)
        report.paragraph(f"Why: {quoted(history.request.reason, WHOLE)}", 6, 2)
    if not is_any:
        report.paragraph("None.", 2)
