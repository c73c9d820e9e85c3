"""What does not fit a terminal is broken between words, and a pipe gets it whole."""
# What a desk does with an error is looked at without a desk.
# pyright: reportPrivateUsage=false

import logging
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from time import sleep
from typing import Any, cast

import pytest

from handwheel.connectors.errors import HandwheelError
from handwheel.hmi.shell.cli.exits import fail
from handwheel.hmi.shell.cli.line_writer import print_log
from handwheel.hmi.shift import console as desk

from ...command_line import HANDWHEEL
from ...gate.terminal.test_approval import screen
from ..command_processes import in_terminal

LONG = "P-101A.run_cmd cannot be written: two pumps must not stand still at the same time here; ask"
SAID = f"handwheel: {LONG}"
FOLDED = [
    "handwheel: P-101A.run_cmd cannot be written: two pumps must not stand still at",
    "    the same time here; ask",
    "",
]


def said_in_failing(_: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit):
        fail(LONG, 2)


def said_in_logging(_: pytest.MonkeyPatch) -> None:
    logger = logging.getLogger("a gate under test")
    logger.handlers.clear()
    print_log(logger.name)
    logger.error(LONG)
    sleep(0.2)  # a thread of its own writes


def said_at_a_desk(patch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise HandwheelError(LONG)

    patch.setattr(desk, "run_typed", refuse)
    desk._Console(cast(Any, None), 0)._do("approve R-")


@pytest.mark.parametrize("say", [said_in_failing, said_in_logging, said_at_a_desk])
def test_an_error_is_broken_between_words_at_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    say: Callable[[pytest.MonkeyPatch], None],
) -> None:
    with capfd.disabled(), screen(monkeypatch) as terminal, monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", sys.stdout)
        if say is not said_at_a_desk:  # the others go by standard error, whatever the other is
            patched.setattr(sys, "stdout", StringIO())
        say(monkeypatch)
        sys.stderr.flush()
        terminal.read()
        assert terminal.lines == FOLDED
    capfd.readouterr()
    say(monkeypatch)
    told = capfd.readouterr()
    assert told.out + told.err == f"{SAID}\n"


def test_the_next_command_of_init_stands_whole_on_a_row_of_its_own(tmp_path: Path) -> None:
    site = tmp_path / "cooling"
    with in_terminal(*HANDWHEEL[1:], "init", str(site)) as terminal:
        assert terminal.exit_code() == 0
    rows = terminal.written.splitlines()
    serve = f"handwheel plants serve cw-100 --gate-secret {site}/secrets/dcs-gate"
    assert rows[1:3] == ["serve it in another shell", f"    next: {serve}"]
