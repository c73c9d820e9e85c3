"""The journal as a report, for somebody who reads nothing else: who approved what, and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from handwheel.tools.guardrails.audit.audit import Audit
from handwheel.tools.requests.request import ActionRequest
from handwheel.tools.requests.stamps import Instant, stamp
from handwheel.tools.safe_text import plain, printable

from ...shell.terminal.plural import counted
from ..rows.entries import Case, Entry, Span, Story
from ..rows.paper import Paper
from ..rows.safe_row import write_whole_or_why
from ..rows.terms import WHOLE, moment
from .actions import told_of
from .events import write_run, write_site
from .files import file_changes
from .leases import note_closings
from .request import in_short, write_request
from .signatures import Signatures
from .still_open import write_open

_FAULTS = 50
_CANNOT_TELL = (
    "Whether the plant received anything besides what is listed here: from another master, or "
    "by hand. Only the devices and their own logs know.",
    "Whether the person who is named sat at the terminal: what is known is that their key "
    "signed, and whether its passphrase was typed there.",
    "Whether ledger and anchors were both replaced by others that fit each other: compare the "
    "head above with one that was noted elsewhere.",
    "Who was enrolled when, and by whom: that stands in operators.yaml, which has no row here.",
    "Whether a signature counted when it was made: it is judged by operators.yaml, policy.yaml "
    "and site.yaml as they are now. The states of a request say what counted then.",
    "Whether a reason is true. It is the word of who gave it, an agent's too.",
    "Whether the process followed: a read-back says what the device holds, not what the plant "
    "made of it. What was promised and watched is listed where it was recorded.",
)

_TERMS = (
    "c1, c2: the writes asked for; r1: what takes them back. Intent: the bytes of a write, noted "
    "on disk before they leave. Head: the hash of the last row; noted elsewhere, it shows later "
    "whether rows were exchanged. Anchors: a second file, with the hash of each row."
)


@dataclass(frozen=True, slots=True)
class Choice:
    """What of a journal is reported.

    Attributes:
        request_id: Only this request, and its run; `None` for all.
    """

    span: Span = field(default_factory=Span)
    request_id: str | None = None

    @property
    def words(self) -> str:
        """The same for people."""
        if self.request_id is not None:
            return f"request {self.request_id} and its run; ALL ELSE IS LEFT OUT"
        since, until = self.span.since, self.span.until
        if since is None and until is None:
            return "everything"
        begin = f"from {since:%Y-%m-%d %H:%M:%S} UTC" if since else "from the beginning"
        end = f"until before {until:%Y-%m-%d %H:%M:%S} UTC" if until else "to the end"
        whole = "a request or run of which anything falls into that time is shown whole"
        return f"what happened {begin} {end}; {whole}. ALL ELSE IS LEFT OUT"

    def cases(self, story: Story) -> list[Case]:
        """The requests, in the order in which they were filed."""
        return [
            case
            for case in story.cases.values()
            if self.request_id in {None, case.request_id} and self.span.has_any(case.entries)
        ]

    def runs(self, story: Story) -> dict[str, list[Entry]]:
        """The runs."""
        own = {
            case.request.run.run_id
            for case in self.cases(story)
            if case.request is not None and case.request.run is not None
        }
        return {
            run_id: entries
            for run_id, entries in story.runs.items()
            if run_id in own or (self.request_id is None and self.span.has_any(entries))
        }

    def rows(self, story: Story) -> list[Entry]:
        """The rows one by one: those of the request, or those in the time; none is shown whole."""
        if self.request_id is None:
            return [entry for entry in story.entries if self.span.has(entry)]
        own = [entry for case in self.cases(story) for entry in case.entries]
        own += [entry for entries in self.runs(story).values() for entry in entries]
        return sorted((entry for entry in own if self.span.has(entry)), key=lambda each: each.seq)

    def others(self, story: Story) -> list[Entry]:
        """The rows about neither, and where requests tell that a file had been changed."""
        if self.request_id is not None:
            return []
        told = [*story.others, *file_changes(story.cases.values())]
        return [entry for entry in sorted(told, key=_seq) if self.span.has(entry)]


def _seq(entry: Entry) -> int:
    return entry.seq


def render_report(
    site: str, story: Story, found: Audit, signatures: Signatures, choice: Choice, now: Instant
) -> str:
    """Returns the report, a text of 80 columns.

    Args:
        found: What the audit of the whole journal has found.
        now: When it is made.
    """
    paper = Paper()
    note_closings(list(story.cases.values()), story.entries)
    cases, runs, others = choice.cases(story), choice.runs(story), choice.others(story)
    _write_head(paper, site, story, found, choice, now)
    _write_overview(paper, cases)
    for case in cases:
        write_whole_or_why(paper, case.entries, partial(write_request, paper, case, signatures))
    for run_id, entries in runs.items():
        write = partial(write_run, paper, run_id, entries, signatures)
        write_whole_or_why(paper, entries, write)
    if others:
        paper.chapter("THE SITE: GATES, LOCKOUTS, AUTHORITY, KEYS")
        write_site(paper, others, signatures)
    paper.chapter("END OF THE REPORT", plain(site))
    return paper.text


def _write_head(
    paper: Paper, site: str, story: Story, found: Audit, choice: Choice, now: Instant
) -> None:
    paper.chapter("REPORT FROM THE JOURNAL", f"site {plain(site)}")
    paper.say("")
    entries = story.entries
    paper.field("made", moment(stamp(now.wall)), 0)
    paper.field("journal", _rows(entries), 0)
    paper.field("head", f"{story.head or 'none'}", 0)
    paper.field("verified", _verified(found), 0)
    for fault in found.faults[:_FAULTS]:
        paper.field("", f"WRONG: {printable(fault, WHOLE)}", 0)
    if len(found.faults) > _FAULTS:
        paper.field("", f"and {len(found.faults) - _FAULTS} more: handwheel journal verify", 0)
    paper.field("shown", choice.words, 0)
    paper.say("")
    paper.say(
        "Each signature is given with the printed name, date and time, and the meaning of "
        "signing. Times are UTC. Words in quotation marks are those that were signed or "
        "written at the time; a character that could deceive is written as its code."
    )
    paper.say("")
    paper.say(_TERMS)
    write_whole_or_why(paper, entries, partial(write_open, paper, story))
    paper.heading("WHAT THIS REPORT CANNOT TELL")
    for each in _CANNOT_TELL:
        paper.say(f"- {each}", 0, 2)


def _rows(entries: Sequence[Entry]) -> str:
    if not entries:
        return "no rows"
    first, last = moment(entries[0].at), moment(entries[-1].at)
    return f"{counted(len(entries), 'row')}, from {first} to {last}"


def _verified(found: Audit) -> str:
    judged = (
        f"{counted(found.rows, 'row')}, {counted(found.requests, 'request')}, "
        f"{counted(found.decisions, 'decision')}, {counted(found.intents, 'intent')} to send"
    )
    if not found.faults:
        return f"yes: {judged}; nothing is wrong"
    return f"NO: {judged}; {counted(len(found.faults), 'fault')}. DO NOT RELY ON THIS REPORT"


def _write_overview(paper: Paper, cases: Iterable[Case]) -> None:
    paper.heading("THE REQUESTS IN SHORT")
    is_any = False
    for case in cases:
        is_any = True
        paper.say("")
        paper.say(f"{plain(case.request_id)}  {moment(case.entries[0].at)}", 2)
        if case.request is None:
            paper.say("what was filed cannot be read", 6)
            continue
        write = partial(_write_in_short, paper, case, case.request)
        write_whole_or_why(paper, case.entries, write)
    if not is_any:
        paper.say("None.", 2)


def _write_in_short(paper: Paper, case: Case, request: ActionRequest) -> None:
    told = [told_of(action, case.entries) for action in request.actions]
    paper.say(in_short(request, case, told), 6)
    paper.say(f'Why: "{printable(request.reason, WHOLE)}"', 6, 2)
