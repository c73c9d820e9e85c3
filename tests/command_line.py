"""The command line, in this process or as a process of its own."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import TemporaryFile
from threading import Thread
from typing import IO

import pytest

from handwheel.connectors.hints import name_site
from handwheel.hmi.__main__ import main
from handwheel.hmi.shell.cli.command_line import run_command_line

from .printed_hints import check_hints

HANDWHEEL = (sys.executable, "-m", "handwheel.hmi")


def handwheel(
    *arguments: str,
    stdin: str = "",
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    is_merged: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Runs the command line in this process, with files in place of the standard streams.

    Each next step that it prints must be one that can be typed so.

    Args:
        is_merged: Whether both outputs go to standard output, in the order of writing.
    """
    with ExitStack() as stack:
        typed, out, errors = (
            stack.enter_context(TemporaryFile("w+", encoding="utf-8")) for _ in range(3)
        )
        typed.write(stdin)
        typed.seek(0)
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(sys, "stdin", typed)
        for name, value in (env or {}).items():
            patch.setenv(name, value)
        if cwd is not None:
            patch.chdir(cwd)
        stack.enter_context(redirect_stdout(out))
        stack.enter_context(redirect_stderr(out if is_merged else errors))
        stack.enter_context(_process_settings_kept())
        code = _exit_code(list(arguments))
        texts = [_text_of(out), _text_of(errors)]
    check_hints("\n".join(texts))
    return subprocess.CompletedProcess(arguments, code, *texts)


def handwheel_process(
    *arguments: str, stdin: str = "", cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs the command line as a process of its own, as a user would, in a pipe."""
    return subprocess.run(
        [*HANDWHEEL, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        timeout=60.0,
        check=False,
    )


def _exit_code(arguments: list[str]) -> int:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _ended(lambda: main(arguments))
    codes: list[int] = []  # a command runs an event loop of its own, which needs another thread
    thread = Thread(target=lambda: codes.append(_ended(lambda: run_command_line(arguments))))
    thread.start()
    thread.join()
    return codes[0]


def _ended(command: Callable[[], None]) -> int:
    with pytest.raises(SystemExit) as ended:
        command()
    code = ended.value.code
    assert code is None or isinstance(code, int)
    return code or 0


def _text_of(file: IO[str]) -> str:
    file.seek(0)
    return file.read()


@contextmanager
def _process_settings_kept() -> Generator[None]:
    """Puts back what a command sets for the rest of its process."""
    handlers = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGHUP)}
    loggers = [logging.getLogger(name) for name in ("asyncua", "pymodbus")]
    levels = [logger.level for logger in loggers]
    try:
        yield
    finally:
        name_site(None)
        for number, handler in handlers.items():
            if signal.getsignal(number) is not handler:
                signal.signal(number, handler)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
