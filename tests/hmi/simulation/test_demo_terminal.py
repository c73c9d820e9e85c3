"""The demo at a terminal, rejected and interrupted, and killed."""

import os
import re
import signal
import sqlite3
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path
from termios import tcgetattr

import pytest

from ..command_processes import (
    Terminal,
    becomes_true,
    children,
    ended,
    in_terminal,
    is_running,
    line_with,
    started,
    threads,
)

pytestmark = pytest.mark.timeout(300)

QUESTION, WAITS = "to decide later\r\n> ", "left: press o to open it."

# The demo, with a bearing that goes in seconds once its trend can be known.
_DEMO = """
from dataclasses import replace
from handwheel.hmi.simulation.demo.scenarios import DEMO_SCENARIOS, FinalPhase
from handwheel.hmi.__main__ import main

DEMO_SCENARIOS["F01"] = replace(
    DEMO_SCENARIOS["F01"],
    faults=("F01@25min,d0=0.5,tau=20min",), tail=FinalPhase(5.0, 10.0),
)
main(["demo"])
"""


def asked(terminal: Terminal) -> str:
    """Reads up to the question at the card, and returns the word that approves."""
    terminal.read_until(QUESTION)
    words: list[str] = re.findall(r"Type  (.+?)  to approve", terminal.written)
    return words[-1]


def left(terminal: Terminal) -> None:
    """Leaves the card without a decision, and reads up to what says that it waits."""
    asked(terminal)
    terminal.type("\x1b")
    terminal.read_until(WAITS)
    terminal.written = terminal.written.replace(QUESTION, "")  # so that the next one is read


class Demo:
    """A demo in a terminal; what it leaves can be read though its site is removed."""

    def __init__(self, folder: Path, terminal: Terminal) -> None:
        self.folder = folder
        self.terminal = terminal
        self.processes: list[int] = []
        self.before = tcgetattr(terminal.master)

    def keep(self) -> None:
        """Links the files of the running demo, and notes its processes."""
        self.processes = children(self.terminal.process.pid)
        assert len(self.processes) == 3
        (site,) = (self.folder / "temporary").iterdir()
        os.link(site / "cooling/var/ledger.db", self.folder / "ledger.db")
        os.link(site / "frames.jsonl", self.folder / "frames.jsonl")

    def verdicts(self) -> set[str]:
        """Checks that nothing else is left and no frame came; returns what people have signed."""
        assert not any(map(is_running, self.processes))
        assert list((self.folder / "temporary").iterdir()) == []
        assert (self.folder / "frames.jsonl").read_text() == ""
        assert "Traceback" not in self.terminal.written
        assert tcgetattr(self.terminal.master) == self.before
        with closing(sqlite3.connect(self.folder / "ledger.db")) as database:
            return {each for (each,) in database.execute("select verdict from decision")}


@contextmanager
def demo(folder: Path, term: str) -> Generator[Demo]:
    temporary = folder / "temporary"
    temporary.mkdir()
    variables = {"TERM": term}
    with in_terminal("-c", _DEMO, temporary=temporary, variables=variables) as terminal:
        yield Demo(folder, terminal)


@pytest.mark.soak
def test_a_rejected_demo_sends_nothing_and_the_interlocks_act(tmp_path: Path) -> None:
    with demo(tmp_path, "dumb") as shown:
        terminal = shown.terminal
        left(terminal)
        shown.keep()
        terminal.type("o")
        asked(terminal)
        terminal.type("r\r")
        terminal.read_until("Reason, Enter to go back: ")
        terminal.type("the bearing is new\r")
        assert terminal.exit_code() == 0
        assert shown.verdicts() == {"grant-authority", "reject"}
    text = terminal.written.replace("\r\n", "\n")
    assert "\x1b[?1049h" not in text  # lines, and no screen
    assert "P-101B.run_cmd  stopped → running" in text
    assert text.count("The agents request: ") == 2  # the first time it was left
    _, rejected, text = text.partition("Rejected. Nothing is sent, and the demo continues.")
    assert rejected
    assert "  rejected by ben: the bearing is new" in text
    assert "and the approver:\n  none\n" in text
    assert "intents 0: nothing is wrong" in text
    assert [line for line in text.splitlines() if len(line) > 80 or line != line.rstrip()] == []
    seen: list[str] = re.findall(r"^  [0-9:]+  (\S+\.\S+) ", text, re.MULTILINE)
    story = ["VAH-101A.active", "P-101A.tripped", "I-03.active", "P-101B.running"]
    assert [tag for tag in seen if tag in story] == story
    assert re.search(
        r"P-101A tripped .+ after its vibration alarm, .* kept running\. "
        r"The header fell to \d+ kPa\. next: (\S+/)?handwheel up$",
        " ".join(text.split()),
    )


def _ctrl_c(terminal: Terminal) -> None:
    word = asked(terminal)
    terminal.type(f"\x03{word}\r")


def _sent(number: signal.Signals) -> Callable[[Terminal], None]:
    def interrupt(terminal: Terminal) -> None:
        word = asked(terminal)
        terminal.process.send_signal(number)
        terminal.type(f"{word}\r")

    return interrupt


