"""The agent of the page proposes with the example's tool, and is followed to the end."""

import asyncio
import sys
from asyncio.subprocess import PIPE, create_subprocess_exec
from pathlib import Path

import pytest

from handwheel.tools.guardrails.ledger.records import load_requests

from ..agents.guests.asking import guests_of
from ..gate.testbed.in_memory import Room
from ..project.pages.doc_shell import blocks
from ..project.pages.doc_tables import DOCS, text_of
from ..sites.in_memory import make_site

PAGE = DOCS / "how-to/bring-your-own-agent.md"
MOST_LINES = 15
"""Of the agent, without blank ones."""


@pytest.mark.usefixtures("example")
async def test_the_agent_of_the_page_is_followed_to_the_end(tmp_path: Path) -> None:
    written = blocks(text_of(PAGE))
    for each in written:
        if each.language == "python":
            (tmp_path / each.title).write_text("\n".join(each.lines), encoding="utf-8")
    (told,) = (each.lines for each in written if each.language == "text")
    (agent,) = (each.lines for each in written if each.title == "agent.py")
    assert len([each for each in agent if each]) <= MOST_LINES
    (folder := tmp_path / "cooling").mkdir()
    room = Room(make_site(folder))
    try:
        async with guests_of(room):
            ended = await create_subprocess_exec(
                sys.executable, "agent.py", cwd=tmp_path, stdout=PIPE, stderr=PIPE
            )
            while not (filed := load_requests(room.desk.database)) and ended.returncode is None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            if filed:
                room.desk.approve(filed[0].request)
                await room.go_round(3)
            printed, errors = await ended.communicate()
    finally:
        room.close()
    assert (ended.returncode, errors.decode()) == (0, "")
    assert printed.decode().splitlines() == [
        each.replace("R-7K3MQ2XA", filed[0].request.request_id) for each in told
    ]
    assert len(room.plant.frames) == 1
