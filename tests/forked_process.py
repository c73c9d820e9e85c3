"""Programs as processes that are forked from one that has imported them: they start at once.

Where it matters how a program starts, `subprocess` starts it.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import IO, Any

_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.preloaded"])


class ForkedProcess:
    """Does what `subprocess.Popen` does for `python -m MODULE …`, with text in UTF-8.

    It leads a session of its own; its standard input and output are pipes.

    Args:
        command: As for `Popen`.
        errors: Where its standard error goes; into its standard output, if none is given.
    """

    def __init__(
        self, command: Sequence[str], *, cwd: Path,
        env: Mapping[str, str] | None = None, errors: IO[bytes] | None = None,
    ) -> None:  # fmt: skip
        assert tuple(command[:2]) == (sys.executable, "-m")
        typed, self_in = os.pipe()
        self_out, told = os.pipe()
        files = [DupFd(each) for each in (typed, told, errors.fileno() if errors else told)]
        given = (list(command[2:]), cwd, dict(env or os.environ), files)
        self._process = _CONTEXT.Process(target=_enter, args=given, daemon=True)
        self._process.start()
        for each in (typed, told):
            os.close(each)
        self.stdin = os.fdopen(self_in, "w", encoding="utf-8")
        self.stdout = os.fdopen(self_out, encoding="utf-8")
        assert self._process.pid is not None
        self.pid = self._process.pid

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


def _enter(words: list[str], cwd: Path, env: Mapping[str, str], files: list[Any]) -> None:
    os.setsid()
    for number, file in enumerate(files):
        given = file.detach()
        os.dup2(given, number)
        os.close(given)
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
