"""Holding a run."""

from handwheel.tools.guardrails.ledger.store.states import WAITING_REQUESTS

from ..run.event_log import RunLog
from ..run.ledger_port import LedgerPort
from ..run.states import INACTIVE, EventKind
from .request_segment import adopt_submitted

PROCESS_ENDED = "the process that worked on it has ended"


def hold(log: RunLog, ledger: LedgerPort, reason: str) -> None:
    """Holds a run at once, after its process ended or the agents failed."""
    if log.run.state not in INACTIVE:
        adopt_submitted(log, ledger)
        log.record(EventKind.HOLDING, reason=reason, at_once=True)
        complete_hold(log, ledger)


def complete_hold(log: RunLog, ledger: LedgerPort) -> None:
    """Ends the requests that await a decision, and records that the run is held."""
    reason = log.run.reason
    for each in log.run.requests:
        if ledger.request(each).state in WAITING_REQUESTS:
            ledger.end(each, f"the run is held: {reason}")
    log.record(EventKind.HELD, reason=reason)
