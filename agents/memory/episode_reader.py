"""Reads episodes from the journal, the requests and the work orders of a site."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.model.site import Site
from handwheel.playbooks.engine.states import EventKind
from handwheel.playbooks.execution.event_log import load_run
from handwheel.tools.errors import LedgerError, ToolFailed
from handwheel.tools.guardrails.ledger.decisions import load_decisions
from handwheel.tools.guardrails.ledger.journal_rows import rows_by_kind, subjects_of
from handwheel.tools.guardrails.ledger.records import RequestRecord
from handwheel.tools.guardrails.ledger.records import load_run as load_requests_of
from handwheel.tools.guardrails.ledger.runs import RunRow, load_rows
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.ledger.store.journal import JournalRow
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
_JUDGED = f"{PREFIX}{CaseEvent.JUDGED}"
_NAMES_NOTHING = '"named":[]'
_Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Episodes:
    """Episodes of a site, in the order of their cases, and what could not be read."""

    found: tuple[Episode, ...]
    problems: tuple[str, ...] = ()


def read_episodes(database: Ledger, site: Site, most: int | None = None) -> Episodes:
    """Reads the episodes of a site. Damaged rows cost only their own, and are told.

    Effect: none; reads the ledger and the work orders.

    Args:
        most: How many closed cases are read, the newest ones; `None` for all, and open ones too.

    Raises:
        LedgerError: The ledger cannot be read at all.
    """
    if most is None:
        names = case_ids(database, only_open=False)
    else:
        closed = subjects_of(database, f"{PREFIX}{CaseEvent.CLOSED}")
        names = list(dict.fromkeys(closed))[-most:]
    orders, problems = _orders(site)
    reader, found = _Reader(database, site, orders), list[Episode]()
    for name in names:
        try:
            found.append(_read(reader, name))
        except LedgerError as error:
            problems.append(str(error))
    return Episodes(tuple(found), tuple(problems))


def read_episode(database: Ledger, site: Site, case_id: str) -> Episode:
    """Reads the episode of one case. Damaged rows raise `LedgerError`."""
    return _read(_Reader(database, site, _orders(site)[0]), case_id)


def _read(reader: "_Reader", case_id: str) -> Episode:
    try:
        return reader.episode(case_id)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        told = printable(f"{type(error).__name__}: {error}", _LONG)
        raise LedgerError(f"case {case_id} is damaged: {told}") from None
    except HandwheelError as error:
        raise LedgerError(f"case {case_id}: {error}") from None


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
    closed = closings.get(order.workorder_id)
    end = (closed.at, closed.by, closed.found, closed.note) if closed else ()
    return RaisedOrder(order.workorder_id, order.title, order.asset, order.opened_at, *end)


@dataclass(frozen=True, slots=True)
class _Reader:
    _database: Ledger
    _site: Site
    _orders: Mapping[str, RaisedOrder]

    def episode(self, case_id: str) -> Episode:
        rows = rows_by_kind(self._database, case_id)

        def of(kind: CaseEvent) -> Sequence[_Fields]:
            return [each.fields for each in rows.get(f"{PREFIX}{kind}", ())]

        # A judgement is long, so that only those are read that are needed.
        judged = [each.fields["body"] for each in rows.get(_JUDGED, ())[-1:]]
        asked = [each["body"] for each in of(CaseEvent.RETURNED)]
        asked += [{**each, "playbook": each["choice"]} for each in judged if each.get("run_id")]
        opened, closed = of(CaseEvent.OPENED), of(CaseEvent.CLOSED)
        diagnosis = _diagnosis(rows.get(_JUDGED, ()))
        runs = list(self._runs([str(each["run_id"]) for each in asked]))
        raised = dict.fromkeys(each for run in runs for each in run.orders)
        orders = [self._orders[each] for each in raised if each in self._orders]
        equipment = tuple(dict.fromkeys(_equipment(diagnosis, runs, orders)))
        known = (self._site.equipment[each] for each in equipment if each in self._site.equipment)
        return Episode(
            case_id=case_id,
            opened_at=str(opened[0]["at"]),
            closed_at=str(closed[-1]["at"]) if closed else "",
            ended=str(closed[-1]["body"]["reason"]) if closed else "",
            condition=str(opened[0]["body"]["condition"]),
            deviations=tuple(map(_deviation, (*opened, *of(CaseEvent.JOINED)))),
            equipment=equipment,
            classes=tuple(dict.fromkeys(each.class_ for each in known if each.class_)),
            choice=str(asked[-1]["playbook"]) if asked else "",
            diagnosis=diagnosis,
            runs=tuple(runs),
            orders=tuple(orders),
            gain=_gain(of(CaseEvent.PROMISED), of(CaseEvent.MEASURED)),
        )

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


def _of(rows: Sequence[RunRow], kind: EventKind) -> list[_Fields]:
    return [each.body for each in rows if each.kind == kind.value]


def _diagnosis(judged: Sequence[JournalRow]) -> CaseDiagnosis:
    """Returns the last diagnosis that named a fault, else the last."""
    last: _Fields = {}
    for row in reversed(judged):
        if last and _NAMES_NOTHING in row.text:
            continue  # a case that nobody could decide has very many, and parsing them takes long
        fields: _Fields = row.fields["body"].get("diagnosis", {})
        if fields and fields["named"]:
            return diagnosis_of(fields)
        last = last or fields
    return diagnosis_of(last)


def _deviation(fields: _Fields) -> str:
    name = str(fields["body"]["playbook"])
    return f"trigger {name}" if name else str(fields["body"]["deviation"])


def _equipment(
    diagnosis: CaseDiagnosis, runs: Sequence[CaseRun], orders: Sequence[RaisedOrder]
) -> Iterator[str]:
    yield from (each.piece for each in diagnosis.leading if each.piece)
    yield from (each for run in runs for each in run.equipment)
    yield from (each.asset for each in orders)


def _gain(promised: Sequence[_Fields], measured: Sequence[_Fields]) -> Gain | None:
    """Returns the last promise of advice, with what was measured."""
    if not promised:
        return None
    gain, unit = float(promised[-1]["body"]["gain"]), str(promised[-1]["body"]["unit"])
    if not measured:
        return Gain(gain, unit)
    body = measured[-1]["body"]
    return Gain(gain, unit, float(body["measured"]), bool(body["is_kept"]))
