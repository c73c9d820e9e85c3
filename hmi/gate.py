"""Runs the gate of a site, and tells what it does as it happens."""

import asyncio
import json
import os
import sys
from collections.abc import Callable

from handwheel.connectors.site import Site
from handwheel.tools.guardrails import gate
from handwheel.tools.guardrails.gate.gate import take_post
from handwheel.tools.guardrails.ledger.database import Database
from handwheel.tools.guardrails.operators import load_roster

from .journal_lines import show_row
from .stdin_lines import stdin_lines
from .telling import Teller, tell_log

_POLL_S = 0.2


async def run_gate(site: Site, note_start: Callable[[], None], *, as_json: bool) -> None:
    """Runs the gate until Ctrl-C, SIGTERM, or the end of standard input.

    An action under way is brought to its end first.

    Args:
        note_start: Called before there is anything to lose.
        as_json: Print one JSON line when the gate is at its post, and one for each row of the
            journal.
    """
    for problem in load_roster(site).ignored:
        sys.stderr.write(f"handwheel: ignored: {problem}\n")
    note_start()
    tell_log(gate.__name__)
    async with take_post(site) as post:
        with Database(site.state, site.id) as database:
            _announce(site, post.epoch, as_json=as_json)
            tasks = (
                asyncio.create_task(post.run()),
                asyncio.create_task(_tell(database, as_json=as_json)),
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


def _announce(site: Site, epoch: int, *, as_json: bool) -> None:
    ready = {"ready": "gate", "site": site.id, "pid": os.getpid(), "epoch": epoch}
    words = f"the gate of {site.id} is at its post (epoch {epoch}); Ctrl-C ends it"
    print(json.dumps(ready) if as_json else words, flush=True)


async def _tell(database: Database, *, as_json: bool) -> None:
    head, teller = database.head(), Teller(sys.stdout)
    last = head.seq if head else 0
    while True:
        for row in database.journal(after=last):
            last = row.seq
            teller.tell(show_row(row, as_json=as_json))
        await asyncio.sleep(_POLL_S)


async def _await_end() -> None:
    async for _ in stdin_lines():
        pass  # the gate takes no orders here
