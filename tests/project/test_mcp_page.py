"""The server of the page on MCP is started as the page says, and serves."""

import json
import os
import sys
from pathlib import Path

from mcp import Client, StdioServerParameters, stdio_client

from ..sites.in_memory import make_site
from .pages.doc_shell import blocks
from .pages.doc_tables import DOCS, text_of

PAGE = DOCS / "how-to/use-mcp.md"


async def test_the_server_of_the_page_serves(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    (config,) = (each.lines for each in blocks(text_of(PAGE)) if each.language == "json")
    server = json.loads("\n".join(config))["mcpServers"]["cooling"]
    args = [each.replace("/srv/cooling", str(site.root)) for each in server["args"]]
    command = str(Path(sys.executable).parent / server["command"])
    parameters = StdioServerParameters(command=command, args=args, env={**os.environ})
    async with Client(stdio_client(parameters)) as client:
        names = [each.name for each in (await client.list_tools()).tools]
    assert {"read", "propose", "outcome"} <= {*names}
    assert "approve" not in names
