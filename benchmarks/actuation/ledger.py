"""Costs of long lists and long journals in CPU time."""

import os
import subprocess
import sys
from collections.abc import Callable
from itertools import cycle
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from time import process_time

from handwheel.connectors.model.site import Site
from handwheel.hmi.requests.request_text import request_line
from handwheel.hmi.shell.cli.gc_freeze import freeze_heap
from handwheel.tools.guardrails.audit.audit import audit
from handwheel.tools.guardrails.gate.state.execution import Execution, GateContext, Readback
from handwheel.tools.guardrails.gate.steps.execute import claim
from handwheel.tools.guardrails.gate.steps.intent import commit
from handwheel.tools.guardrails.gate.steps.outcome import conclude
from handwheel.tools.guardrails.ledger.lifecycle import sweep
from handwheel.tools.guardrails.ledger.listing import load_listed
from handwheel.tools.guardrails.ledger.records import load_exactly
from handwheel.tools.guardrails.ledger.store.journal import chain_faults
from handwheel.tools.guardrails.ledger.store.states import ActionState
from handwheel.tools.requests.timestamps import instant_now

from .approval_to_write import VALUES
from .checks import gate_context
from .site import PUMP, Desk, People, open_desk

COUNT = 1000
_STORIES = 150  # asked for, approved and carried out
_ROWS_AT_LEAST = 20_000

Rows = list[tuple[str, str]]


def list_rows(site: Site, people: People, repeats: int, *, is_agents: bool) -> Rows:
    """Returns the times to list many waiting requests, and to sweep them in the gate.

    Args:
        is_agents: True for requests of two writes and three undo writes, else of one write.
    """
    command = [sys.executable, "-m", "handwheel.hmi", "requests", "list", "--site", str(site.root)]
    few = max(repeats // 3, 1)
    with open_desk(site, people) as desk:
        none_s = _median(lambda: _run(command), few)
        desk.file_many(COUNT, is_agents=is_agents)
        database = desk.decision_context.database

        def show() -> None:
            now = instant_now()
            found = load_listed(database, every=False)
            assert len([request_line(each, now) for each in found]) == COUNT

        freeze_heap()
        list_s = _median(show, repeats)
        sweep_s = _median(lambda: sweep(database, instant_now()), repeats)
        command_s = _median(lambda: _run(command), few)
    what = f"actuation: {COUNT:,} requests of {'an agent' if is_agents else 'a person'} wait"
    return [
        (f"{what}, listed in at most 50 ms", f"{1000.0 * list_s:.0f} ms"),
        (f"{what}, the command requests list, more than with none", _more(command_s, none_s)),
        (f"{what}, looked through for overdue ones", f"{1000.0 * sweep_s:.1f} ms"),
    ]


def _more(seconds: float, none_s: float) -> str:
    return f"{1000.0 * max(seconds - none_s, 0.0):.0f} ms ({1000.0 * none_s:.0f} ms with none)"


def _run(command: list[str]) -> None:
    environment = {**os.environ, "NO_COLOR": "1"}
    subprocess.run(command, capture_output=True, check=True, env=environment)


def journal_rows(site: Site, people: People, repeats: int) -> Rows:
    """Returns the speed at which the journal of a typical site is verified."""
    with open_desk(site, people) as desk, gate_context(site) as context:
        before = _count(desk)
        for value, _ in zip(cycle(VALUES[PUMP]), range(_STORIES), strict=False):
            _story(desk, context, value is True)
        a_story = (_count(desk) - before) / _STORIES
        database, decision_context, few = (
            desk.decision_context.database,
            desk.decision_context,
            max(repeats // 3, 1),
        )

        def whole() -> None:
            found = audit(
                database, site, decision_context.roster, decision_context.policy.satisfied
            )
            assert not found.faults, found.faults[:3]

        def chain() -> None:
            assert not chain_faults(database.journal(), database.anchors.lines())

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
    record = load_exactly(context.database, request.request_id)
    execution = Execution(context, record, record.request.commands[0])
    claim(execution)
    commit(execution)
    execution.readback = Readback(True, True, f"{PUMP} reads {value}")
    conclude(execution, ActionState.VERIFIED, execution.readback.words, sent=True)


def _pad(desk: Desk) -> None:
    """Fills the journal with rows as a run notes them."""
    database = desk.decision_context.database
    with database.transaction(instant_now()) as transaction:
        for number in range(_ROWS_AT_LEAST - _count(desk)):
            body: dict[str, object] = {"number": number, "state": "running", "text": "x" * 60}
            transaction.record("bench.noted", f"U-{number % 50:08}", body)


def _median(act: Callable[[], object], repeats: int) -> float:
    times: list[float] = []
    act()
    for _ in range(repeats):
        start_s = _cpu_s()
        act()
        times.append(_cpu_s() - start_s)
    return median(times)


def _cpu_s() -> float:
    """Returns the CPU time of this process and of its children that have ended, seconds.

    The measured code waits for nothing, and other load of the machine must not count.
    """
    children = getrusage(RUSAGE_CHILDREN)
    return process_time() + children.ru_utime + children.ru_stime
