"""Programs as processes that are forked from one that has imported them: they start at once.

Where it matters how a program starts, `subprocess` starts it.
"""

import fcntl
import os
import signal
import subprocess
import sys
import termios
from collections.abc import Mapping, Sequence
from contextlib import chdir, suppress
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import IO, Any, Self

_ROOT = Path(__file__).parents[1]
_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.preloaded"])


class Forked:
    """Does what `subprocess.Popen` does for `python -m MODULE …`, with text in UTF-8.

    It leads a session of its own, whose terminal is its standard input if that is one.

    Args:
        command: As for `Popen`.
        files: Its standard input, output and error.
    """

    def __init__(
        self, command: Sequence[str], files: Sequence[int], *, cwd: Path, env: Mapping[str, str]
    ) -> None:
        assert tuple(command[:2]) == (sys.executable, "-m")
        given = (list(command[2:]), cwd, dict(env), [DupFd(each) for each in files])
        self._process = _CONTEXT.Process(target=_enter, args=given, daemon=True)
        with chdir(_ROOT):  # a server that starts elsewhere would import nothing beforehand
            self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Kills it if it still runs."""
        self.kill()
        self.wait()

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        code = self.returncode
        if code is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0.0)
        return code

    def send_signal(self, number: signal.Signals) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class ForkedProcess(Forked):
    """Has pipes as its standard input and output.

    Args:
        errors: Where its standard error goes; into its standard output, if none is given.
    """

    def __init__(
        self, command: Sequence[str], *, cwd: Path,
        env: Mapping[str, str] | None = None, errors: IO[bytes] | None = None,
    ) -> None:  # fmt: skip
        typed, self_in = os.pipe()
        self_out, told = os.pipe()
        files = (typed, told, errors.fileno() if errors else told)
        super().__init__(command, files, cwd=cwd, env=env or os.environ)
        for each in (typed, told):
            os.close(each)
        self.stdin = os.fdopen(self_in, "w", encoding="utf-8")
        self.stdout = os.fdopen(self_out, encoding="utf-8")

    def __exit__(self, *error: object) -> None:
        """Kills it if it still runs, and closes the pipes."""
        super().__exit__(*error)
        with suppress(BrokenPipeError):
            self.stdin.close()
        self.stdout.close()


def _enter(words: list[str], cwd: Path, env: Mapping[str, str], files: list[Any]) -> None:
    os.setsid()
    for number, file in enumerate(files):
        given = file.detach()
        os.dup2(given, number)
        os.close(given)
    if os.isatty(0):
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", closefd=False)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.argv = words
    module = import_module(words[0])
    if hasattr(module, "__path__"):
        module = import_module(f"{words[0]}.__main__")
    module.main()
