"""Server of the guests' socket, whose faults cost the guests alone."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, Self

from aiohttp import web
from aiohttp.typedefs import Handler

from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.client.guests_socket import GUESTS_SOCKET_FILE, MOST_CONNECTIONS
from handwheel.tools.guardrails.socket_server.bodies import read_body
from handwheel.tools.guardrails.socket_server.connections import ConnectionLimits
from handwheel.tools.guardrails.socket_server.peers import peer_of
from handwheel.tools.guardrails.socket_server.rejections import denials
from handwheel.tools.guardrails.socket_server.serving import serving

from .admission import Admission, Pace
from .followed_requests import LONGEST_WAIT_S, FollowedRequests, case_fields
from .guest_context import Guest, GuestContext
from .messages import Intended, Proposal, WorkRequest, read_message
from .proposals import (
    Proposals,
    open_intentions,
    record_intention,
    request_work,
    withdraw_intention,
)
from .questions import number_in
from .readings import GuestReadings, GuestWindows

LARGEST = 64 * 1024
"""Bytes of a message."""
_LIMITS = ConnectionLimits(of_user=64, of_process=MOST_CONNECTIONS)
_PAUSE_S = 0.02  # after each connection
_SHUTDOWN_S = 0.2  # for answers under way, since the agents do not wait for a guest
_SURVEY_S = 0.5  # from one survey of the plant for guests to the next
_READ_S = 0.1  # from one reading of the work orders for guests to the next

_Answer = Callable[[Guest, web.Request], Awaitable[dict[str, Any]]]


class GuestServer:
    """Serves guests at `agents.sock` in the site's state folder while the context is open.

    It works within the loop of the agents. A guest gets readings, windows, cases and what came of
    requests, and may propose. It gets no key, no session with the plant and no file here.
    """

    def __init__(self, context: GuestContext) -> None:
        self._context = context
        self._admission = Admission()
        surveys, self._store = Pace(_SURVEY_S), Pace(_READ_S)
        self._readings = GuestReadings(context, surveys)
        self._proposals = Proposals(context, surveys)
        self._windows = GuestWindows(context)
        self._followed = FollowedRequests(context)
        self._exits = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Begins to listen. A socket that cannot be made raises `LedgerError`."""
        async with AsyncExitStack() as exits:
            exits.enter_context(self._windows)
            state = self._context.site.state
            served = serving(
                self._app(), state, GUESTS_SOCKET_FILE, _LIMITS,
                pause_s=_PAUSE_S, shutdown_s=_SHUTDOWN_S,
            )  # fmt: skip
            await exits.enter_async_context(served)
            exits.callback(asyncio.create_task(self._followed.watch()).cancel)
            exits.callback(self._followed.end)  # first, so that no answer is held back any more
            self._exits = exits.pop_all()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._exits.aclose()

    def _app(self) -> web.Application:
        middlewares = [denials("the agents' process"), self._admitted]
        app = web.Application(middlewares=middlewares, client_max_size=LARGEST)
        app.add_routes(
            [
                web.get("/v1/status", _answered(self._status)),
                web.get("/v1/readings", _answered(self._readings.answer)),
                web.get("/v1/window", _answered(self._windows.answer)),
                web.get("/v1/cases", _answered(self._cases)),
                web.get("/v1/requests", _answered(self._requests)),
                web.get("/v1/requests/{name}", _answered(self._request)),
                web.post("/v1/requests", _answered(self._propose)),
                web.get("/v1/work-orders", _answered(self._work_orders)),
                web.post("/v1/work-requests", _answered(self._request_work)),
                web.get("/v1/intentions", _answered(self._intentions)),
                web.post("/v1/intentions", _answered(self._intend)),
                web.post("/v1/intentions/{name}/withdraw", _answered(self._withdraw)),
            ]
        )
        return app

    @web.middleware
    async def _admitted(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Takes a message only from a guest that may send one more."""
        await self._admission.admit(request)
        return await handler(request)

    async def _status(self, guest: Guest, _: web.Request) -> dict[str, Any]:
        has_gate = self._context.has_gate() and not self._context.is_gate_hanging
        user = guest.peer.user
        return {"site": self._context.site.id, "pid": os.getpid(), "user": user, "gate": has_gate}

    async def _cases(self, _guest: Guest, _: web.Request) -> dict[str, Any]:
        site = self._context.site
        return {"cases": [case_fields(each, site) for each in self._context.cases()]}

    async def _requests(self, _guest: Guest, _: web.Request) -> dict[str, Any]:
        return {"requests": self._followed.open_ones()}

    async def _request(self, _guest: Guest, request: web.Request) -> dict[str, Any]:
        wait_s = number_in(request, "wait_s", 0.0, 0.0, LONGEST_WAIT_S)
        seen = request.query.get("seen", "")
        found = await self._followed.follow(request.match_info["name"], wait_s, seen)
        return {"request": found.fields, "token": found.token}

    async def _propose(self, guest: Guest, request: web.Request) -> dict[str, Any]:
        self._check_gate()
        proposal = read_message(Proposal, await read_body(request, LARGEST))
        filed = await self._proposals.file(guest, proposal)
        return {"request": self._followed.of(filed).fields}

    async def _work_orders(self, guest: Guest, _: web.Request) -> dict[str, Any]:
        async with self._store.turn(guest):
            found = self._context.workorders.open_orders()
        return {"work_orders": [each.model_dump(mode="json", by_alias=True) for each in found]}

    async def _request_work(self, guest: Guest, request: web.Request) -> dict[str, Any]:
        asked = read_message(WorkRequest, await read_body(request, LARGEST))
        async with self._store.turn(guest):
            return {"work_order_id": request_work(self._context, guest, asked)}

    async def _intentions(self, _guest: Guest, _: web.Request) -> dict[str, Any]:
        self._check_gate()  # they may have to be read from it
        return {"intentions": open_intentions(self._context)}

    async def _intend(self, guest: Guest, request: web.Request) -> dict[str, Any]:
        self._check_gate()
        asked = read_message(Intended, await read_body(request, LARGEST))
        async with self._store.turn(guest):
            return {"intention": record_intention(self._context, guest, asked)}

    async def _withdraw(self, guest: Guest, request: web.Request) -> dict[str, Any]:
        self._check_gate()
        name = request.match_info["name"]
        async with self._store.turn(guest):
            return {"intention": withdraw_intention(self._context, guest, name)}

    def _check_gate(self) -> None:
        """Raises `LedgerError` while the gate hangs, for which the agents would wait each time."""
        if self._context.is_gate_hanging:
            raise LedgerError("the gate does not answer; nothing was changed, so try again soon")


def _answered(answer: _Answer) -> Handler:
    """Returns the handler that answers a guest in JSON."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return web.json_response(await answer(Guest.of(request, peer_of(request)), request))

    return handle
