"""Guests beside the agents, of which none ends them."""

from typing import cast

import pytest

from handwheel.agents.guests.guest_context import GuestContext
from handwheel.hmi.processes import guests
from handwheel.tools.errors import LedgerError


class _Unmade:
    """A server whose socket cannot be made."""

    def __init__(self, context: GuestContext) -> None:
        self.context = context

    async def __aenter__(self) -> None:
        raise LedgerError("var/agents.sock: is a link, or no socket; take it away")

    async def __aexit__(self, *error: object) -> None:
        raise AssertionError("it was not entered")


async def test_guests_socket_that_cannot_be_made_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(guests, "GuestServer", _Unmade)
    is_at_work = False
    async with guests.serving_guests(cast(GuestContext, None)):
        is_at_work = True
    assert is_at_work
    told = "handwheel: no programs are served: var/agents.sock: is a link, or no socket; take it"
    assert capsys.readouterr().err == f"{told} away\n"
