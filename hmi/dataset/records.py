"""Closed cases of a site with all that a data set has of them, at one moment."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from handwheel.agents.deviations.case import PREFIX, CaseEvent
from handwheel.agents.memory.episode import Episode
from handwheel.agents.memory.episode_reader import read_episodes
from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.client import connect
from handwheel.tools.guardrails.ledger.decisions import load_decisions
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_run
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.ledger.store.log_file import has_ledger
from handwheel.tools.guardrails.signatures.decisions import Decision, parse_decision
from handwheel.tools.safe_text import printable

_DECIDES = frozenset({"approve", "reject"})
_LONG = 200  # characters of a problem
_JUDGED = f"{PREFIX}{CaseEvent.JUDGED}"


@dataclass(frozen=True, slots=True)
class AskedWrites:
    """Request of a run with the decisions on it, which are not verified here."""

    run_id: str
    playbook: str
    record: RequestRecord
    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """Closed case with its diagnoses and its requests."""

    episode: Episode
    diagnoses: tuple[tuple[str, dict[str, Any]], ...]  # stamp and plain JSON of each
    requests: tuple[AskedWrites, ...]

    @property
    def people(self) -> Iterator[str]:
        """Yields everyone who has asked for, decided or found something."""
        for each in self.requests:
            if (proposer := each.record.request.proposer).kind == "person":
                yield proposer.name
            yield from (one.person for one in each.decisions)
        yield from (each.closed_by for each in self.episode.orders)


@dataclass(frozen=True, slots=True)
class SiteRecords:
    """Records of a site, oldest first.

    Attributes:
        head: Hash of the last row of the journal, by which the moment is known.
        left_open: Number of open cases, which are left out.
    """

    cases: tuple[CaseRecord, ...] = ()
    head: str = ""
    left_open: int = 0
    problems: tuple[str, ...] = ()


def read_records(site: Site) -> SiteRecords:
    """Reads the closed cases of a site. A damaged one is left out and told.

    Raises:
        LedgerError: The ledger cannot be read at all.
    """
    if not has_ledger(site.state):
        return SiteRecords()  # opening would create it
    with connect.open_ledger(site) as database, database.one_moment():
        head, episodes = database.head(), read_episodes(database, site)
        cases, problems = list[CaseRecord](), list(episodes.problems)
        closed = [each for each in episodes.found if each.closed_at]
        for each in closed:
            try:
                cases.append(_case(database, each))
            except HandwheelError as error:  # a request or a decision is not what was filed
                problems.append(printable(f"case {each.case_id}: {error}", _LONG))
    left_open = len(episodes.found) - len(closed)
    return SiteRecords(tuple(cases), head.hash if head else "", left_open, tuple(problems))


def _case(database: Ledger, episode: Episode) -> CaseRecord:
    judged = (row.fields for row in database.find_rows(episode.case_id, _JUDGED))
    diagnoses = tuple(
        (str(each["at"]), each["body"]["diagnosis"])
        for each in judged
        if each["body"].get("diagnosis")
    )
    requests = tuple(
        AskedWrites(run.run_id, run.playbook, each, tuple(_decisions(database, each)))
        for run in episode.runs
        for each in load_run(database, run.run_id)
    )
    return CaseRecord(episode, diagnoses, requests)


def _decisions(database: Ledger, record: RequestRecord) -> Iterator[Decision]:
    for each in load_decisions(database, record.request.request_id):
        if each.verdict in _DECIDES:
            yield parse_decision(each.text)
