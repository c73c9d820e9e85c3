"""The report from the journal on requests, approvals, writes and site events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from handwheel.connectors.hints import next_step
from handwheel.tools.guardrails.audit.audit import Audit
from handwheel.tools.requests.timestamps import Instant

from ...shell.terminal.templates import render
from ..rows.entries import Journal, JournalEntry, Period, RequestHistory
from .action_history import REQUEST, ActionHistory, action_history
from .file_changes import file_changes
from .open_items import note_closed_writes, open_at_end
from .sentences import FOLDER, WORDS, by_day, said
from .signatures import Signatures


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


@dataclass(frozen=True, slots=True)
class RequestChapter:
    """A request and its writes."""

    history: RequestHistory
    actions: Sequence[ActionHistory]

    @property
    def decisions(self) -> list[JournalEntry]:
        """The rows of signed decisions, and of those that were refused."""
        kinds = {"decision", "decision.refused"}
        return [each for each in self.history.entries if each.kind in kinds]

    @property
    def unneeded(self) -> Mapping[str, Sequence[str]]:
        """The names of the undo actions that were not needed, by what the last row says."""
        names: dict[str, list[str]] = {}
        for each in self.actions:
            if not each.is_relevant:
                words = said("in_words", each.states[-1]) if each.states else "PLANNED"
                names.setdefault(words, []).append(each.name)
        return names

    @property
    def others(self) -> list[JournalEntry]:
        """The rows about neither its states, its decisions nor its writes."""
        own = {each.action.action_id for each in self.actions}
        return [
            each
            for each in self.history.entries
            if not each.kind.startswith((REQUEST, "decision")) and each.subject not in own
        ]


def render_request(history: RequestHistory, signatures: Signatures) -> str:
    """Returns the chapter of a request."""
    chapter = _chapter(history)
    return render(FOLDER, "request.txt.j2", **WORDS, chapter=chapter, signatures=signatures)


def _chapter(history: RequestHistory) -> RequestChapter:
    actions = [action_history(each, history.entries) for each in history.actions]
    return RequestChapter(history, actions)


def render_report(
    site: str,
    journal: Journal,
    found: Audit,
    signatures: Signatures,
    selection: Selection,
    now: Instant,
) -> str:
    """Returns the report, a text of 80 columns, with the audit of the whole journal."""
    note_closed_writes(list(journal.requests.values()), journal.entries)
    runs = [{"run_id": name, "entries": rows} for name, rows in selection.runs(journal).items()]
    return render(
        FOLDER,
        "report.txt.j2",
        **WORDS,
        site=site,
        made=now.wall,
        journal=journal,
        audit=found,
        verify=next_step("journal", "verify"),
        selection=selection,
        open=open_at_end(journal),
        requests=[_chapter(each) for each in selection.requests(journal)],
        runs=runs,
        site_days=by_day(selection.others(journal)),
        signatures=signatures,
    )
