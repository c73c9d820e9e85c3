"""Tools by MCP: with the SDK's own client, in memory, over pipes and by HTTP."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
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

from ..agents.guests.asking import Guests
from ..sites.tool_site import SHIPPED, tool_site

HANDWHEEL = ("-m", "handwheel.hmi", "mcp", "--site")


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


async def test_a_peer_by_http_gets_the_same_on_loopback(root: Path) -> None:
    words = (*HANDWHEEL, str(root), "--http", "0")
    process = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=PIPE, stderr=PIPE)
    assert process.stderr
    assert process.stdout
    try:
        while "serving MCP at" not in (line := (await process.stderr.readline()).decode()):
            assert line
        url = line.split()[-1]
        assert url.startswith("http://127.0.0.1:")
        async with Client(url) as client:
            await _check_peer(client)
        async with httpx.AsyncClient() as others:
            for header, code in (("Host", 421), ("Origin", 403)):
                answer = await others.post(url, headers={header: "http://example.com"}, json={})
                assert answer.status_code == code
    finally:
        process.terminate()
        out, _ = await process.communicate()
    assert (process.returncode, out) == (130, b"")


@pytest.mark.parametrize(
    ("own", "name"), [("claude-code", "mcp claude-code"), ("Ж\n" * 90, f"mcp {chr(92)}u0416")]
)
async def test_a_peer_is_named_by_what_it_says(root: Path, own: str, name: str) -> None:
    server = mcp_server(root, site_tools(load_site(root))[0])
    async with Client(server, client_info=Implementation(name=own, version="1")) as client:
        content: Any = (await client.call_tool("caller")).structured_content
    assert content["name"].startswith(name)
    assert len(content["name"]) <= 64


async def test_a_peer_proposes_and_learns_the_outcome(guests: Guests) -> None:
    room = guests.room
    words, environ = [*HANDWHEEL, str(room.site.root)], {**os.environ}
    command = StdioServerParameters(command=sys.executable, args=words, env=environ)
    proposal = {"writes": {"PIC-102.sp": "360 kPa"}, "reason": "more margin"}
    own = Implementation(name="claude-code", version="1")
    async with Client(stdio_client(command), client_info=own) as client:
        filed: Any = (await client.call_tool("propose", proposal)).structured_content
        assert filed["state"] == "WAITING"
        assert "unverified guest program “mcp claude-code”" in "".join(filed["card"])
        (record,) = load_requests(room.desk.database)
        room.desk.approve(record.request)
        await room.go_round(3)
        found: Any = await client.call_tool("outcome", {"request_id": filed["request_id"]})
        assert found.structured_content["state"] == "COMPLETE"
    assert len(room.plant.frames) == 1
