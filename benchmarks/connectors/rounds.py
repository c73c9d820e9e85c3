"""Clients in processes of their own, timed in turn with their own heaps and caches."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack
from statistics import median
from subprocess import PIPE
from time import perf_counter
from typing import Self

Pass = Callable[[], Awaitable[object]]
"""One pass over all values of a client."""

_WARM_UP = 3


async def answer(one_pass: Pass) -> None:
    """Runs as many passes as each line of the input says, and prints the seconds for one."""
    while line := await asyncio.to_thread(sys.stdin.readline):
        count = int(line)
        start = perf_counter()
        for _ in range(count):
            await one_pass()
        print((perf_counter() - start) / count, flush=True)


def compared(
    clients: Mapping[str, Sequence[str]], passes: Mapping[str, int], repeats: int
) -> dict[str, float]:
    """Returns the median time of one pass of each client, seconds.

    Args:
        clients: Command of each, a program that does as `answer`.
        passes: Passes in one figure, so that it includes garbage collections; 1 by default.
        repeats: Figures of each.
    """
    times: dict[str, list[float]] = {name: [] for name in clients}
    with ExitStack() as stack:
        running = {name: stack.enter_context(_Rounds(command)) for name, command in clients.items()}
        for client in running.values():
            client.time_s(min(repeats, _WARM_UP))
        for _ in range(repeats):
            for name, client in running.items():
                times[name].append(client.time_s(passes.get(name, 1)))
    return {name: median(series) for name, series in times.items()}


class _Rounds:
    """Runs a client and asks its `answer` for times."""

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def time_s(self, passes: int) -> float:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{passes}\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())
