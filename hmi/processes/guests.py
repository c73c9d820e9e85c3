"""Serves guests beside the agents of a site, which none of them ends or delays."""

import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

from handwheel.agents.agent_context import AgentContext
from handwheel.agents.guests.guest_context import GuestContext
from handwheel.agents.guests.guest_server import GuestServer
from handwheel.agents.site_agents import SiteAgents
from handwheel.connectors.client.site_reader import SiteReader
from handwheel.connectors.historian.recorded_history import RecordedHistory
from handwheel.tools.errors import LedgerError
from handwheel.tools.safe_text import printable

from ..shell.cli.ledger_wait import wait_for_change_async


def guest_context(
    context: AgentContext, agents: SiteAgents, reader: SiteReader, recorded: RecordedHistory
) -> GuestContext:
    """Returns what guests get of agents that are at work, and of what they read."""
    database = context.ledger.context.database

    async def wait(timeout_s: float) -> None:
        await wait_for_change_async(database, timeout_s)

    return GuestContext(
        context.ledger, context.workorders, context.clock, reader.latest, recorded,
        agents.cases.cases.values, wait, agents.intentions,
        lambda: not getattr(database, "is_cut_off", False),
    )  # fmt: skip


@asynccontextmanager
async def serving_guests(context: GuestContext) -> AsyncGenerator[None]:
    """Serves guests while the body runs. A socket that cannot be made is told, and ends nothing.

    Effect: guests read, and their proposals become requests. Retry: none. Timeout: none.
    """
    async with AsyncExitStack() as exits:
        try:
            await exits.enter_async_context(GuestServer(context))
        except LedgerError as error:
            sys.stderr.write(f"handwheel: no programs are served: {printable(str(error))}\n")
        yield
