"""The connection of a program to the agents, at a socket where somebody else listens."""

import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from handwheel import Site
from handwheel.errors import NoAgents, ToolFailed
from handwheel.run_link import RunLink
from handwheel.tools.guardrails.client.gate_socket import peer_credentials
from handwheel.tools.guardrails.client.guests_socket import GUESTS_SOCKET_FILE

from ..agents.guests.asking import Guests

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def _status(request: web.Request) -> web.Response:
    return web.json_response({"path": request.path})


async def _last(request: web.Request) -> web.Response:
    answer = await _status(request)
    answer.force_close()
    return answer


@asynccontextmanager
async def _serving(folder: Path, handler: Handler) -> AsyncGenerator[None]:
    app = web.Application()
    app.router.add_get("/v1/status", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.UnixSite(runner, str(folder / GUESTS_SOCKET_FILE)).start()
    try:
        yield
    finally:
        await runner.cleanup()


def _other_user(connected: socket.socket) -> tuple[int, int]:
    return 1, peer_credentials(connected)[1] + 1


async def test_answer_of_another_user_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _serving(tmp_path, _status):
        await (await RunLink.open(tmp_path, "program", None)).close()
        monkeypatch.setattr("handwheel.run_link.peer_credentials", _other_user)
        with pytest.raises(ToolFailed, match="another user"):
            await RunLink.open(tmp_path, "program", None)


async def test_last_answer_of_agents_that_end_counts(tmp_path: Path) -> None:
    async with _serving(tmp_path, _last):
        link = await RunLink.open(tmp_path, "program", None)
        assert await link.get("/v1/status") == {"path": "/v1/status"}
        await link.close()


async def test_folder_without_agents_says_what_to_start(tmp_path: Path) -> None:
    with pytest.raises(NoAgents, match="next: handwheel run"):
        await RunLink.open(tmp_path, "program", None)


async def test_agents_that_ended_name_what_did_not_come_about(guests: Guests) -> None:
    async with Site.open(guests.room.site.root) as site:
        await guests.end()
        for asked in (site.read("PT-102.pv"), site.cases()):
            with pytest.raises(NoAgents, match="so nothing was read; next: handwheel run"):
                await asked
        with pytest.raises(NoAgents, match="so nothing was filed; next: handwheel run"):
            await site.propose({"PIC-102.sp": "360 kPa"}, reason="more margin")
