"""Readings for guests, of the latest scan or read for them once, and windows before it."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http import HTTPStatus
from math import isfinite
from time import monotonic
from typing import Any, Self

from aiohttp import web

from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import BAD_WAITING, DataValue, Value
from handwheel.connectors.session.protocols import Survey
from handwheel.tools.guardrails.socket_server.rejections import Rejected
from handwheel.tools.requests.timestamps import stamp

from .admission import Pace
from .guest_context import Guest, GuestContext
from .questions import known_tags, number_in

MOST_TAGS = 200
"""Tags in one question."""
_LONGEST_S = 366 * 86400.0
_MOST_SLOTS = 500
_PACE_S = 0.1


class GuestReadings:
    """Answers what tags read.

    Args:
        surveys: Pace of what is read of the plant for guests.
    """

    def __init__(self, context: GuestContext, surveys: Pace) -> None:
        self._context, self._surveys = context, surveys

    async def answer(self, guest: Guest, request: web.Request) -> dict[str, Any]:
        """Answers with one reading for each tag. Bad quality is a value.

        Effect: OBSERVE. Retry: once, on the connection only. Timeout: the connections'.
        """
        tags = known_tags(self._context.site, request.query.getall("tag", [])[: MOST_TAGS + 1])
        if not 0 < len(tags) <= MOST_TAGS:
            reason = f"a question is about 1 to {MOST_TAGS} tags"
            raise Rejected(HTTPStatus.UNPROCESSABLE_ENTITY, "arguments", reason)
        latest = self._context.latest()
        is_fresh = request.query.get("fresh", "0") != "0"
        waiting = {name for name, value in latest.items() if value.status == BAD_WAITING}
        known = set[str]() if is_fresh else latest.keys() - waiting
        wanted = [tag for tag in tags if tag.name not in known]
        found = dict(latest)
        if wanted:
            async with self._surveys.turn(guest):
                found |= (await survey(self._context, wanted, ())).readings
        now_s = monotonic()
        return {"readings": {tag.name: _fields(found[tag.name], now_s) for tag in tags}}


async def survey(context: GuestContext, read: Sequence[Tag], write: Sequence[Tag]) -> Survey:
    """Reads the plant once over the agents' sessions. An endpoint that is down is a rejection.

    Effect: OBSERVE. Retry: once, on the connection only. Timeout: the connections'.
    """
    try:
        return await context.ledger.survey(read, write)
    except NotConnected as error:
        reason = "; ".join(f"{name}: {why}" for name, why in error.endpoints.items())
        raise Rejected(HTTPStatus.SERVICE_UNAVAILABLE, "not-connected", reason) from None


def _fields(value: DataValue, now_s: float) -> dict[str, Any]:
    found = value.value
    shown = [_number(each) for each in found] if isinstance(found, tuple) else _number(found)
    return {
        "value": shown,
        "status": value.status.name,
        "quality": value.quality.value,
        "source_time": stamp(value.source_time) if value.source_time else None,
        "age_s": None if found is None else round(value.age_s(now_s), 3),
    }


def _number(value: Value | None) -> Value | None:
    """Returns a value as JSON has it, which knows no infinite number."""
    return None if isinstance(value, float) and not isfinite(value) else value


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
