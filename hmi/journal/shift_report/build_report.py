"""Builds the report of a shift from the site's records."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from handwheel.connectors.model.site import Site
from handwheel.tools.errors import ToolFailed
from handwheel.tools.guardrails.audit.audit import Audit, audit
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.policy.policy import load_policy
from handwheel.tools.requests.timestamps import parse_stamp
from handwheel.tools.safe_text import plain, printable

from ...notices.delivery_text import delivery_line
from ...notices.site_deliveries import site_deliveries
from ...shell.terminal.plural import counted
from ..report.left_open import note_closed_writes
from ..report.open_items import open_at_end
from ..rows.entries import Journal, Period, read_entry, read_journal
from .alarms import alarm_items
from .cases import case_histories, case_items
from .figures import figures_of
from .maintenance import read_work
from .model import Item, Part, ShiftReport
from .site_events import people_items, site_items
from .trends import recorded_trends

_FAULTS = 5  # that are named


def build_report(
    database: Ledger, site: Site, since: datetime, until: datetime, now: datetime
) -> tuple[ShiftReport, bool]:
    """Returns the report, and whether the audit of the journal found no fault.

    What is open is told as it was at `until`.

    Raises:
        ConfigError: Policy or operators cannot be read.
        LedgerError: The ledger cannot be read.
    """
    roster, policy = load_roster(site), load_policy(site)
    end = Period(None, until)
    with database.one_moment():
        journal = read_journal(each for each in database.journal() if end.has(read_entry(each)))
        found = audit(database, site, roster, policy.satisfied)
    note_closed_writes(list(journal.requests.values()), journal.entries)
    span, work = Period(since, until), read_work(site, until)
    parts = {
        "Cases, requests and writes": case_items(journal, span),
        "Alarms": alarm_items(site, since, until),
        "Work orders": work.items(since),
        "Open and waiting at the end": _open(journal, work.open_lines(until), until),
        "Notices": _notices(site, since, until, now),
        "Lockouts, authority, gate and agents": site_items(journal, span),
        "People": people_items(journal, span),
    }
    report = ShiftReport(
        f"Shift report of {plain(site.id)}",
        f"{since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M} UTC",
        [*_source(journal, found), f"made {now:%Y-%m-%d %H:%M:%S} UTC"],
        figures_of(journal, span),
        [Part(title, list(items)) for title, items in parts.items()],
        recorded_trends(site, case_histories(journal), since, until),
    )
    return report, not found.faults


def _notices(site: Site, since: datetime, until: datetime, now: datetime) -> Iterator[Item]:
    try:
        told = site_deliveries(site)
    except ToolFailed as error:
        yield Item(f"not known: {printable(str(error))}")
        return
    for each in told:
        if since <= parse_stamp(each.notice.at) < until:
            yield Item(delivery_line(each, now))


def _source(journal: Journal, found: Audit) -> list[str]:
    entries = journal.entries
    last = f"rows to {entries[-1].seq}, head {journal.head[:16]}…" if entries else "no rows"
    if not found.faults:
        return [f"journal verified, nothing is wrong: {last}"]
    wrong = counted(len(found.faults), "fault")
    named = [f"WRONG: {printable(each)}" for each in found.faults[:_FAULTS]]
    return [f"THE JOURNAL HAS {wrong.upper()}, DO NOT RELY ON THIS REPORT: {last}", *named]


def _open(journal: Journal, orders: Iterable[str], until: datetime) -> list[Item]:
    cases = [
        f"{plain(each.case_id)}: {each.condition}; {each.cause or 'cause not named'}"
        for each in case_histories(journal)
        if not each.is_closed
    ]
    found: dict[str, Sequence[str]] = {"cases": cases, **open_at_end(journal, until)}
    found["work orders"] = list(orders)
    return [Item(name, lines) for name, lines in found.items() if lines]
