"""Builds the report of a shift from the site's records."""

from datetime import datetime
from importlib import import_module
from pkgutil import iter_modules

from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.audit.audit import Audit, audit
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.policy.policy import load_policy

from ...shell.terminal.plural import counted
from ...shell.terminal.templates import render
from ..report.open_items import note_closed_writes
from ..rows.entries import Journal, Period, read_entry, read_journal
from .cases import case_histories
from .figures import figures_of
from .model import Shift, ShiftReport, built_sections
from .trends import recorded_trends

_FOLDER = "handwheel.hmi.journal.shift_report"
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
    for module in iter_modules(import_module(_FOLDER).__path__, f"{_FOLDER}."):
        import_module(module.name)  # those with a section add it
    shift = Shift(site, journal, since, until, now)
    report = ShiftReport(
        f"Shift report of {site.id}",
        f"{since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M} UTC",
        [*_source(journal, found), f"made {now:%Y-%m-%d %H:%M:%S} UTC"],
        figures_of(journal, shift.span),
        built_sections(shift),
        recorded_trends(site, case_histories(journal), since, until),
    )
    return report, not found.faults


def written_report(report: ShiftReport, form: str) -> str:
    """Returns the report as `md`, Markdown of 80 columns, or as one file of `html`.

    Text of plants and people is never markup in it. The page has no scripts and nothing from
    elsewhere.
    """
    return render(_FOLDER, f"report.{form}.j2", report=report)


def _source(journal: Journal, found: Audit) -> list[str]:
    entries = journal.entries
    last = f"rows to {entries[-1].seq}, head {journal.head[:16]}…" if entries else "no rows"
    if not found.faults:
        return [f"journal verified, nothing is wrong: {last}"]
    wrong = counted(len(found.faults), "fault")
    named = [f"WRONG: {each}" for each in found.faults[:_FAULTS]]
    return [f"THE JOURNAL HAS {wrong.upper()}, DO NOT RELY ON THIS REPORT: {last}", *named]
