"""Reasons why a plant may not have been healthy in a time, by the name that overrides each."""

from collections.abc import Iterator
from datetime import datetime

from handwheel.agents.deviations.case import PREFIX, CaseEvent, case_ids, load_case
from handwheel.agents.diagnosis.learning import Learning
from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.client import connect
from handwheel.tools.guardrails.ledger.store.log_file import has_ledger
from handwheel.tools.requests.timestamps import stamp
from handwheel.tools.safe_text import printable

_LONG = 200  # characters
_CLOSED = f"{PREFIX}{CaseEvent.CLOSED}"


def open_cases(site: Site, begin: datetime, end: datetime) -> Iterator[tuple[str, str]]:
    """Yields id and text of each case that was open in a time. Raises `LedgerError`."""
    if not has_ledger(site.state):
        return  # opening would create it
    with connect.open_ledger(site) as database:
        for case_id in case_ids(database, only_open=False):
            case = load_case(database, case_id)
            closed_at = "".join(
                str(row.fields["at"]) for row in database.find_rows(case_id, _CLOSED)
            )
            if case.opened_at <= stamp(end) and not (closed_at and closed_at < stamp(begin)):
                since = case.opened_at[:16].replace("T", " ")
                yield case_id, f"open since {since} UTC: {printable(case.condition, _LONG)}"


def named_faults(learning: Learning, end_s: float) -> Iterator[tuple[str, str]]:
    """Yields id and text of each fault that was named in a time, which ended at a process time."""
    for name, (first_s, last_s) in learning.named.items():
        first, last = format_duration(end_s - first_s), format_duration(end_s - last_s)
        yield name, f"named from {first} to {last} before the end"
