"""Cases and requests as guests see them, with what came of them by the ledger alone."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from time import monotonic
from typing import Any, NamedTuple

from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.client.request_fields import request_fields
from handwheel.tools.guardrails.client.request_lines import request_lines
from handwheel.tools.guardrails.client.request_outcome import outcome_of
from handwheel.tools.guardrails.ledger.effects import load_effects
from handwheel.tools.guardrails.ledger.listing import listed
from handwheel.tools.guardrails.ledger.records import (
    RequestRecord,
    load_exactly,
    load_request,
    load_unfinished,
)

from ..deviations.case import Case
from .guest_context import GuestContext

LONGEST_WAIT_S = 25.0
"""How long an answer may be held back until something changes."""
_LOOK_S = 0.5  # at most, though no change of the ledger was told
_DIGITS = 16


class Followed(NamedTuple):
    """Request with the token of its present state."""

    fields: dict[str, Any]
    token: str


class FollowedRequests:
    """Requests of the ledger, each put together once while nothing changes."""

    def __init__(self, context: GuestContext) -> None:
        self._context = context
        self._version: int | None = None
        self._found: dict[str, Followed] = {}
        self._changed = asyncio.Event()  # another one after each change
        self._is_over = False

    async def watch(self) -> None:
        """Wakes who waits at each change of the ledger, until it is cancelled."""
        while True:
            with suppress(HandwheelError):  # the agents report it
                self._refresh()
                await self._context.wait(_LOOK_S)
                continue
            await asyncio.sleep(_LOOK_S)

    def end(self) -> None:
        """Lets everybody who waits have an answer now."""
        self._is_over = True
        self._changed.set()

    def of(self, request_id: str) -> Followed:
        """Returns a request as it stands. One that is not there raises `LedgerError`."""
        self._refresh()
        if request_id not in self._found:
            self._found[request_id] = self._of(load_exactly(self._context.database, request_id))
        return self._found[request_id]

    def open_ones(self) -> list[dict[str, Any]]:
        """Returns the open requests of all guests, in the order of filing."""
        found = load_unfinished(self._context.database)
        guests = [each.request for each in found if each.request.proposer.kind == "guest"]
        return [self.of(each.request_id).fields for each in guests]

    async def follow(self, name: str, wait_s: float, seen: str) -> Followed:
        """Returns a request as soon as its token is another one than `seen`, or time is up.

        Args:
            name: Its id, or the beginning of it.
            wait_s: How long to wait at most, seconds.

        Raises:
            InvalidArguments: There is no such request.

        Effect: none. Retry: none. Timeout: `wait_s`.
        """
        request_id = load_request(self._context.database, name).request.request_id
        until_s = monotonic() + wait_s
        while True:
            found = self.of(request_id)  # looks first, so that `_changed` is that of the next one
            left_s = until_s - monotonic()
            if found.token != seen or left_s <= 0.0 or self._is_over:
                return found
            with suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await self._changed.wait()

    def _refresh(self) -> None:
        version = self._context.database.version()
        if version != self._version:
            self._version, self._found = version, {}
            self._changed.set()
            self._changed = asyncio.Event()

    def _of(self, record: RequestRecord) -> Followed:
        effects = load_effects(self._context.database, record.request.request_id)
        fields = {
            **request_fields(listed(record)),
            "outcome": outcome_of(record, effects).fields,
            "card": request_lines(record.request),
        }
        token = sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:_DIGITS]
        return Followed(fields, token)


def case_fields(case: Case, site: Site) -> dict[str, Any]:
    """Returns a case as plain JSON, its ranking as it was judged last."""
    ranking: Mapping[str, Any] | None = case.judgement.get("diagnosis")
    told = [str(each["text"]) for each in case.judgement.get("deviations", ())]
    return {
        "case_id": case.case_id,
        "opened_at": case.opened_at,
        "condition": case.condition,
        "deviations": told or list(case.deviations),
        "equipment": sorted(set(_equipment(case.judgement, site)) - {""}),
        "named": list(ranking["named"]) if ranking else [],
        "ranking": ranking,
        "run_id": case.run_id,
    }


def _equipment(judgement: Mapping[str, Any], site: Site) -> Iterator[str]:
    """Yields what the candidates write, and what the deviations and the named faults show in."""
    for each in judgement.get("candidates", ()):
        yield from each["equipment"]
    for tag in _shown_in(judgement):
        if tag in site.tags:
            yield site.tags[tag].equipment


def _shown_in(judgement: Mapping[str, Any]) -> Iterator[str]:
    for each in judgement.get("deviations", ()):
        yield from (motion["tag"] for motion in each.get("motions", ()))
    ranking = judgement.get("diagnosis", {})
    for each in ranking.get("hypotheses", ()):
        if each["id"] in ranking["named"]:
            yield from (tag for one in each["evidence"] for tag in one.get("tags", ()))
