"""Defects for a gate, and the arrangement in which one of them comes to light.

Each function changes the modules of its own process, for good; `broken_gate` calls them before
it starts the real gate.
"""

import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from unittest.mock import Mock

import pytest

from handwheel.connectors.actuation.permit import Permit
from handwheel.connectors.actuation.write_session import (
    WriteAnswer,
    WriteSession,
    open_write_session,
)
from handwheel.connectors.errors import WriteOutcomeUnknown
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue
from handwheel.connectors.session.protocols import Encoder
from handwheel.tools.guardrails.gate import gate
from handwheel.tools.guardrails.gate.state.execution import Execution, Intent
from handwheel.tools.guardrails.gate.state.memory import GateMemory
from handwheel.tools.guardrails.gate.steps import execute as carry_out
from handwheel.tools.guardrails.gate.steps import intent
from handwheel.tools.guardrails.gate.steps import outcome as concluding
from handwheel.tools.guardrails.ledger import intents
from handwheel.tools.guardrails.ledger.store.database import Database, LostRace, Transaction
from handwheel.tools.guardrails.ledger.store.states import ActionState
from handwheel.tools.requests.timestamps import Instant

_GATE = "handwheel.tools.guardrails.gate"
_CLAIM_S = 5.0
_WINNER_S = 10.0
_INTENT_S = 1.2  # the frame must have left 2 s after the fresh look

_patch = pytest.MonkeyPatch()


def row_count_unchecked() -> None:
    """A change that found no row counts as done."""
    checked = Transaction.change

    def change(self: Transaction, statement: str, values: Sequence[object]) -> None:
        with suppress(LostRace):
            checked(self, statement, values)

    _patch.setattr(Transaction, "change", change)


class _Insistent:
    """A write session that does what a library's retry does: after a lost answer it sends again."""

    def __init__(self, session: WriteSession, again: Callable[[], Any]) -> None:
        self._session = session
        self._again = again

    @property
    def encoder(self) -> Encoder:
        return self._session.encoder

    async def read(self, tags: Sequence[Tag]) -> Mapping[str, DataValue]:
        return await self._session.read(tags)

    async def send(self, permit: Permit) -> WriteAnswer:
        try:
            return await self._session.send(permit)
        except WriteOutcomeUnknown:
            await self._session.close()
            self._session = await self._again()
            return await self._session.send(permit)

    def check_echo(self, answer: WriteAnswer) -> None:
        self._session.check_echo(answer)

    async def close(self) -> None:
        await self._session.close()


def resend() -> None:
    """A frame whose answer is lost is sent once more."""

    async def open_insistent(site: Site, connection: str, tags: Sequence[Tag]) -> _Insistent:
        again = partial(open_write_session, site, connection, tags)
        return _Insistent(await again(), again)

    _patch.setattr(gate, "open_write_session", open_insistent)


def late_intent() -> None:
    """The intent is recorded when the outcome is, and not before the frame."""
    record_intent, conclude = intent.record_intent, concluding.conclude

    def conclude_all(execution: Execution, *arguments: Any, **more: Any) -> None:
        record_intent(execution)
        conclude(execution, *arguments, **more)

    def record_nothing(execution: Execution) -> int:
        return 1

    def believe(execution: Execution, seq: int) -> Intent:
        return Intent(execution.action.action_id, execution.action.wire, seq)

    _patch.setattr(intent, "record_intent", record_nothing)
    _patch.setattr(intent, "proof", believe)
    for module in (concluding, carry_out):
        _patch.setattr(module, "conclude", conclude_all)


def drop_second_line() -> None:
    """What the journal, the schema and the gate's memory say to a second intent is not heard.

    They stop a second sending where no row count is checked.

    The schema itself is left as it is: a gate refuses a ledger whose tables were altered.
    """
    heeding = Transaction.change

    def change(self: Transaction, statement: str, values: Sequence[object]) -> None:
        is_intent = statement.startswith("INSERT INTO intent")
        with suppress(sqlite3.IntegrityError) if is_intent else nullcontext():
            heeding(self, statement, values)

    _patch.setattr(Transaction, "change", change)
    _patch.setattr(GateMemory, "may_have_left", _forget)
    _patch.setattr(intent, "has_row", Mock(return_value=False))
    _patch.setattr(
        intents, "_PROVEN", "SELECT seq FROM intent WHERE action_id = ? AND wire = ? AND ? > 0"
    )


def _forget(memory: GateMemory, action_id: str) -> bool:
    del memory, action_id
    return False


def stand_beside(meeting: Path) -> None:
    """Lets two gates stand side by side: no lock, one epoch, and both act at the same moment.

    Each waits for the other before it claims an action, and before it records its intent.

    Args:
        meeting: A folder of both, in which a file tells who has come where.
    """
    start_epoch: Callable[[Database, Instant], int] = vars(gate)["start_epoch"]
    claim, record_intent = carry_out.claim, intent.record_intent

    def same_epoch(database: Database, now: Instant) -> int:
        newest: int | None = database.all("SELECT max(epoch) FROM gate")[0][0]
        return newest or start_epoch(database, now)

    def claim_together(execution: Execution) -> None:
        _meet(meeting, "claim", _CLAIM_S)
        try:
            claim(execution)
        except LostRace:
            _arrive(meeting, "intent")  # the winner need not wait
            _await_end(execution)
            raise

    def intend_together(execution: Execution) -> int:
        _meet(meeting, "intent", _INTENT_S)
        return record_intent(execution)

    def always_free(file: int, operation: int) -> None: ...

    _patch.setattr(f"{_GATE}.state.lock.fcntl.flock", always_free)
    _patch.setattr(gate, "start_epoch", same_epoch)
    _patch.setattr(carry_out, "claim", claim_together)
    _patch.setattr(intent, "record_intent", intend_together)


def _meet(meeting: Path, place: str, within_s: float) -> None:
    _arrive(meeting, place)
    until_s = monotonic() + within_s
    while arrived(meeting, place) < 2 and monotonic() < until_s:
        sleep(0.001)


def _await_end(execution: Execution) -> None:
    """Waits until the winner has done it: in its next round a gate ends what it finds under way."""
    until_s, name = monotonic() + _WINNER_S, execution.action.action_id
    state = "SELECT state FROM action WHERE action_id = ?"
    under_way = {ActionState.CLAIMED, ActionState.SENDING}
    while execution.context.database.all(state, name)[0][0] in under_way and monotonic() < until_s:
        sleep(0.01)


def _arrive(meeting: Path, place: str) -> None:
    (meeting / f"{place} {os.getpid()}").touch()


def arrived(meeting: Path, place: str) -> int:
    """Returns how many gates have come to `claim` or `intent`."""
    return len(list(meeting.glob(f"{place} *")))


DEFECTS: Mapping[str, Callable[[], None]] = {
    "none": lambda: None,
    "row-count-unchecked": row_count_unchecked,
    "resend": resend,
    "late-intent": late_intent,
}
