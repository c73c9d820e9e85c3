"""Writes the journal as a table or as a report, all of it of one moment."""

from collections.abc import Callable
from dataclasses import replace

from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.audit.audit import audit
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.ledger.records import load_request
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.policy.policy import load_policy
from handwheel.tools.guardrails.signatures.administrators import revoked_keys
from handwheel.tools.requests.stamps import Instant, instant_now

from .csv_export import write_csv
from .report.report import Choice, render_report
from .report.signatures import Signatures
from .rows.entries import read_story


def export_table(database: Database, choice: Choice, write: Callable[[str], object]) -> None:
    """Writes the journal as a table of comma-separated values.

    Raises:
        InvalidArguments: There is no such request.
        LedgerError: The ledger cannot be read.
    """
    with database.one_moment():
        choice = _named(database, choice)
        story = read_story(database.journal())
        write_csv(story, choice.rows(story), write)


def export_report(
    database: Database,
    site: Site,
    choice: Choice,
    write: Callable[[str], object],
    now: Instant | None = None,
) -> bool:
    """Writes the journal as a report, and says whether nothing is wrong with the journal.

    Args:
        now: When it is made.

    Raises:
        ConfigError: Policy or operators cannot be read.
        InvalidArguments: There is no such request.
        LedgerError: The ledger cannot be read.
    """
    roster, policy = load_roster(site), load_policy(site)
    with database.one_moment():
        choice = _named(database, choice)
        story = read_story(database.journal())
        found = audit(database, site, roster, policy.satisfied)
        signatures = Signatures(site, roster, revoked_keys(site, database), story.entries)
    write(render_report(site.id, story, found, signatures, choice, now or instant_now()))
    return not found.faults


def _named(database: Database, choice: Choice) -> Choice:
    """Returns the choice with the whole id of its request."""
    if choice.request_id is None:
        return choice
    return replace(choice, request_id=load_request(database, choice.request_id).request.request_id)
