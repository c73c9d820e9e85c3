"""Summarizes what is open for the next shift, from ledger and gate."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.approval.plant_snapshot import PlantSnapshot, read_snapshot
from handwheel.tools.guardrails.approval.shift_handover import HANDED_OVER, Section, ShiftSummary
from handwheel.tools.guardrails.interlocks.authority import authority_of
from handwheel.tools.guardrails.interlocks.lockout_files import read_lockouts
from handwheel.tools.guardrails.ledger.actions import sent_since
from handwheel.tools.guardrails.ledger.effects import not_come
from handwheel.tools.guardrails.ledger.journal_rows import newest_stamp
from handwheel.tools.guardrails.ledger.latched_lockouts import locked_scopes
from handwheel.tools.guardrails.ledger.listing import ListedRequest, load_listed
from handwheel.tools.guardrails.ledger.records import load_exactly
from handwheel.tools.guardrails.ledger.runs import load_runs
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.ledger.store.states import WAITING_REQUESTS
from handwheel.tools.guardrails.ledger.write_leases import in_lease
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.requests.timestamps import Instant, parse_stamp, stamp
from handwheel.tools.safe_text import plain, printable

from ..requests.request_text import request_line
from ..requests.write_followup import lease_text, open_lines
from ..runs.run_screen import run_line
from ..runs.run_view import view_run

SHIFT = timedelta(hours=12)
_LINES = 6  # of a section, so that the summary fits on a screen
_LONGEST = 200
_NO_SNAPSHOT = "no snapshot from the gate: is it running?"


def summarize(
    context: DecisionContext, leaving: str, coming: str, note: str | None, now: Instant
) -> ShiftSummary:
    """Returns what is open, and the writes since the last handover. Raises `LedgerError`."""
    database = context.database
    snapshot = read_snapshot(database)
    listed = load_listed(database, every=False)
    head = database.head()
    began = newest_stamp(database, HANDED_OVER)
    since = now.wall - SHIFT if began is None else parse_stamp(began)
    waiting = [each for each in listed if each.state in WAITING_REQUESTS]
    others = [each for each in listed if each.state not in WAITING_REQUESTS]
    found: list[tuple[str, Sequence[str]]] = [
        ("waiting", _requests(waiting, snapshot, now)),
        ("under way or unresolved", _requests(others, snapshot, now)),
        ("in a lease, or not undone", list(_leases(database, snapshot, now))),
        ("locked out", list(_lockouts(context))),
        ("suspended", list(_suspensions(snapshot))),
        ("granted to agents", list(_authority(context, now, is_agents=True))),
        ("taken by operators", list(_authority(context, now, is_agents=False))),
        ("open runs", list(_runs(database, now))),
        ("written", list(_written(database, since))),
    ]
    return ShiftSummary(
        schema="shift/1",
        site=context.site.id,
        at=stamp(now.wall),
        since=stamp(since),
        seq=head.seq if head else 0,
        leaving=leaving,
        coming=coming,
        sections=[_section(title, lines) for title, lines in found],
        note=note or None,
    )


def summary_lines(summary: ShiftSummary) -> list[str]:
    """Returns the summary as lines, with a heading for each section."""
    lines = [f"{summary.site}: shift of {summary.leaving} to {summary.coming}, {summary.at}"]
    for each in summary.sections:
        title = f"{each.title} since {summary.since}" if each.title == "written" else each.title
        if not each.lines:
            lines.append(f"{title}: none")
            continue
        lines += [f"{title}:", *(f"  {line}" for line in each.lines)]
        if each.more:
            lines.append(f"  and {each.more} more")
    if summary.note:
        lines.append(f"note: {printable(summary.note, 1000)}")
    return lines


def _section(title: str, lines: Sequence[str]) -> Section:
    # The newest lines are the ones that the next operator does not know.
    shown = [printable(line, _LONGEST) for line in lines[-_LINES:]]
    return Section(title=title, lines=shown, more=max(len(lines) - _LINES, 0))


def _requests(
    found: Sequence[ListedRequest], snapshot: PlantSnapshot | None, now: Instant
) -> list[str]:
    return [request_line(each, now, has_gate=snapshot is not None) for each in found]


def _leases(database: Ledger, snapshot: PlantSnapshot | None, now: Instant) -> Iterator[str]:
    for name in in_lease(database):
        if words := lease_text(database, load_exactly(database, name), snapshot, now):
            yield f"{name}  {words}"
    yield from open_lines(database)


def _lockouts(context: DecisionContext) -> Iterator[str]:
    latched, seen = locked_scopes(context.database), read_lockouts(context.site.state)
    for scope in sorted(latched.keys() | seen):
        yield plain(scope) if scope in latched else f"{plain(scope)}, not read by a gate yet"


def _suspensions(snapshot: PlantSnapshot | None) -> Iterator[str]:
    if snapshot is None:
        yield _NO_SNAPSHOT
        return
    yield from (each.words for each in snapshot.suspended)


def _authority(context: DecisionContext, now: Instant, *, is_agents: bool) -> Iterator[str]:
    for name, each in authority_of(context.site, context.database, now).items():
        if not each.person or (each.mode == "AGENT") != is_agents:
            continue
        if each.scope != name:
            continue  # listed with its scope
        until = f", until {each.until}" if each.until else ""
        fault = "" if each.is_valid else f"; NOT VALID: {each.reason}"
        yield f"{name}  {each.mode}  by {each.person}{until}{fault}"


def _runs(database: Ledger, now: Instant) -> Iterator[str]:
    for entry in load_runs(database, only_open=True):
        try:
            yield run_line(view_run(database, entry, now), now)
        except LedgerError as error:
            yield f"{plain(entry.run_id)}  cannot be read: {error}"


def _written(database: Ledger, since: datetime) -> Iterator[str]:
    """Yields each write with its time, value, state and results that were not met."""
    missed = not_come(database)
    for action_id, request_id, tag, state, sent_at in sent_since(database, stamp(since)):
        shown = load_exactly(database, request_id).action(action_id)
        value = f"{shown.shown} {shown.unit}".rstrip()
        own = (each for each in missed if each[0] == action_id)
        missing = "".join(f"  {verdict}: {expected}" for _, verdict, expected in own)
        yield f"{sent_at}  {action_id}  {plain(tag)} = {value}  {state}{missing}"
