"""The agent of the page proposes with the example's tool, and is followed to the end."""

import asyncio
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from handwheel.tools.guardrails.ledger.records import load_requests

from ..agents.guests.asking import guests_of
from ..gate.testbed.in_memory import Room
from ..project.pages.doc_shell import blocks
from ..project.pages.doc_tables import DOCS, text_of
from ..sites.in_memory import make_site

PAGE = DOCS / "how-to/bring-your-own-agent.md"


@pytest.mark.usefixtures("example")
async def test_the_agent_of_the_page_is_followed_to_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = blocks(text_of(PAGE))
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
