"""Many calls of one function, in this process or in several."""

import multiprocessing
import signal
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TypeVar, TypeVarTuple

from handwheel.connectors.errors import HandwheelError

R = TypeVar("R")
Ts = TypeVarTuple("Ts")

_ENDING = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})


def in_processes(run: Callable[[*Ts], R], wanted: Sequence[tuple[*Ts]], jobs: int) -> Iterator[R]:
    """Calls a function with each of some arguments, and yields the results in their order.

    Args:
        jobs: Number of processes; with 1 the calls are made in this one.

    Raises:
        HandwheelError: A process has ended before its call.
        KeyboardInterrupt: The run was interrupted. What other calls than the awaited one had
            returned by then has been yielded.
    """
    workers = min(jobs, len(wanted))
    if workers <= 1:
        yield from (run(*each) for each in wanted)
        return
    # A forked process has the imports and caches already, which take it seconds elsewhere.
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    with ProcessPoolExecutor(workers, context, initializer=_ignore_interrupts) as pool:
        try:
            with _signals_held_back():
                running = deque[Future[R]](pool.submit(run, *each) for each in wanted)
            try:
                while running:
                    yield running.popleft().result()
            except KeyboardInterrupt:
                yield from (each.result() for each in running if each.done())
                raise
        except BrokenProcessPool:
            text = "a process has ended before its case, such as for lack of memory; use --jobs 1"
            raise HandwheelError(text) from None
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                process.terminate()
            raise


@contextmanager
def _signals_held_back() -> Generator[None]:
    """Holds signals back until a new process handles them, as its parent would until then."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ignore_interrupts() -> None:
    # Ctrl-C goes to the whole group, and the first process ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for each in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(each) is not signal.SIG_IGN:  # as under nohup
            signal.signal(each, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
