"""Pause before a case is asked for again, and escalation of one that nobody answers."""

from collections.abc import Collection, Iterable, Iterator, MutableMapping
from datetime import datetime, timedelta
from typing import NamedTuple

from handwheel.connectors.denial import Denial
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.engine.requests.deadline import TOO_LATE
from handwheel.playbooks.engine.run import Run
from handwheel.playbooks.engine.states import RunState
from handwheel.tools.errors import ToolFailed
from handwheel.tools.guardrails.ledger.store.states import RequestState
from handwheel.tools.maintenance.work_order_database import Notice, WorkOrders
from handwheel.tools.requests.timestamps import parse_stamp, stamp

from ..deviations.case import Case, plan_name
from ..deviations.deviation import STEADY_S
from ..planning.candidates import Candidate

REASK_S = 600.0
"""How long a case that a run gave back is not asked for again, wall-clock time."""
RETRY_S = 60.0
"""The same where nobody was asked, since the plant could not be read."""
MOST_REPLANS = 3
"""How often a case is planned anew after its runs were rejected, stopped or aborted."""
GIVES_WAY = "it gives way to "
"""Beginning of the reason of a run that another one of a higher priority has stopped."""


def after_pause(
    case: Case,
    found: list[Candidate],
    now: datetime,
    now_s: float,
    differs_since_s: MutableMapping[str, float],
) -> list[Candidate]:
    """Prevents the candidates of a case during the pause, unless their evidence has changed.

    Args:
        now_s: Process time.
        differs_since_s: Since when the evidence of each candidate is another than at the return,
            process time. It is changed.
    """
    if not case.returned_at or case.returned["state"] == RunState.COMPLETE:
        return found
    if case.failures > MOST_REPLANS:
        ended = f"{case.failures} runs of it were rejected, stopped or aborted"
        reason = f"{ended}, the last one {case.returned['run_id']}: {case.returned['reason']}"
        denial = Denial("people", f"{reason}; people decide now")
        return [each.prevented(denial) for each in found]
    pause = timedelta(seconds=RETRY_S if case.returned["is_unread"] else REASK_S)
    until = parse_stamp(case.returned_at) + pause
    if now >= until:
        return found
    reason = f"{case.returned['run_id']} gave it back: {case.returned['reason']}"
    denial = Denial("returned", f"{reason}; it is asked for again at {stamp(until)[11:19]} UTC")
    changed = [each for each in found if _has_changed(case, each, now_s, differs_since_s)]
    return [each if each in changed else each.prevented(denial) for each in found]


def once_steady(
    found: list[Candidate], wanted: Collection[str], now_s: float, free_since_s: dict[str, float]
) -> list[Candidate]:
    """Prevents candidates without a trigger until nothing has prevented them for a while.

    A trigger has its own delay; evidence alone may turn about its limit.

    Args:
        wanted: Names of those whose trigger is due.
        now_s: Process time.
        free_since_s: Since when nothing prevents each, process time. It is changed.
    """
    free = {each.name for each in found if not each.code and each.name not in wanted}
    for name in free_since_s.keys() - free:
        del free_since_s[name]
    brief = {n for n in free if now_s - free_since_s.setdefault(n, now_s) < STEADY_S}
    denial = Denial("steady", f"what it needs must be met for {STEADY_S:g} s first")
    return [each.prevented(denial) if each.name in brief else each for each in found]


def waits_for_people(run: Run) -> bool:
    """Whether a run has given up for now, so that nobody answers its case."""
    late = (RequestState.EXPIRED, TOO_LATE)
    is_late = run.state is RunState.HELD and run.reason.startswith(late)
    return is_late or run.state is RunState.ABORTED


def is_failure(run: Run) -> bool:
    """Whether people or the plant did not let a run end, so that its case is planned anew."""
    is_ended = run.state in {RunState.STOPPED, RunState.ABORTED}
    return is_ended and not run.reason.startswith(GIVES_WAY)


def _has_changed(
    case: Case, candidate: Candidate, now_s: float, differs_since_s: MutableMapping[str, float]
) -> bool:
    """Whether the evidence of a candidate is another than when a run gave the case back."""
    before = set(case.returned["signature"])
    if not before or before.issuperset(candidate.signature):
        differs_since_s.pop(candidate.name, None)
        return False
    return now_s - differs_since_s.setdefault(candidate.name, now_s) >= STEADY_S


class DueEscalation(NamedTuple):
    """Notice that is due about a case."""

    key: str  # of the playbook and its rule; each is sent once until a run answers the case
    to: tuple[str, ...]
    text: str


def send(workorders: WorkOrders, case: Case, due: DueEscalation, now: datetime) -> Iterator[str]:
    """Sends a notice to each recipient, and yields problems. The case's row has the text still."""
    for each in due.to:
        mark = f"{case.case_id}/{due.key}/{each}/{case.undecided_since}"
        notice = Notice(key=mark, at=stamp(now), to=each, text=due.text, run_id=case.case_id)
        try:
            workorders.notify(notice)
        except ToolFailed as error:
            yield str(error)


def due_escalations(
    case: Case, plans: Iterable[BoundPlaybook], now: datetime
) -> Iterator[DueEscalation]:
    """Yields the notices that the playbooks want for an undecided case by now."""
    since = parse_stamp(case.undecided_since)
    reason = str(case.judgement.get("reason", "it is not judged yet"))
    text = f"{case.condition} since {case.opened_at[11:19]} UTC, not answered: {reason}"
    for plan in plans:
        for number, each in enumerate(plan.escalations):
            key = f"{plan_name(plan)} {number}"
            is_due = now >= since + timedelta(seconds=each.after_s)
            if each.when == "undecided" and is_due and key not in case.escalated:
                yield DueEscalation(key, each.to, text)
