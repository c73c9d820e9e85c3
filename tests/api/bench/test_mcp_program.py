"""Programs of others that are started for an episode, with real processes."""

import asyncio
import json
import os
import shlex
import signal
import sys
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, TextContent, TextResourceContents

from handwheel.mcp.mcp_program import McpProgram, ProgramFailed
from handwheel.mcp.transports import served_in_loop
from handwheel.mcp.verbs_server import BRIEFING_URI, ServedVerbs
from handwheel.tools.errors import InvalidArguments

from .fake_verbs import BRIEFING, FakeVerbs


def _text(result: CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


def _sh(script: str) -> McpProgram:
    return McpProgram(f"sh -c {shlex.quote(script)}")


async def test_served_verbs_are_tools_with_their_schemas() -> None:
    verbs = FakeVerbs()
    async with Client(ServedVerbs(verbs).server) as client:
        assert (client.instructions or "").startswith("Find the fault.\n\nThe resource")
        assert "each takes 1 s of process time" in (client.instructions or "")
        (told,) = (await client.read_resource(BRIEFING_URI)).contents
        assert isinstance(told, TextResourceContents)
        assert told.text == BRIEFING.model_dump_json()
        listed = {each.name: each for each in (await client.list_tools()).tools}
        assert [*listed] == [
            "read",
            "window",
            "alarms",
            "journal",
            "conclude",
            "propose",
            "outcome",
        ]
        assert "required" not in listed["read"].input_schema
        read = await client.call_tool("read", {"tags": ["A"], "after_s": 5})
        assert json.loads(_text(read))[0] == {
            "tag": "A", "value": 1.5, "unit": "kPa", "quality": "good",
        }  # fmt: skip
        content: Any = read.structured_content
        assert content["result"] == json.loads(_text(read))
        assert _text(await client.call_tool("read", {"tags": [], "after_s": 9})) == "[]"
        await client.call_tool("window", {"tag": "A", "last_s": 60.0})
        await client.call_tool("conclude", {"suspects": ["y"], "abstain": True})
    assert verbs.called == ["read 5", "read 9", "window A 60 60", "conclude"]
    assert verbs.concluded[0].suspects == ("y",)


@pytest.mark.parametrize(
    ("verb", "arguments", "said"),
    [
        ("read", {"tags": "A", "then": 1}, "read: tags: must be a list"),
        ("conclude", {"faults": ["x"]}, "there is no fault 'x'; did you mean 'y'?"),
        ("propose", {"playbook": "cw/x"}, "cw/x is forbidden"),
    ],
)
async def test_served_verbs_answer_errors_as_tool_errors(
    verb: str, arguments: dict[str, Any], said: str
) -> None:
    served = ServedVerbs(FakeVerbs())
    async with Client(served.server) as client:
        result = await client.call_tool(verb, arguments)
        with pytest.raises(MCPError, match="no tool but read, window"):
            await client.call_tool("approve", {})
    assert result.is_error
    assert said in _text(result)
    assert not served.ended.is_set()


async def test_served_verbs_tell_the_end_and_their_own_faults() -> None:
    served = ServedVerbs(FakeVerbs(calls=1))
    async with Client(served.server) as client:
        await client.call_tool("alarms", {})
        result = await client.call_tool("alarms", {})
    assert (result.is_error, _text(result)) == (True, "the episode has ended")
    assert served.ended.is_set()
    broken = ServedVerbs(FakeVerbs())
    async with Client(broken.server) as client:
        with pytest.raises(MCPError):
            await client.call_tool("outcome", {"proposal": "1"})
    assert isinstance(broken.fault, ZeroDivisionError)


async def test_a_flood_of_calls_is_answered_until_the_episode_ends() -> None:
    verbs = FakeVerbs(calls=50)
    served = ServedVerbs(verbs)
    async with served_in_loop(served.server) as url, Client(url) as client:
        results = await asyncio.gather(*(client.call_tool("alarms", {}) for _ in range(120)))
    assert sum(each.is_error for each in results) == 70
    assert len(verbs.called) == 50


async def test_only_who_knows_the_address_reaches_an_episode() -> None:
    async with served_in_loop(ServedVerbs(FakeVerbs()).server) as url:
        assert url.startswith("http://127.0.0.1:")
        assert len(url.split("/")[3]) >= 32
        with pytest.raises(BaseExceptionGroup):
            async with Client(url.replace(url.split("/")[3], "other")):
                pytest.fail("it answered")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo no model >&2; exit 3", "exit code 3: no model"),
        ("kill -9 $$", "signal 9"),
        ("yes flood | head -n 200000 >&2; exit 1", "exit code 1: flood / flood / flood"),
    ],
)
async def test_a_program_that_fails_is_told_with_its_last_words(script: str, said: str) -> None:
    with pytest.raises(ProgramFailed) as told:
        await _sh(script).play(FakeVerbs())
    assert str(told.value) == said


async def test_a_program_that_ends_early_has_not_failed(tmp_path: Path) -> None:
    told = tmp_path / "told"
    await _sh(f'echo "$HANDWHEEL_EPISODE_URL" "{{url}}" > {told}').play(FakeVerbs())
    by_variable, by_word = told.read_text().split()
    assert by_variable == by_word
    assert by_word.startswith("http://127.0.0.1:")


def _written(file: Path) -> list[int]:
    """The numbers of the processes that a program writes down, two of them."""
    while len(found := file.read_text().split() if file.exists() else []) < 2:
        sleep(0.02)
    return [int(each) for each in found]


def _wait_for_the_end(processes: list[int]) -> None:
    limit = monotonic() + _LIMIT_S
    while any(map(_runs, processes)) and monotonic() < limit:
        sleep(0.02)
    assert not list(filter(_runs, processes))


def _runs(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


_LIMIT_S = 50.0  # a program that is left lives for 600 s

_HANGS = "trap '' TERM; sleep 600 & echo $$ $! > {told}; yes >&2"


async def test_a_program_that_hangs_ends_with_its_group(tmp_path: Path) -> None:
    told = tmp_path / "told"
    playing = asyncio.create_task(_sh(_HANGS.format(told=told)).play(FakeVerbs()))
    processes = await asyncio.to_thread(_written, told)
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing
    await asyncio.to_thread(_wait_for_the_end, processes)


_PLAYS = """
import asyncio, sys
from handwheel.mcp.mcp_program import McpProgram
from tests.api.bench.fake_verbs import FakeVerbs
asyncio.run(McpProgram(sys.argv[1]).play(FakeVerbs()))
"""


@pytest.mark.parametrize("first", ["benchmark", "program"])
async def test_a_program_ends_with_a_killed_benchmark(tmp_path: Path, first: str) -> None:
    told = tmp_path / "told"
    command = _sh(_HANGS.format(told=told)).command
    ours = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PLAYS, command, cwd=Path(__file__).parents[3], env={**os.environ}
    )
    processes = await asyncio.to_thread(_written, told)
    if first == "program":  # while the benchmark cannot see it
        ours.send_signal(signal.SIGSTOP)
        os.kill(processes[0], signal.SIGKILL)
        await asyncio.to_thread(_wait_for_the_end, processes[:1])
    ours.send_signal(signal.SIGKILL)
    await ours.wait()
    await asyncio.to_thread(_wait_for_the_end, processes)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (" ", "a command is missing"),
        ("no-such-program x", "there is no program 'no-such-program'"),
        ("'a", "no closing quotation"),
    ],
)
def test_a_command_that_cannot_start_is_refused_before(command: str, said: str) -> None:
    with pytest.raises(InvalidArguments, match=said):
        assert McpProgram(command).words
