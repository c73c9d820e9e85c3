"""The connection of a program to the agents, at a socket where somebody else listens."""

import socket
from pathlib import Path

import pytest
from aiohttp import web

from handwheel import Site
from handwheel.errors import NoAgents, ToolFailed
from handwheel.run_link import RunLink
from handwheel.tools.guardrails.client.gate_socket import peer_credentials
from handwheel.tools.guardrails.client.guests_socket import GUESTS_SOCKET_FILE

from ..agents.guests.asking import Guests


async def _status(request: web.Request) -> web.Response:
    return web.json_response({"path": request.path})


def _other_user(connected: socket.socket) -> tuple[int, int]:
    return 1, peer_credentials(connected)[1] + 1


async def test_answer_of_another_user_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = web.Application()
    app.router.add_get("/v1/status", _status)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.UnixSite(runner, str(tmp_path / GUESTS_SOCKET_FILE)).start()
    try:
        await (await RunLink.open(tmp_path, "program", None)).close()
        monkeypatch.setattr("handwheel.run_link.peer_credentials", _other_user)
        with pytest.raises(ToolFailed, match="another user"):
            await RunLink.open(tmp_path, "program", None)
    finally:
        await runner.cleanup()


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
