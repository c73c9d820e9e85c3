"""Changes of the ledger by the holder of the runner lock, past the socket."""

import os
from secrets import token_hex
from types import SimpleNamespace
from typing import cast

from handwheel.tools.guardrails.approval.messages.agents import Effects, Operation
from handwheel.tools.guardrails.ledger import runner_lock
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.requests.timestamps import Instant


def make(context: DecisionContext, holder: str, now: Instant, *operations: Operation) -> None:
    """Makes changes, also for a holder whose name no message could have."""
    Effects.model_construct(holder=holder, operations=operations).apply(context, now)


def take_runner_lock(ledger: Ledger, now: Instant, pid: int | None = None) -> str:
    """Takes the lock for this process or another, and returns what names its holder."""
    holder = token_hex(16)
    runner_lock.take_runner_lock(ledger, now, holder, pid or os.getpid())
    return holder


def without_site(ledger: Ledger) -> DecisionContext:
    """The context of changes that need the ledger alone."""
    return cast(DecisionContext, SimpleNamespace(database=ledger))
