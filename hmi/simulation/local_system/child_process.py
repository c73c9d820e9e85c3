"""A child process that serves for as long as this process lives."""

import asyncio
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from handwheel.connectors.errors import NotConnected
from handwheel.sim_plant.errors import ServeError
from handwheel.tools.safe_text import printable

_READY_WITHIN_S = 120.0
_END_WITHIN_S = 10.0
_POLL_S = 0.2


class ChildProcess:
    """Runs a command of handwheel that serves until its standard input ends.

    The child's standard input is a pipe from here: when this process ends, by `kill -9` too, the
    pipe closes and the child ends by itself. It prints one line when it is ready, and its standard
    error goes to the log.

    Args:
        listen: Takes each further line of the child's output, and each of its log.

    Attributes:
        ready: Fields of the first line, if that is JSON.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        log: Path,
        listen: Callable[[str], None] | None = None,
    ) -> None:
        self._name = name
        self._command = (sys.executable, "-m", "handwheel.hmi", *arguments)
        self._log = log
        self._listen = listen
        self._process: asyncio.subprocess.Process | None = None
        self._drain: asyncio.Task[None] | None = None
        self._follower: asyncio.Task[None] | None = None
        self.ready: Mapping[str, Any] = {}

    async def __aenter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches us alone; we bring the child down
            )
        try:
            self.ready = await self._first_line()
        except BaseException:
            await self._end()
            raise
        self._drain = asyncio.create_task(self._read_output())
        if self._listen is not None:
            self._follower = asyncio.create_task(self._follow_log(self._listen))
        return self

    async def _first_line(self) -> Mapping[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(_READY_WITHIN_S):
                line = await self._process.stdout.readline()
        except TimeoutError:
            raise ServeError(f"{self._name} was not ready within {_READY_WITHIN_S:g} s") from None
        if not line:
            raise ServeError(f"{self._name} did not start: {self._last_words()}")
        ready: Mapping[str, Any] = json.loads(line) if line.startswith(b"{") else {}
        return ready

    async def _read_output(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            if self._listen is not None:
                self._listen(line.decode(errors="replace").rstrip())

    async def _follow_log(self, listen: Callable[[str], None]) -> None:
        with self._log.open(encoding="utf-8", errors="replace") as log:
            part = ""
            while True:
                part += log.read()
                *lines, part = part.split("\n")
                for line in filter(None, lines):
                    listen(line)
                await asyncio.sleep(_POLL_S)

    def send_line(self, line: str) -> None:
        """Sends a line to the child's standard input."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())

    def check(self) -> None:
        """Checks that the child is running. Raises `NotConnected`, which says how it ended."""
        assert self._process is not None
        code = self._process.returncode
        if code is not None:
            raise NotConnected({self._name: f"ended by itself ({code}): {self._last_words()}"})

    def _last_words(self) -> str:
        return last_words(self._log) or "no message"

    async def __aexit__(self, *error: object) -> None:
        await self._end()

    async def _end(self) -> None:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        process.stdin.close()
        if self._follower is not None:
            self._follower.cancel()
        try:
            async with asyncio.timeout(_END_WITHIN_S):
                await process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        if self._drain is not None:
            await self._drain


def last_words(log: Path) -> str:
    """Returns the last line of a log without the command's name, or an empty text."""
    try:
        text = log.read_text(errors="replace").strip()
    except OSError:
        return ""
    return printable(text.splitlines()[-1].removeprefix("handwheel: ")) if text else ""
