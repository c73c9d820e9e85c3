"""Messages that the gate takes."""

from collections.abc import Sequence

from ...approval.administration import ReleaseLockout, RevokeKey
from ...approval.decide import Decide
from ...approval.messages.agents import (
    Effects,
    ReleaseRunnerLock,
    RenewRunnerLock,
    TakeRunnerLock,
)
from ...approval.propose import Propose
from ...approval.run_orders import AskRun, OrderRun
from ...approval.shift_handover import HandOverShift
from ...approval.start_orders import OrderStart
from ...interlocks.authority import EndMaintenance, GrantAuthority, TakeAuthority
from ...signatures.check_answers import AnswerCheck
from ...signatures.message import Message

MESSAGES: Sequence[type[Message]] = (
    Propose, Decide, AskRun, OrderRun, OrderStart, AnswerCheck, TakeAuthority, GrantAuthority,
    EndMaintenance, RevokeKey, ReleaseLockout, HandOverShift,
    TakeRunnerLock, RenewRunnerLock, ReleaseRunnerLock, Effects,
)  # fmt: skip
"""Every class of them, each with a path of its own. The last four are the agents'."""
