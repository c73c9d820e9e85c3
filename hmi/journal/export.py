"""Exports a consistent view of the journal as CSV or as a report."""

from collections.abc import Callable
from dataclasses import replace

from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.audit.audit import audit
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.ledger.records import load_request
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.policy.policy import load_policy
from handwheel.tools.guardrails.signatures.administrators import revoked_keys
from handwheel.tools.requests.timestamps import Instant, instant_now

from .csv_export import write_csv
from .report.report import Selection, render_report
from .report.signatures import Signatures
from .rows.entries import read_journal


def export_table(database: Ledger, selection: Selection, write: Callable[[str], object]) -> None:
    """Writes the journal as CSV.

    Raises:
        InvalidArguments: There is no such request.
        LedgerError: The ledger cannot be read.
    """
    with database.one_moment():
        selection = _named(database, selection)
        journal = read_journal(database.journal())
        write_csv(journal, selection.rows(journal), write)


def export_report(
    database: Ledger,
    site: Site,
    selection: Selection,
    write: Callable[[str], object],
    now: Instant | None = None,
) -> bool:
    """Writes the journal as a report, and returns whether the audit found no fault.

    Raises:
        ConfigError: Policy or operators cannot be read.
        InvalidArguments: There is no such request.
        LedgerError: The ledger cannot be read.
    """
    roster, policy = load_roster(site), load_policy(site)
    with database.one_moment():
        selection = _named(database, selection)
        journal = read_journal(database.journal())
        found = audit(database, site, roster, policy.satisfied)
        signatures = Signatures(site, roster, revoked_keys(database), journal.entries)
    write(render_report(site.id, journal, found, signatures, selection, now or instant_now()))
    return not found.faults


def _named(database: Ledger, selection: Selection) -> Selection:
    """Returns the selection with the complete id of its request."""
    if selection.request_id is None:
        return selection
    return replace(
        selection, request_id=load_request(database, selection.request_id).request.request_id
    )
