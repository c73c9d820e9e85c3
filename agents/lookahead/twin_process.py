"""Process of its own for a twin, so that agents do not wait for it.

It starts when it is first needed. A twin that takes too long is ended with it.
"""

import asyncio
import os
import pickle
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import ParamSpec, Protocol, TypeVar

from .twin import TwinError

LIMIT_S = 60.0
"""How long one call may take, wall-clock time."""
_START_S = 120.0  # until the process is ready, wall-clock time

P = ParamSpec("P")
R = TypeVar("R")


class Runner(Protocol):
    """Place where a twin works."""

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Returns what a function of a module returns, and raises what it raises."""
        ...

    def close(self) -> None:
        """Ends what is still being done."""
        ...


class InThisProcess:
    """Runner whose caller waits, for a plant that is stepped."""

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Calls the function here. There is no time limit."""
        return function(*args, **kwargs)

    def close(self) -> None:
        """Has nothing to end."""


class TwinProcess:
    """Runner with one process, which does one call after the other.

    Args:
        name: Of the twin, for messages.
        limit_s: How long one call may take, wall-clock time.
    """

    def __init__(self, name: str, limit_s: float = LIMIT_S) -> None:
        self._name, self._limit_s = name, limit_s
        self._turn = asyncio.Lock()
        self._process: SpawnProcess | None = None
        self._link: Connection | None = None

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Calls the function in the process.

        Raises `TwinError` if it takes too long or its process ends; the next call starts another.
        """
        async with self._turn:
            asked = pickle.dumps((function, args, kwargs))  # before its windows move on
            is_done, found = pickle.loads(await asyncio.to_thread(self._ask, asked))  # noqa: S301
        if not is_done:
            raise found
        return found  # type: ignore[no-any-return]

    def close(self) -> None:
        """Ends the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.join()

    def _ask(self, asked: bytes) -> bytes:
        link = self._link
        if self._process is None or link is None:
            link = self._start()
        try:
            link.send_bytes(asked)
            if link.poll(self._limit_s):
                return link.recv_bytes()
        except (EOFError, OSError):
            self.close()
            raise TwinError(f"{self._name}: its process has ended") from None
        self.close()
        took = f"it took more than {self._limit_s:g} s"
        raise TwinError(f"{self._name}: {took}, so its process was ended")

    def _start(self) -> Connection:
        """Starts the process and waits until it can be asked."""
        context = get_context("spawn")  # a fork would have the agents' connections and locks
        here, there = context.Pipe()
        process = context.Process(target=_serve, args=(there,), name="twin", daemon=True)
        process.start()
        there.close()
        self._process, self._link = process, here
        try:
            if here.poll(_START_S) and here.recv_bytes() == b"":
                return here
        except (EOFError, OSError):
            pass
        self.close()
        raise TwinError(f"{self._name}: its process does not start")


def _serve(link: Connection) -> None:
    """Answers calls until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the agents, which end this
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # the agents' output is for machines
    link.send_bytes(b"")
    with suppress(EOFError, OSError):
        while True:
            function, args, kwargs = pickle.loads(link.recv_bytes())  # noqa: S301
            link.send_bytes(_answer(function, args, kwargs))


def _answer(
    function: Callable[..., object], args: tuple[object, ...], kwargs: dict[str, object]
) -> bytes:
    try:
        return pickle.dumps((True, function(*args, **kwargs)))
    except TwinError as error:
        return pickle.dumps((False, error))
    except Exception as error:  # noqa: BLE001 (what cannot be sent is code of others as well)
        return pickle.dumps((False, TwinError(f"{type(error).__name__}: {error}")))
