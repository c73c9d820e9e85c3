"""Costs of verifying a long journal in CPU time."""

from collections.abc import Callable
from itertools import cycle
from statistics import median
from time import process_time

from handwheel.connectors.model.site import Site
from handwheel.hmi.shell.cli.gc_freeze import freeze_heap
from handwheel.tools.guardrails.audit.audit import audit
from handwheel.tools.guardrails.gate.state.execution import Execution, GateContext, Readback
from handwheel.tools.guardrails.gate.steps.execute import claim
from handwheel.tools.guardrails.gate.steps.intent import commit
from handwheel.tools.guardrails.gate.steps.outcome import conclude
from handwheel.tools.guardrails.ledger.records import load_exactly
from handwheel.tools.guardrails.ledger.store.journal import chain_faults
from handwheel.tools.guardrails.ledger.store.states import ActionState
from handwheel.tools.requests.request import ActionRequest
from handwheel.tools.requests.timestamps import instant_now

from .approval_to_write import VALUES
from .checks import gate_context
from .desk import Desk, open_desk
from .site import PUMP, People

_STORIES = 150  # asked for, approved and carried out
_ROWS_AT_LEAST = 20_000

Rows = list[tuple[str, str]]


def journal_rows(site: Site, people: People, repeats: int) -> Rows:
    """Returns the speed at which the journal of a typical site is verified."""
    with open_desk(site, people) as desk, gate_context(desk.decision_context) as context:
        before = _count(desk)
        for value, _ in zip(cycle(VALUES[PUMP]), range(_STORIES), strict=False):
            _story(desk, context, value is True)
        a_story = (_count(desk) - before) / _STORIES
        decision_context, few = desk.decision_context, max(repeats // 3, 1)
        database = decision_context.database

        def whole() -> None:
            found = audit(
                database, site, decision_context.roster, decision_context.policy.satisfied
            )
            assert not found.faults, found.faults[:3]

        def chain() -> None:
            assert not chain_faults(database.journal(), database.anchor_lines())

        freeze_heap()
        short, short_s = _count(desk), _median(whole, few)
        _pad(desk)
        count, whole_s, chain_s = _count(desk), _median(whole, few), _median(chain, repeats)
    what = f"actuation: journal verify, {count:,} records"
    return [
        (f"{what}, at least 80,000 a second", f"{count / whole_s:,.0f} a second"),
        (f"{what}, the chain alone", f"{count / chain_s:,.0f} a second"),
        (f"{what}, {short:,} of them writes with two signatures each, those alone",
         f"{short / short_s:,.0f} a second"),
        ("actuation: records of one write, asked for to verified", f"{a_story:.0f}"),
    ]  # fmt: skip


def _count(desk: Desk) -> int:
    head = desk.decision_context.database.head()
    return head.seq if head else 0


def _story(desk: Desk, context: GateContext, value: bool) -> None:
    """Records one write from request to verified outcome, with nothing sent."""
    request = desk.file(PUMP, value)
    desk.approve(request)
    carry_out(context, request)


def carry_out(context: GateContext, request: ActionRequest) -> None:
    """Records that the first command of an approved request was verified."""
    record = load_exactly(context.database, request.request_id)
    execution = Execution(context, record, record.request.commands[0])
    claim(execution)
    execution.read_at = instant_now()
    commit(execution)
    execution.readback = Readback(True, True, "it reads as written")
    conclude(execution, ActionState.VERIFIED, execution.readback.words, sent=True)


def _pad(desk: Desk) -> None:
    """Fills the journal with rows as a run notes them."""
    database = desk.decision_context.database
    with database.transaction(instant_now()) as transaction:
        for number in range(_ROWS_AT_LEAST - _count(desk)):
            body: dict[str, object] = {"number": number, "state": "running", "text": "x" * 60}
            transaction.record("bench.noted", f"U-{number % 50:08}", body)


def _median(act: Callable[[], object], repeats: int) -> float:
    """Returns CPU time, since the measured code waits for nothing."""
    times: list[float] = []
    act()
    for _ in range(repeats):
        start_s = process_time()
        act()
        times.append(process_time() - start_s)
    return median(times)
