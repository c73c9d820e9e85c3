"""SIGTERM to a command whose Ctrl-C is ignored, as in a shell's background job."""

import asyncio
import os
import signal
from collections.abc import Generator

import pytest

from handwheel.hmi.shell.cli import exits
from handwheel.hmi.shell.cli.interrupts import handle_termination_signals


@pytest.fixture
def ignored() -> Generator[None]:
    """Ctrl-C is ignored; the other signals are ours."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {each: signal.getsignal(each) for each in numbers}
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for each in numbers[1:]:
        signal.signal(each, signal.SIG_DFL)
    handle_termination_signals()
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.usefixtures("ignored")
def test_what_is_under_way_ends_and_cleans_up(times: int) -> None:
    told: list[str] = []
    handler = signal.getsignal(signal.SIGTERM)

    async def works() -> None:
        for _ in range(times):
            os.kill(os.getpid(), signal.SIGTERM)  # while this very task is running
            await asyncio.sleep(0)
        await asyncio.sleep(60.0)

    async def work() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(works())

    async def main() -> None:
        task = asyncio.create_task(work())
        try:
            await asyncio.wait([task])
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            told.append("stopped")

    with pytest.raises(KeyboardInterrupt):
        exits.run(main())
    assert told == ["stopped"]
    assert signal.getsignal(signal.SIGTERM) is handler
