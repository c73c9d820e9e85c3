"""Escalation of a case that nobody answers."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.tools.errors import ToolFailed
from handwheel.tools.maintenance.work_order_database import Notice, WorkOrders
from handwheel.tools.requests.timestamps import parse_stamp, stamp

from .case import Case, plan_name


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
