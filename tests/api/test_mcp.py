"""Tools by MCP: with the SDK's own client, in memory, over pipes and by HTTP."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client, StdioServerParameters, stdio_client
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, Implementation, TextContent

from handwheel.connectors.model.site import load_site
from handwheel.mcp.server import mcp_server
from handwheel.site_tools import site_tools
from handwheel.tools.guardrails.ledger.records import load_requests
from handwheel.tools.requests.proposer import guest_proposer
from handwheel.tools.toolset.toolset import Toolset

from ..agents.guests.asking import Guests
from ..gate.testbed.in_memory import Room
from ..plug_ins.tools import header_margin
from ..sites.tool_site import SHIPPED, tool_site
from ..tools.toolset.sample_tools import fails

HANDWHEEL = ("-m", "handwheel.hmi", "mcp", "--site")
PEER = Implementation(name='my "agent"', version="1")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return tool_site(tmp_path, monkeypatch).root


def _text(result: CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


async def _check_peer(client: Client) -> None:
    """Lists and calls the tools as every peer does."""
    listed = {each.name: each for each in (await client.list_tools()).tools}
    assert tuple(listed) == (*SHIPPED, "header_margin", "caller")
    assert listed["read"].annotations
    assert listed["read"].annotations.read_only_hint
    proposing = listed["propose"].annotations
    assert proposing
    assert (proposing.read_only_hint, proposing.idempotent_hint) == (False, True)
    assert listed["header_margin"].input_schema["properties"]["limit"]["description"] == "in kPa"
    found = await client.call_tool("read", {"tags": ["PT-102.pv"]})
    content: Any = found.structured_content
    assert content["result"][0]["value"] == 349.5
    assert content["result"][0]["quality"] == "good"
    refused = await client.call_tool("propose", {"writes": {"PT-102.pv": "1"}, "reason": "r"})
    assert refused.is_error
    assert _text(refused).startswith("no agents of this site run")
    wrong = await client.call_tool("header_margin", {"limt": 1.0, "limit": "high"})
    assert len(_text(wrong).splitlines()) == 2
    with pytest.raises(MCPError, match="there is no tool 'approve'"):
        await client.call_tool("approve", {"request_id": "R-7K3MQ2XA"})


async def test_a_peer_on_pipes_gets_tools_and_errors(root: Path) -> None:
    command = StdioServerParameters(
        command=sys.executable, args=[*HANDWHEEL, str(root)], env={**os.environ}
    )
    async with Client(stdio_client(command)) as client:
        await _check_peer(client)


@asynccontextmanager
async def _served(root: Path) -> AsyncGenerator[str]:
    """The address of a server by HTTP, which a signal ends at last."""
    words = (*HANDWHEEL, str(root), "--http", "0")
    process = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=PIPE, stderr=PIPE)
    assert process.stderr
    try:
        while "serving MCP at" not in (line := (await process.stderr.readline()).decode()):
            assert line
        yield line.split()[-1]
    finally:
        process.terminate()
        out, _ = await process.communicate()
    assert (process.returncode, out) == (130, b"")


async def test_a_peer_by_http_gets_the_same_on_loopback(root: Path) -> None:
    async with _served(root) as url:
        assert url.startswith("http://127.0.0.1:")
        async with Client(url) as client:
            await _check_peer(client)
        async with httpx.AsyncClient() as others:
            for header, code in (("Host", 421), ("Origin", 403)):
                answer = await others.post(url, headers={header: "http://example.com"}, json={})
                assert answer.status_code == code


async def test_a_port_that_is_taken_is_named(root: Path) -> None:
    async with _served(root) as url:
        port = url.removesuffix("/mcp").rpartition(":")[2]
        words = (*HANDWHEEL, str(root), "--http", port)
        other = await asyncio.create_subprocess_exec(sys.executable, *words, stderr=PIPE)
        said = (await other.communicate())[1].decode()
    assert other.returncode == 2
    assert said.endswith(f": port {port}: address already in use; name another with --http\n")


@pytest.mark.parametrize(
    ("own", "name"),
    [
        ("claude-code", "mcp claude-code"),
        ('my "agent"', "mcp my 'agent'"),
        ("a" * 59 + " b", "mcp " + "a" * 59),
        (" ", "mcp"),
        ("Ж\n", r"mcp \u0416\n"),
        ('"Ж' * 90, r"mcp " + r"'\u0416" * 8 + r"'\u0"),
    ],
)
async def test_a_peer_is_named_as_a_guest_may_be(root: Path, own: str, name: str) -> None:
    server = mcp_server(root, site_tools(load_site(root))[0])
    async with Client(server, client_info=Implementation(name=own, version="1")) as client:
        content: Any = (await client.call_tool("caller")).structured_content
    assert content["name"] == guest_proposer(name, "lab").name


async def test_a_server_outlives_the_faults_of_a_tool(root: Path) -> None:
    async with Client(mcp_server(root, Toolset([fails, header_margin]))) as client:
        for how in ("theirs", "exits", "cancels", "no json", "itself"):
            result = await client.call_tool("fails", {"how": how})
            assert result.is_error
            assert '"error": "ToolFailed"' in _text(result)
        assert not (await client.call_tool("header_margin", {"limit": 300})).is_error


async def _check_proposal(client: Client, room: Room) -> None:
    """Proposes, and asks what became of it."""
    proposal = {"writes": {"PIC-102.sp": "360 kPa"}, "reason": "more margin"}
    filed: Any = (await client.call_tool("propose", proposal)).structured_content
    assert filed["state"] == "WAITING"
    assert "unverified guest program “mcp my 'agent'”" in "".join(filed["card"])
    (record,) = load_requests(room.desk.database)
    room.desk.approve(record.request)
    await room.go_round(3)
    found: Any = await client.call_tool("outcome", {"request_id": filed["request_id"]})
    assert found.structured_content["state"] == "COMPLETE"
    assert len(room.plant.frames) == 1


async def test_a_peer_on_pipes_proposes_and_learns_it(guests: Guests) -> None:
    words, environ = [*HANDWHEEL, str(guests.room.site.root)], {**os.environ}
    command = StdioServerParameters(command=sys.executable, args=words, env=environ)
    async with Client(stdio_client(command), client_info=PEER) as client:
        await _check_proposal(client, guests.room)


async def test_a_peer_by_http_proposes_and_learns_it(guests: Guests) -> None:
    async with _served(guests.room.site.root) as url, Client(url, client_info=PEER) as client:
        await _check_proposal(client, guests.room)
