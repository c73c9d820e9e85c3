"""What gate and agents have in common: to work, to tell of it, and to end with their input."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.ledger.database import Database
from handwheel.tools.guardrails.ledger.journal import Row
from handwheel.tools.guardrails.wake import Listener

from .heap import settle_heap
from .stdin_lines import stdin_lines
from .telling import Teller

_POLL_S = 0.2


async def serve(
    work: Coroutine[Any, Any, None], database: Database, show: Callable[[Row], str], state: Path
) -> None:
    """Works until that ends or fails, or until standard input ends.

    Args:
        show: Returns a new row of the journal as a line; empty for one that is not told.
        state: The site's state folder, where the gate wakes who waits.
    """
    settle_heap()
    tasks = (
        asyncio.create_task(work),
        asyncio.create_task(_tell(database, show, state)),
        asyncio.create_task(_await_end()),
    )
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _tell(database: Database, show: Callable[[Row], str], state: Path) -> None:
    teller, last = Teller(sys.stdout), None
    with Listener(state) as waker:
        while True:
            # Whoever works says what is wrong with the ledger; a row is told once it can be read.
            with suppress(LedgerError):
                if last is None:
                    head = database.head()
                    last = head.seq if head else 0
                for row in database.journal(after=last):
                    last = row.seq
                    if line := show(row):
                        teller.tell(line)
            await waker.wait_async(_POLL_S)


async def _await_end() -> None:
    async for _ in stdin_lines():
        pass  # no orders are taken here: they come through the ledger
