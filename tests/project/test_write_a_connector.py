"""The connector of the how-to is used: taken from the page, installed, named by a site and read."""

import asyncio
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from handwheel.connectors.client.site_reader import read_once
from handwheel.connectors.model.site import load_site

from .pages.doc_shell import DocShell
from .pages.doc_tables import DOCS, text_of
from .pages.installed_page import install

PAGE = DOCS / "how-to/write-a-connector.md"
INSTALL = "pip install -e ."


async def test_the_connector_of_the_page_is_read_by_a_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(PAGE, "gauge", tmp_path, monkeypatch)
    shell = DocShell(tmp_path, [INSTALL])
    shell.follow(text_of(PAGE))
    assert shell.count == 2
    monkeypatch.delitem(sys.modules, "test_gauge", raising=False)
    device: Any = import_module("test_gauge").Gauges()
    server = await asyncio.start_server(device.serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        path = tmp_path / "site.yaml"
        path.write_text(path.read_text("utf-8").replace("4900", str(port)), "utf-8")
        site = load_site(tmp_path)
        readings = await read_once(site, list(site.tags.values()))
    assert [each.value for each in readings.values()] == [350.5, -3.0]
