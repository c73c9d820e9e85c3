"""Reads episodes from the journal, the requests and the work orders of a site."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.model.site import Site
from handwheel.playbooks.engine.states import EventKind
from handwheel.playbooks.execution.event_log import load_run
from handwheel.tools.errors import ToolFailed
from handwheel.tools.guardrails.ledger.decisions import load_decisions
from handwheel.tools.guardrails.ledger.journal_rows import rows_of
from handwheel.tools.guardrails.ledger.records import RequestRecord
from handwheel.tools.guardrails.ledger.records import load_run as load_requests_of
from handwheel.tools.guardrails.ledger.runs import RunRow, load_rows
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.signatures.decisions import parse_decision
from handwheel.tools.maintenance.work_order_database import (
    WORKORDERS_FILE,
    Closing,
    WorkOrder,
    WorkOrders,
)
from handwheel.tools.requests.timestamps import parse_stamp
from handwheel.tools.safe_text import printable

from ..deviations.case import PREFIX, CaseEvent, case_ids
from .episode import (
    AskedRequest,
    CaseDiagnosis,
    CaseRun,
    Episode,
    Gain,
    RaisedOrder,
    diagnosis_of,
)

_LONG = 200  # characters of a problem
_DECIDES = frozenset({"approve", "reject"})
_Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Episodes:
    """Episodes of a site, oldest first, and what could not be read."""

    found: tuple[Episode, ...]
    problems: tuple[str, ...] = ()


def read_episodes(database: Database, site: Site, most: int | None = None) -> Episodes:
    """Reads the episodes of a site. Damaged rows cost only their own, and are told.

    Effect: none; reads the ledger and the work orders.

    Args:
        most: How many closed cases are read, the newest ones; `None` for all, and open ones too.

    Raises:
        LedgerError: The ledger cannot be read at all.
    """
    names = case_ids(database, only_open=False)
    if most is not None:
        still_open = set(case_ids(database))
        names = [each for each in names if each not in still_open][-most:]
    orders, problems = _orders(site)
    found: list[Episode] = []
    for name in names:
        try:
            found.append(_Reader(database, site, orders).episode(name))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            told = printable(f"{type(error).__name__}: {error}", _LONG)
            problems.append(f"case {name} is damaged: {told}")
        except HandwheelError as error:
            problems.append(printable(f"case {name}: {error}", _LONG))
    return Episodes(tuple(found), tuple(problems))


def _orders(site: Site) -> tuple[dict[str, RaisedOrder], list[str]]:
    """Returns the work orders with their closings, by id."""
    if not (site.state / WORKORDERS_FILE).exists():
        return {}, []
    try:
        with WorkOrders(site.state) as store:
            closings = store.closings()
            return {each.workorder_id: _raised(each, closings) for each in store.all()}, []
    except ToolFailed as error:
        return {}, [f"work orders: {error}"]


def _raised(order: WorkOrder, closings: Mapping[str, Closing]) -> RaisedOrder:
    own = RaisedOrder(order.workorder_id, order.title, order.asset, order.opened_at)
    if (closed := closings.get(order.workorder_id)) is None:
        return own
    return RaisedOrder(
        own.workorder_id, own.title, own.asset, own.opened_at, closed.at, closed.by,
        str(getattr(closed, "found", "")), closed.note,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Reader:
    _database: Database
    _site: Site
    _orders: Mapping[str, RaisedOrder]

    def episode(self, case_id: str) -> Episode:
        rows = [
            (CaseEvent(kind.removeprefix(PREFIX)), str(fields["at"]), fields["body"])
            for fields in (row.fields for row in rows_of(self._database, case_id))
            if (kind := str(fields["kind"])).startswith(PREFIX)
        ]
        judged = [body for kind, _, body in rows if kind is CaseEvent.JUDGED]
        opened = [(at, body) for kind, at, body in rows if kind is CaseEvent.OPENED]
        opened_at, opening = opened[0]
        ends = [(at, str(body["reason"])) for kind, at, body in rows if kind is CaseEvent.CLOSED]
        closed_at, ended = ends[-1] if ends else ("", "")
        diagnosis, runs = _diagnosis(judged), list(self._runs(_run_ids(rows)))
        orders = [self._orders[each] for run in runs for each in run.orders if each in self._orders]
        equipment = tuple(dict.fromkeys(_equipment(diagnosis, runs, orders)))
        known = (self._site.equipment[each] for each in equipment if each in self._site.equipment)
        choices = [str(body["choice"]) for body in judged if body.get("run_id")]
        return Episode(
            case_id, opened_at, closed_at, ended, str(opening["condition"]),
            tuple(dict.fromkeys(_deviations(rows))), equipment,
            tuple(dict.fromkeys(each.class_ for each in known if each.class_)),
            choices[-1] if choices else "", diagnosis, tuple(runs), tuple(orders), _gain(rows),
        )  # fmt: skip

    def _runs(self, names: Sequence[str]) -> Iterator[CaseRun]:
        """Yields runs, each followed by those that it has started."""
        done, left = set[str](), list(names)
        while left:
            name = left.pop(0)
            if name not in done:
                done.add(name)
                run = self._run(name)
                left[:0] = run.nested
                yield run

    def _run(self, run_id: str) -> CaseRun:
        run, rows = load_run(self._database, run_id), load_rows(self._database, run_id)
        results = [bool(body.get("kept", True)) for body in _of(rows, EventKind.EXPECTED)]
        orders = (str(body["workorder"]) for body in _of(rows, EventKind.RAISED))
        nested = (str(body["run_id"]) for body in _of(rows, EventKind.RAN))
        return CaseRun(
            run_id, str(run.opening["playbook"]), run.state.value, run.reason,
            tuple(map(str, run.opening.get("assets", ()))),
            tuple(self._request(each) for each in load_requests_of(self._database, run_id)),
            tuple(dict.fromkeys(orders)), tuple(dict.fromkeys(nested)), len(results), sum(results),
        )  # fmt: skip

    def _request(self, record: RequestRecord) -> AskedRequest:
        request = record.request
        decisions = [
            parse_decision(each.text)
            for each in load_decisions(self._database, request.request_id)
            if each.verdict in _DECIDES
        ]
        signed = max((parse_stamp(each.signed_at) for each in decisions), default=None)
        after = signed - parse_stamp(request.filed_at) if signed else None
        return AskedRequest(
            request.request_id, record.state.value, request.filed_at,
            tuple(dict.fromkeys(each.person for each in decisions)),
            after.total_seconds() if after is not None else None,
        )  # fmt: skip


def _of(rows: Sequence[RunRow], kind: EventKind) -> list[_Body]:
    return [each.body for each in rows if each.kind == kind.value]


def _diagnosis(judged: Sequence[_Body]) -> CaseDiagnosis:
    found = [each["diagnosis"] for each in judged if each.get("diagnosis")]
    named = [each for each in found if each["named"]]
    return diagnosis_of((named or found or [{}])[-1])


def _run_ids(rows: Collection[tuple[CaseEvent, str, _Body]]) -> list[str]:
    own = {CaseEvent.JUDGED, CaseEvent.RETURNED}
    names = (str(body.get("run_id", "")) for kind, _, body in rows if kind in own)
    return [each for each in dict.fromkeys(names) if each]


def _deviations(rows: Collection[tuple[CaseEvent, str, _Body]]) -> Iterator[str]:
    for kind, _, body in rows:
        if kind in {CaseEvent.OPENED, CaseEvent.JOINED}:
            name = str(body["playbook"])
            yield f"trigger {name}" if name else str(body["deviation"])


def _equipment(
    diagnosis: CaseDiagnosis, runs: Sequence[CaseRun], orders: Sequence[RaisedOrder]
) -> Iterator[str]:
    yield from (each.piece for each in diagnosis.leading if each.piece)
    yield from (each for run in runs for each in run.equipment)
    yield from (each.asset for each in orders)


def _gain(rows: Collection[tuple[CaseEvent, str, _Body]]) -> Gain | None:
    """Returns the last promise of advice, with what was measured."""
    promised = [body for kind, _, body in rows if kind is CaseEvent.PROMISED]
    measured = [body for kind, _, body in rows if kind is CaseEvent.MEASURED]
    if not promised:
        return None
    gain, unit = float(promised[-1]["gain"]), str(promised[-1]["unit"])
    if not measured:
        return Gain(gain, unit)
    return Gain(gain, unit, float(measured[-1]["measured"]), bool(measured[-1]["is_kept"]))
