"""Program that this process has started, with all that it starts itself."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_GUARD = (sys.executable, "-I", "-S", str(Path(__file__).with_name("program_guard.py")))
_GRACE_S = 3.0  # until it is asked to end, and from then until it is ended
_ERRORS = 65536  # bytes of standard error, its end


class StartedProgram:
    """Program in its own process group, which ends with it, by `kill`, and with this process.

    It reads nothing, its standard output is dropped, and of its standard error the end is kept.

    Args:
        words: Command, without a shell.
        environ: Variables beside those of this process.

    Effect: starts a process. Retry: none. Timeout: none.
    """

    def __init__(self, words: Sequence[str], environ: Mapping[str, str]) -> None:
        self._end = b""
        self._loop = asyncio.get_running_loop()
        self._reading, writing = os.pipe()
        asked, self._asking = os.pipe()
        os.set_blocking(self._reading, False)
        try:
            self._process = subprocess.Popen(  # noqa: S603 (the user's own command)
                [*_GUARD, *words], stdin=asked, stdout=subprocess.DEVNULL, stderr=writing,
                env={**os.environ, **environ}, start_new_session=True,
            )  # fmt: skip
        except BaseException:
            os.close(self._reading)
            os.close(self._asking)
            raise
        finally:
            os.close(writing)
            os.close(asked)
        self._loop.add_reader(self._reading, self._take_errors)
        # No thread waits for the guard, which would hold up the end of this process.
        self._ended = asyncio.Event()
        self._watched = os.pidfd_open(self._process.pid)
        self._loop.add_reader(self._watched, self._note_end)

    @property
    def errors(self) -> str:
        """End of what it has written to standard error."""
        return self._end.decode("utf-8", "replace").strip()

    async def wait(self) -> None:
        """Waits until it has ended, and its group with it."""
        await self._ended.wait()

    async def end(self) -> None:
        """Waits some seconds until it has ended, else asks its group to end.

        Effect: ends processes. Retry: none. Timeout: 6 s.
        """
        if not await self._ends_soon():
            with suppress(BrokenPipeError):  # it has ended meanwhile
                os.write(self._asking, b".")
            await self._ends_soon()

    def kill(self) -> int:
        """Ends its group at once, and returns its exit code, 128 and more for a signal.

        Effect: ends processes. Retry: none. Timeout: none.
        """
        os.close(self._asking)
        self._process.wait()
        self._take_errors()
        for each in (self._reading, self._watched):
            self._loop.remove_reader(each)
            os.close(each)
        return self._process.returncode

    async def _ends_soon(self) -> bool:
        try:
            await asyncio.wait_for(self.wait(), _GRACE_S)
        except TimeoutError:
            return False
        return True

    def _note_end(self) -> None:
        self._loop.remove_reader(self._watched)
        self._ended.set()

    def _take_errors(self) -> None:
        try:
            taken = os.read(self._reading, _ERRORS)
        except BlockingIOError:
            return
        self._end = (self._end + taken)[-_ERRORS:]
        if not taken:
            self._loop.remove_reader(self._reading)
