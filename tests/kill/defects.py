"""Defects for a gate; each function changes the modules of its own process, for good."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from functools import partial
from typing import Any
from unittest.mock import Mock

import pytest

from handwheel.connectors.actuation.permit import Permit
from handwheel.connectors.actuation.write_session import WriteAnswer, open_write_session
from handwheel.connectors.errors import WriteOutcomeUnknown
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.tools.guardrails.gate import gate
from handwheel.tools.guardrails.gate.state.execution import Execution, Intent
from handwheel.tools.guardrails.gate.state.memory import GateMemory
from handwheel.tools.guardrails.gate.steps import execute as carry_out
from handwheel.tools.guardrails.gate.steps import intent
from handwheel.tools.guardrails.gate.steps import outcome as concluding
from handwheel.tools.guardrails.ledger import intents
from handwheel.tools.guardrails.ledger.store.database import LostRace, Transaction

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

    def __init__(self, session: Any, again: Callable[[], Any]) -> None:
        self._session, self._again = session, again

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    async def send(self, permit: Permit) -> WriteAnswer:
        try:
            answer: WriteAnswer = await self._session.send(permit)
        except WriteOutcomeUnknown:
            await self._session.close()
            self._session = await self._again()
            answer = await self._session.send(permit)
        return answer


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
    """What journal, schema and the gate's memory say to a second intent is not heard.

    The schema itself is left as it is: a gate refuses a ledger whose tables were altered.
    """
    heeding = Transaction.change

    def change(self: Transaction, statement: str, values: Sequence[object]) -> None:
        is_intent = statement.startswith("INSERT INTO intent")
        with suppress(sqlite3.IntegrityError) if is_intent else nullcontext():
            heeding(self, statement, values)

    _patch.setattr(Transaction, "change", change)
    _patch.setattr(GateMemory, "may_have_left", Mock(return_value=False))
    _patch.setattr(intent, "has_row", Mock(return_value=False))
    _patch.setattr(
        intents, "_PROVEN", "SELECT seq FROM intent WHERE action_id = ? AND wire = ? AND ? > 0"
    )


DEFECTS: Mapping[str, Callable[[], None]] = {
    "none": lambda: None,
    "resend": resend,
    "late-intent": late_intent,
}
