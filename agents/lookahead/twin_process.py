"""Process of its own for a twin, so that agents do not wait for it.

It starts when it is first needed. A twin that takes too long is ended with it.
"""

import asyncio
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from socket import socketpair
from threading import Thread
from time import monotonic, sleep
from typing import Any, ParamSpec, Protocol, TypeVar

from handwheel.connectors.config.durations import format_duration

from .twin import TwinError

LIMIT_S = 60.0
"""How long one call may take, wall-clock time."""
_ERRORS = 2  # the agents' output is for machines
_LOOK_S = 1.0
_START_S = 120.0  # until the process is ready, wall-clock time
_REST_S = 600.0  # after a call that took too long, wall-clock time

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

    Code of others is loaded there only. The process ends with this one.

    Args:
        name: Of the twin, for messages.
        limit_s: How long one call may take, wall-clock time.
    """

    def __init__(self, name: str, limit_s: float = LIMIT_S) -> None:
        self._name, self._limit_s = name, limit_s
        self._turn = asyncio.Lock()
        self._rests_until_s = 0.0  # monotonic clock
        self._process: subprocess.Popen[bytes] | None = None
        self._link: Connection | None = None
        self._is_ready = False

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Calls the function in the process.

        Raises `TwinError` if its process ends, of which the next call starts another, or if it
        takes too long, after which it is not asked for 10 min.
        """
        async with self._turn:
            asked = pickle.dumps((function, args, kwargs))  # before its windows move on
            found: R = _result(await asyncio.to_thread(self._ask, asked))
        return found

    def call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Calls the function as `run` does, and waits."""
        found: R = _result(self._ask(pickle.dumps((function, args, kwargs))))
        return found

    def start(self) -> None:
        """Starts the process beside other work, so that the first call waits less for it."""
        with suppress(OSError):  # the first call tells it
            self._open()

    def close(self) -> None:
        """Ends the process."""
        process, self._process = self._process, None
        link, self._link = self._link, None
        if process is not None:
            process.kill()
            process.wait()
        if link is not None:
            link.close()

    def _ask(self, asked: bytes) -> bytes:
        """Asks the process, unless it took too long lately, since a case waits for it each time."""
        begun_s = monotonic()
        if begun_s < self._rests_until_s:
            again = format_duration(self._rests_until_s - begun_s)
            raise TwinError(f"{self._name}: it took too long, and is asked again in {again}")
        try:
            return self._exchange(asked)
        finally:
            if monotonic() - begun_s >= self._limit_s and self._process is None:
                self._rests_until_s = monotonic() + _REST_S

    def _exchange(self, asked: bytes) -> bytes:
        try:
            link = self._link or self._open()
            if not self._is_ready:
                if not link.poll(_START_S) or link.recv_bytes():
                    raise EOFError
                self._is_ready = True
            link.send_bytes(asked)
            if link.poll(self._limit_s):
                return link.recv_bytes()
        except (EOFError, OSError):
            self.close()
            raise TwinError(f"{self._name}: its process has ended") from None
        self.close()
        took = f"it took more than {self._limit_s:g} s"
        raise TwinError(f"{self._name}: {took}, so its process was ended")

    def _open(self) -> Connection:
        """Starts the process, which says when it can be asked."""
        ours, theirs = socketpair()
        here, there = Connection(ours.detach()), theirs.detach()
        try:
            self._process = subprocess.Popen(  # noqa: S603 (our own code)
                [sys.executable, "-c", f"from {__name__} import serve; serve({there})"],
                stdin=subprocess.DEVNULL, stdout=_ERRORS, pass_fds=[there], start_new_session=True,
            )  # fmt: skip
        finally:
            os.close(there)
        self._link, self._is_ready = here, False
        return here


def _result(answer: bytes) -> Any:
    is_done, found = pickle.loads(answer)  # noqa: S301 (by our own process)
    if not is_done:
        raise found
    return found


def serve(descriptor: int) -> None:
    """Answers calls until the other end is closed. It is what the process of a twin does."""
    link, parent = Connection(descriptor), os.getppid()
    Thread(target=_end_with, args=(parent,), daemon=True).start()
    link.send_bytes(b"")
    with suppress(EOFError, OSError):
        while True:
            function, args, kwargs = pickle.loads(link.recv_bytes())  # noqa: S301
            link.send_bytes(_answer(function, args, kwargs))


def _end_with(parent: int) -> None:
    """Ends this process after its parent, also where a twin does not return."""
    while os.getppid() == parent:
        sleep(_LOOK_S)
    os._exit(1)


def _answer(
    function: Callable[..., object], args: tuple[object, ...], kwargs: dict[str, object]
) -> bytes:
    try:
        return pickle.dumps((True, function(*args, **kwargs)))
    except TwinError as error:
        return pickle.dumps((False, error))
    except Exception as error:  # noqa: BLE001 (what cannot be sent is code of others as well)
        return pickle.dumps((False, TwinError(f"{type(error).__name__}: {error}")))
