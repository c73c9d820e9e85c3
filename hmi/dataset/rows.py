"""Rows of a data set, each a value for every column of its table."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
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
from handwheel.tools.requests.timestamps import parse_stamp
from handwheel.tools.safe_text import printable

from .tables import ACTIONS, EPISODES, EVIDENCE, TABLES, Column, Kind, Row, Table

_DECIDES = frozenset({"approve", "reject"})
_LONG_PROBLEM = 200  # characters of a problem
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
                problems.append(printable(f"case {each.case_id}: {error}", _LONG_PROBLEM))
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


class Pseudonyms:
    """Pseudonyms such as `person-1`, in the order in which people were named.

    Args:
        people: All who may stand in a text. With none, every name is kept.
    """

    def __init__(self, people: Iterable[str]) -> None:
        names = dict.fromkeys(each for each in people if each)
        self._of = {name: f"person-{n}" for n, name in enumerate(names, 1)}
        self._of_word = {name.casefold(): each for name, each in self._of.items()}
        longest = sorted(map(re.escape, self._of_word), key=len, reverse=True)
        pattern = rf"(?<!\w)({'|'.join(longest)})(?!\w)"
        self._named = re.compile(pattern, re.IGNORECASE) if longest else None

    def of(self, name: str) -> str:
        """Returns the pseudonym of a person."""
        return self._of.get(name, name)

    def hidden(self, text: str) -> str:
        """Returns a text in which known people have pseudonyms, however they are capitalized."""
        if self._named is None:
            return text
        # A letter such as İ matches i, and folds to another.
        return self._named.sub(lambda found: self._of_word.get(found[1].casefold(), "person"), text)


_LONG = 1000  # characters


@dataclass(slots=True)
class Rows:
    """Rows of each table, oldest first, with why a case has none."""

    of: dict[str, list[Row]] = field(default_factory=lambda: {each.name: [] for each in TABLES})
    problems: list[str] = field(default_factory=list[str])


def table_rows(cases: Sequence[CaseRecord], people: Pseudonyms) -> Rows:
    """Returns the rows of cases. One that is damaged has none in any table."""
    rows = Rows()
    for case in cases:
        sources = (
            (EPISODES, _episodes(case)),
            (EVIDENCE, _evidence(case)),
            (ACTIONS, _actions(case)),
        )
        try:
            own = {
                table.name: [_typed(table, row, people) for row in found]
                for table, found in sources
            }
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            told = printable(f"{type(error).__name__}: {error}", _LONG)
            rows.problems.append(f"case {case.episode.case_id} is damaged: {told}")
            continue
        for name, found in own.items():
            rows.of[name] += found
    return rows


def _typed(table: Table, row: Mapping[str, Any], people: Pseudonyms) -> Row:
    """Returns a row in the types of its columns, with null for what it lacks."""
    return {each.name: _value(each, row.get(each.name), people) for each in table.columns}


def _value(column: Column, value: Any, people: Pseudonyms) -> Any:
    if value is None:
        return None
    kinds: dict[Kind, Callable[[Any], Any]] = {
        "text": _text, "prose": lambda text: people.hidden(_text(text)),
        "person": lambda name: people.of(str(name)),
        "texts": lambda texts: [_text(each) for each in texts],
        "people": lambda names: [people.of(str(each)) for each in names],
        "number": float, "count": int, "time": _time,
    }  # fmt: skip
    return kinds[column.kind](value)


def _text(value: object) -> str:
    return printable(str(value), _LONG)


def _time(text: object) -> datetime | None:
    return parse_stamp(str(text)) if text else None


def _episodes(case: CaseRecord) -> Iterator[Row]:
    episode, found = case.episode, case.episode.found_by
    gain, said = episode.gain, episode.diagnosis
    yield {
        "case_id": episode.case_id, "opened_at": episode.opened_at,
        "closed_at": episode.closed_at, "ended": episode.ended, "condition": episode.condition,
        "deviations": episode.deviations, "equipment": episode.equipment,
        "classes": episode.classes, "verdict": said.verdict, "named": said.named,
        "suspected": said.suspected, "choice": episode.choice,
        **({"found": found.found, "found_by": found.closed_by, "found_at": found.closed_at,
            "found_note": found.note} if found else {}),
        "runs": len(episode.runs), "expected": sum(each.expected for each in episode.runs),
        "kept": sum(each.kept for each in episode.runs),
        **({"gain_promised": gain.promised, "gain_measured": gain.measured,
            "gain_unit": gain.unit} if gain else {}),
    }  # fmt: skip


def _evidence(case: CaseRecord) -> Iterator[Row]:
    for at, diagnosis in case.diagnoses:
        for hypothesis in diagnosis["hypotheses"]:
            shared = {
                "case_id": case.episode.case_id, "at": at, "hypothesis": hypothesis["id"],
                "total_db": hypothesis["total_db"], "ahead_db": hypothesis.get("ahead_db"),
            }  # fmt: skip
            for each in hypothesis["evidence"]:
                yield {**each, **shared, "sign": each["id"]}


def _actions(case: CaseRecord) -> Iterator[Row]:
    for each in case.requests:
        record, request = each.record, each.record.request
        filed = parse_stamp(request.filed_at)
        after = [(parse_stamp(one.signed_at) - filed).total_seconds() for one in each.decisions]
        shared = {
            "case_id": case.episode.case_id, "run_id": each.run_id, "playbook": each.playbook,
            "request_id": request.request_id, "risk_class": request.risk_class,
            "asked_by": request.proposer.name, "model": request.proposer.model,
            "filed_at": request.filed_at, "request_state": record.state.value,
            "decided_by": [one.person for one in each.decisions],
            "decided_roles": [one.role for one in each.decisions],
            "verdicts": [one.verdict for one in each.decisions],
            "decided_after_s": max(after, default=None),
        }  # fmt: skip
        for action in request.actions:
            written = record.record(action.action_id)
            is_number = isinstance(action.value, int | float) and action.type in {"float", "int"}
            yield {
                **shared, "action_id": action.action_id, "kind": action.kind, "tag": action.tag,
                "wanted": action.shown, "wanted_number": action.value if is_number else None,
                "unit": action.unit, "outcome": written.state.value, "reason": written.reason,
                "sent_at": written.sent_at,
            }  # fmt: skip
