"""Gives the runner's lock the time in which the gate could take no renewal."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from ....errors import LedgerError
from ....requests.timestamps import Instant
from ...ledger.runner_lock import extend_runner_lock
from ...ledger.store.database import Database

_EACH_S = 1.0
_LONG_MS = 3000


class Stalls:
    """Finds out when this process stood still, as one that was stopped or had no memory.

    The holder of the lock could not renew it then, and nobody else could take it.
    """

    def __init__(self, ledger: Database, clock: Callable[[], Instant]) -> None:
        self._ledger, self._clock = ledger, clock
        self._seen_ms = clock().boot_ms

    async def watch(self) -> None:
        """Looks each second until it is cancelled."""
        while True:
            self.note()
            await asyncio.sleep(_EACH_S)

    def note(self) -> None:
        """Extends the lock by the time since the last look, if that was long."""
        now, seen_ms = self._clock(), self._seen_ms
        self._seen_ms = now.boot_ms
        if now.boot_ms - seen_ms > _LONG_MS:
            with suppress(LedgerError):  # told by whatever uses the ledger next
                extend_runner_lock(self._ledger, seen_ms, now)
