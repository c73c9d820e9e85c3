"""Recent course of a tag for guests, from the historian."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Self

from aiohttp import web

from .admission import Pace
from .guest_context import Guest, GuestContext
from .questions import known_tags, number_in

_LONGEST_S = 366 * 86400.0
_MOST_SLOTS = 500
_PACE_S = 0.1


class GuestWindows:
    """Answers how a tag went, read in a thread of its own while the context is open."""

    def __init__(self, context: GuestContext) -> None:
        self._context = context
        self._pace = Pace(_PACE_S)
        self._thread = ThreadPoolExecutor(1, "guests' windows")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def answer(self, guest: Guest, request: web.Request) -> dict[str, Any]:
        """Answers with the slots of a window, oldest first, in process time.

        Effect: OBSERVE. Retry: none. Timeout: a second where the history is locked.
        """
        (tag,) = known_tags(self._context.site, [request.query.get("tag", "")])
        last_s = number_in(request, "last_s", None, 1.0, _LONGEST_S)
        count = int(number_in(request, "slots", 60.0, 1.0, _MOST_SLOTS))
        async with self._pace.turn(guest):
            read = partial(self._context.recorded.slots, tag.name, last_s, count)
            found = await asyncio.get_running_loop().run_in_executor(self._thread, read)
        return {"slots": [each._asdict() for each in found]}
