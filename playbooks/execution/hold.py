"""Holds a run: whatever was going on, nothing goes on in silence."""

from handwheel.tools.guardrails.ledger.store.states import WAITING_REQUESTS

from ..run.event_log import RunLog
from ..run.ledger_port import Desk
from ..run.states import AT_REST, EventKind
from .request_segment import adopt_filed

DIED = "the process that worked on it has ended"


def hold(log: RunLog, desk: Desk, reason: str) -> None:
    """Holds a run at once, after a death or a fault of the agents: nothing goes on in silence.

    Raises:
        LedgerError: It cannot be written.
    """
    if log.run.state not in AT_REST:
        adopt_filed(log, desk)
        log.record(EventKind.HOLDING, reason=reason, at_once=True)
        come_to_hold(log, desk)


def come_to_hold(log: RunLog, desk: Desk) -> None:
    """Ends what waits for people, so that nobody approves what nobody will carry out."""
    reason = log.run.reason
    for each in log.run.requests:
        if desk.request(each).state in WAITING_REQUESTS:
            desk.end(each, f"the run is held: {reason}")
    log.record(EventKind.HELD, reason=reason)
