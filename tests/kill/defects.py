"""Defects for a gate; each function changes the modules of its own process, for good."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import pytest

from handwheel.connectors.actuation.permit import Permit
from handwheel.connectors.actuation.write_session import WriteAnswer, open_write_session
from handwheel.connectors.errors import WriteOutcomeUnknown
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.tools.guardrails.gate import gate
from handwheel.tools.guardrails.gate.state.execution import Execution, Intent
from handwheel.tools.guardrails.gate.steps import execute as carry_out
from handwheel.tools.guardrails.gate.steps import intent
from handwheel.tools.guardrails.gate.steps import outcome as concluding

_patch = pytest.MonkeyPatch()


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
    commit, conclude = intent.commit, concluding.conclude

    def conclude_all(execution: Execution, *arguments: Any, **more: Any) -> None:
        commit(execution)
        conclude(execution, *arguments, **more)

    def believe(execution: Execution) -> Intent:
        return Intent(execution.action.action_id, execution.action.wire, 1)

    _patch.setattr(intent, "commit", believe)
    for module in (concluding, carry_out):
        _patch.setattr(module, "conclude", conclude_all)


DEFECTS: Mapping[str, Callable[[], None]] = {
    "none": lambda: None,
    "resend": resend,
    "late-intent": late_intent,
}
