"""The pages on tools: what they define is installed, called, served and followed."""

import asyncio
import json
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters, stdio_client

from handwheel.tools.guardrails.ledger.records import load_requests

from ..agents.guests.asking import guests_of
from ..gate.testbed.in_memory import Room
from ..sites.in_memory import make_site
from .pages.doc_shell import DocShell, blocks
from .pages.doc_tables import DOCS, text_of
from .pages.installed_page import install

OWN_TOOL = DOCS / "how-to/write-a-tool.md"
OWN_AGENT = DOCS / "how-to/bring-your-own-agent.md"
MCP = DOCS / "how-to/use-mcp.md"
INSTALL = "pip install -e ."


def test_the_tool_of_the_page_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(OWN_TOOL, "header", tmp_path, monkeypatch)
    shell = DocShell(tmp_path, [INSTALL])
    shell.follow(text_of(OWN_TOOL))
    assert shell.count == 7


async def test_the_agent_of_the_page_is_followed_to_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = [each for page in (OWN_TOOL, OWN_AGENT) for each in blocks(text_of(page))]
    for each in written:
        if each.language == "python":
            (tmp_path / each.title).write_text("\n".join(each.lines), encoding="utf-8")
            monkeypatch.delitem(sys.modules, each.title.removesuffix(".py"), raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    (told,) = (each.lines for each in written if each.language == "text")
    agent: Any = import_module("agent")
    (folder := tmp_path / "site").mkdir()
    room = Room(make_site(folder))
    try:
        async with guests_of(room):
            ended = asyncio.create_task(agent.main(str(folder)))
            while not (filed := load_requests(room.desk.database)) and not ended.done():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            room.desk.approve(filed[0].request)
            await room.go_round(3)
            result = await ended
    finally:
        room.close()
    assert result.splitlines() == [
        each.replace("R-7K3MQ2XA", filed[0].request.request_id) for each in told
    ]
    assert len(room.plant.frames) == 1


async def test_the_server_of_the_page_serves(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    (config,) = (each.lines for each in blocks(text_of(MCP)) if each.language == "json")
    server = json.loads("\n".join(config))["mcpServers"]["cooling"]
    args = [each.replace("/srv/cooling", str(site.root)) for each in server["args"]]
    command = str(Path(sys.executable).parent / server["command"])
    parameters = StdioServerParameters(command=command, args=args, env={**os.environ})
    async with Client(stdio_client(parameters)) as client:
        names = [each.name for each in (await client.list_tools()).tools]
    assert {"read", "propose", "outcome"} <= {*names}
    assert "approve" not in names
