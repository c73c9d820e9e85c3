"""An interruption while a person is asked: the question is over, and nothing typed counts."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from termios import tcgetattr

import pytest

from handwheel.hmi.shell.terminal.cancellable_prompt import (
    PromptCancelled,
    ask_in_thread,
    current_cancellation,
)

from ..command_processes import Terminal, children, in_terminal, is_running

WORD = "run_cmd true"

# The demo, with a bearing that goes in seconds once its trend can be known.
_DEMO = """
import sys
from dataclasses import replace
from handwheel.hmi.simulation.demo.scenarios import DEMO_SCENARIOS
from handwheel.hmi.__main__ import main

DEMO_SCENARIOS["F01"] = replace(
    DEMO_SCENARIOS["F01"], faults=("F01@25min,d0=0.5,tau=10min",), speed=100.0
)
main(["demo", *sys.argv[1:]])
"""


@contextmanager
def _demo(folder: Path, *options: str, term: str = "xterm-256color") -> Generator[Terminal]:
    dumb = {"TERM": term}
    with in_terminal("-c", _DEMO, *options, temporary=folder, variables=dumb) as terminal:
        yield terminal


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("number", "term"),
    [
        (signal.SIGINT, "xterm-256color"),
        pytest.param(signal.SIGTERM, "xterm-256color", marks=pytest.mark.soak),
        pytest.param(signal.SIGHUP, "dumb", marks=pytest.mark.soak),  # which can ask, too
    ],
)
def test_a_demo_interrupted_at_the_card_ends_and_sends_nothing(
    number: signal.Signals, term: str, tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with _demo(temporary, term=term) as terminal:
        before = tcgetattr(terminal.master)
        terminal.read_until(f'Type "{WORD}" to approve')
        assert "You are the operator ben. Read the card" in terminal.written
        assert tcgetattr(terminal.master) != before
        processes = children(terminal.process.pid)
        (site,) = temporary.iterdir()
        ledger = tmp_path / "ledger.db"
        os.link(site / "cooling/var/ledger.db", ledger)
        with (site / "frames.jsonl").open() as frames:
            if number == signal.SIGINT:
                terminal.type(f"\x03{WORD}\r")
            else:
                terminal.process.send_signal(number)
                terminal.type(f"{WORD}\r")
            assert terminal.exit_code() == 130
            assert frames.read() == ""
        assert tcgetattr(terminal.master) == before
    assert terminal.written.endswith("\r\nhandwheel: interrupted; the demo site was removed\r\n")
    for unwanted in ("Traceback", "Exception", "pproved"):
        assert unwanted not in terminal.written
    assert len(processes) == 3
    assert not any(is_running(pid) for pid in processes)
    assert list(temporary.iterdir()) == []
    with closing(sqlite3.connect(ledger)) as database:
        assert database.execute("select distinct verdict from decision").fetchall() == [
            ("hand-over",)
        ]


@pytest.mark.timeout(300)
def test_a_headless_demo_asks_nobody_though_somebody_is_there(tmp_path: Path) -> None:
    with _demo(tmp_path, "--headless") as terminal:
        terminal.read_until("not approved: --headless asks no operator")
        terminal.type("\x03")
        assert terminal.exit_code() == 130
    assert f'Type "{WORD}"' not in terminal.written
    assert "P-101B.run_cmd  false → true" in terminal.written  # the card is shown
    assert "\x1b[?1049h" not in terminal.written


async def test_an_answer_counts_unless_its_task_was_cancelled_before() -> None:
    loop = asyncio.get_running_loop()
    counted: list[str] = []
    refused: list[str] = []

    def answer(name: str) -> str:
        withdrawal = current_cancellation()
        assert withdrawal is not None
        if name == "late":
            loop.call_soon_threadsafe(asking.cancel)
        try:
            withdrawal.check()
        except PromptCancelled:
            refused.append(name)
            raise
        counted.append(name)
        return name

    assert await ask_in_thread(lambda: answer("in time")) == "in time"
    asking = asyncio.create_task(ask_in_thread(lambda: answer("late")))
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert (counted, refused) == (["in time"], ["late"])
    assert current_cancellation() is None


# Ctrl-C twice while the thread is at something that no interruption wakes.
_TWICE = """
import asyncio, os, select, signal, threading, time
from handwheel.hmi.shell.terminal.cancellable_prompt import (
    PromptCancelled, ask_in_thread, current_cancellation,
)

begun, interrupted, said, known = threading.Event(), threading.Event(), [], {}

def is_withdrawn(wait_s):
    return bool(select.select([known["withdrawal"].fileno()], [], [], wait_s)[0])

def ask():
    withdrawal = known["withdrawal"] = current_cancellation()
    begun.set()
    interrupted.wait()
    said.append(is_withdrawn(0))
    try:
        withdrawal.check()
    except PromptCancelled:
        said.append("withdrawn")

def interrupt():
    begun.wait()
    time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGINT)
    is_withdrawn(10)
    time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGINT)
    end = time.monotonic() + 10
    while known["task"].cancelling() < 2 and time.monotonic() < end:
        time.sleep(0.01)
    interrupted.set()

async def main():
    known["task"] = asyncio.current_task()
    before = len(os.listdir("/proc/self/fd"))
    try:
        await ask_in_thread(ask)
    finally:
        print(*said, len(os.listdir("/proc/self/fd")) - before, flush=True)

threading.Thread(target=interrupt).start()
asyncio.run(main())
"""


@pytest.mark.timeout(300)
def test_a_second_interruption_leaves_the_pipe_to_the_thread_until_the_question_is_over() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _TWICE], capture_output=True, text=True, check=False
    )
    assert done.stdout == "True withdrawn 0\n"
    assert "Bad file descriptor" not in done.stderr
    assert "never retrieved" not in done.stderr
    assert done.stderr.endswith("KeyboardInterrupt\n")