@pytest.mark.soak
@pytest.mark.parametrize(
    ("interrupt", "term"),
    [
        (_ctrl_c, "xterm-256color"),
        (_sent(signal.SIGTERM), "xterm-256color"),
        (_sent(signal.SIGHUP), "dumb"),  # which can ask, too
    ],
)
def test_a_demo_interrupted_at_the_card_ends_and_sends_nothing(
    interrupt: Callable[[Terminal], None], term: str, tmp_path: Path
) -> None:
    with demo(tmp_path, term) as shown:
        terminal = shown.terminal
        asked(terminal)
        assert "You are the operator ben. Read the card" in terminal.written
        left(terminal)
        assert tcgetattr(terminal.master) != shown.before  # keys come without Enter
        terminal.type("\x1b[A\r")  # no key of the demo
        terminal.type("o")
        asked(terminal)
        assert tcgetattr(terminal.master) != shown.before
        shown.keep()
        interrupt(terminal)
        assert terminal.exit_code() == 130
        assert shown.verdicts() == {"grant-authority"}
    assert terminal.written.endswith("\r\nhandwheel: interrupted; the demo site was removed\r\n")
    assert terminal.written.count("handwheel: interrupted;") == 1
    for unwanted in ("Exception", "Traceback", "Approved"):
        assert unwanted not in terminal.written
    if term != "dumb":
        before = terminal.written.partition("You are the operator")[0]
        assert "P-101A running" in before.partition("\x1b[?1049h")[2]  # the alternate screen
        assert before.rpartition("\x1b[?1049")[2].startswith("l")
        assert "\x1b[?25h" in before.rpartition("\x1b[?25l")[2]  # the cursor shows again


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_demo_ended_while_it_starts_leaves_no_plant(
    number: signal.Signals, tmp_path: Path
) -> None:
    with started("demo", temporary=tmp_path) as process:
        line_with(process, "starting the plant")
        assert becomes_true(lambda: bool(children(process.pid)))
        plant = children(process.pid)[0]
        assert becomes_true(lambda: threads(plant) > 1)  # one minds the pipe
        code, errors = ended(process, number)
    if number == signal.SIGTERM:
        assert (code, errors) == (130, "handwheel: interrupted; the demo site was removed\n")
        assert list(tmp_path.iterdir()) == []
    assert becomes_true(lambda: not is_running(plant))


def test_a_demo_that_loses_a_process_says_so_and_keeps_its_logs(tmp_path: Path) -> None:
    with started("demo", temporary=tmp_path) as process:
        line_with(process, "starting the plant")
        assert becomes_true(lambda: bool(children(process.pid)))
        os.kill(children(process.pid)[0], signal.SIGKILL)
        _, errors = process.communicate(timeout=60)
    (folder,) = tmp_path.iterdir()
    told = " ".join(errors.replace("handwheel: ", "").split())
    assert process.returncode == 1
    assert told.startswith("the demo did not end as it should: the plant did not start: no message")
    assert f"kept in {folder}; remove" in told.replace("- ", "-")
    assert (folder / "plant.log").exists()


@pytest.mark.soak
def test_a_killed_demo_takes_plant_gate_and_agents_along(tmp_path: Path) -> None:
    with started("demo", temporary=tmp_path) as process:
        line_with(process, "PT-102.pv 3")
        found = children(process.pid)
        assert len(found) == 3
        assert all(map(is_running, found))
        process.kill()
        assert becomes_true(lambda: not any(map(is_running, found)))
    (folder,) = tmp_path.iterdir()
    assert (folder / "plant.log").read_text() == ""
    for name in ("gate", "agents"):  # the plant may end first, and be missed
        said = (folder / f"{name}.log").read_text().splitlines()
        assert [line for line in said if not line.startswith("handwheel: reading ")] == []


# A shell with one job, which Ctrl-Z stops and which then comes to the foreground again.
_SHELL = """
import os, signal, sys, termios
from rich.console import Console
from rich.live import Live
from handwheel.hmi.simulation.demo.decisions import single_keys

def job():
    with single_keys() as keys, Live(console=Console(), screen=True, auto_refresh=False):
        print("drawn", flush=True)
        while not keys.is_stopped and not keys.typed():
            pass

def echoes():
    return bool(termios.tcgetattr(0)[3] & termios.ECHO)

signal.signal(signal.SIGTTOU, signal.SIG_IGN)
if not (pid := os.fork()):
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    job()
    job()
    os._exit(0)
_, status = os.waitpid(pid, os.WUNTRACED)
print("stopped:", os.WIFSTOPPED(status), "echo:", echoes(), flush=True)
os.kill(pid, signal.SIGCONT)
_, status = os.waitpid(pid, 0)
os.tcsetpgrp(0, os.getpgrp())
print("ended:", status, "echo:", echoes(), flush=True)
"""
_SCREEN, _NO_SCREEN = "\x1b[?1049h", "\x1b[?1049l"


def test_ctrl_z_gives_the_terminal_back_and_fg_draws_again() -> None:
    with in_terminal("-c", _SHELL) as terminal:
        for key, told in (("\x1a", "stopped: True echo: True"), ("x", "ended: 0 echo: True")):
            terminal.read_until("drawn")
            drawn, terminal.written = terminal.written, ""
            assert _SCREEN in drawn
            terminal.type(key)
            terminal.read_until(told)
            shown, _, terminal.written = terminal.written.partition(told)
            assert _NO_SCREEN in shown
            assert "\x1b[?25h" in shown  # the cursor
        assert terminal.exit_code() == 0
