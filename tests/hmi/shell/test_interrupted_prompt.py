"""An interruption while a person is asked: the question is over, and nothing typed counts."""

import asyncio
import subprocess
import sys

import pytest

from handwheel.hmi.shell.terminal.cancellable_prompt import (
    PromptCancelled,
    ask_in_thread,
    current_cancellation,
)


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
