"""Program of others that plays episodes of the benchmark by MCP."""

import asyncio
import shlex
from collections.abc import Coroutine
from dataclasses import dataclass
from shutil import which
from typing import Any

from handwheel.connectors.errors import HandwheelError
from handwheel.evaluation.benchmark.programs.verbs import Verbs
from handwheel.tools.errors import InvalidArguments

from .started_program import StartedProgram
from .transports import served_in_loop
from .verbs_server import ServedVerbs

EPISODE_URL = "HANDWHEEL_EPISODE_URL"
"""Variable with the address of an episode."""

_URL = "{url}"
_SIGNALS = 128
_LINES = 3  # of standard error, its last ones


class ProgramFailed(HandwheelError):
    """The program has ended with an exit code that is not 0, before its episode was over."""


@dataclass(frozen=True, slots=True)
class McpProgram:
    """Program that is started for each episode, and calls its verbs by MCP, a `Program`.

    It finds the address in the variable `HANDWHEEL_EPISODE_URL`, and in place of `{url}` in its
    command. Only what knows the address can call the verbs.

    Args:
        command: Words as in a shell, which no shell reads.
    """

    command: str

    @property
    def name(self) -> str:
        """Its command, which nobody has verified."""
        return f"mcp:{self.command}"

    @property
    def words(self) -> list[str]:
        """Words of its command.

        Raises:
            InvalidArguments: There is none, a quote is not closed, or there is no such program.
        """
        try:
            words = shlex.split(self.command)
        except ValueError as error:
            raise InvalidArguments(f"{self.command}: {str(error).lower()}") from None
        if not words:
            raise InvalidArguments("a command is missing, such as mcp:'python agent.py'")
        if which(words[0]) is None:
            raise InvalidArguments(f"there is no program {words[0]!r}")
        return words

    async def play(self, verbs: Verbs) -> None:
        """Starts the program, answers its calls, and ends it when the episode is over.

        What it does after the end of the episode does not count.

        Raises:
            ProgramFailed: It has ended with an error; says how.
            InvalidArguments: It cannot be started.

        Effect: serves on the loopback address, starts and ends a process. Retry: none.
        Timeout: none; some seconds after the end of the episode.
        """
        served = ServedVerbs(verbs)
        async with served_in_loop(served.server) as url:
            words = [each.replace(_URL, url) for each in self.words]
            program = StartedProgram(words, {EPISODE_URL: url})
            try:
                await _first(program.wait(), served.ended.wait())
                if served.ended.is_set():
                    await program.end()
            finally:
                code = program.kill()
        if served.fault is not None:
            raise served.fault
        if code and not served.ended.is_set():
            raise ProgramFailed(_failure(code, program.errors))


async def _first(*waits: Coroutine[Any, Any, object]) -> None:
    """Waits until one of some waits is over."""
    tasks = [asyncio.create_task(each) for each in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in tasks:
            each.cancel()


def _failure(code: int, errors: str) -> str:
    how = f"signal {code - _SIGNALS}" if code > _SIGNALS else f"exit code {code}"
    return ": ".join(filter(None, (how, " / ".join(errors.splitlines()[-_LINES:]))))
