"""Program of others at work in a thread of its own, so that it holds nobody else up."""

import asyncio
import ctypes
from asyncio import FIRST_COMPLETED
from collections.abc import Callable, Coroutine
from contextlib import suppress
from threading import Thread
from typing import Any, TypeVar, cast

from handwheel.tools.safe_text import printable

from .episode_verbs import OVER, EpisodeVerbs
from .passed_verbs import PassedVerbs
from .verbs import EpisodeOver, Program

_AFTER_S = 10.0  # in which a program must end once the episode is over
_ENDS_S = 1.0  # in which a program that is cancelled must end by itself
_Found = TypeVar("_Found")


async def play(create: Callable[[], Program], verbs: EpisodeVerbs, limit_s: float) -> str:
    """Lets a program play, and returns why it has failed, empty if it has not.

    Afterwards every verb raises `EpisodeOver`.

    Args:
        create: Creates the program, in its thread.
        limit_s: Time of the computer after which it is cancelled, and then ended.
    """
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[str] = loop.create_future()

    def end(why: str) -> None:
        if not ended.done():
            ended.set_result(why)

    thread = _ProgramThread(create, _SentVerbs(verbs, loop), lambda why: _call(loop, end, why))
    thread.start()
    over: asyncio.Future[Any] = asyncio.create_task(verbs.over.wait())
    why = f"was ended after {limit_s:g} s of the computer's time"
    try:
        either: set[asyncio.Future[Any]] = {ended, over}
        await asyncio.wait(either, timeout=limit_s, return_when=FIRST_COMPLETED)
        if over.done() and not ended.done():
            why = f"was ended {_AFTER_S:g} s after the episode"
            await asyncio.wait({ended}, timeout=_AFTER_S)
        why = ended.result() if ended.done() else why
    finally:
        verbs.is_closed = True
        over.cancel()
    if not ended.done():
        thread.cancel()
        await asyncio.wait({ended}, timeout=_ENDS_S)
        if not ended.done():
            thread.end()
    async with verbs.lock:  # a verb that is at work ends first
        return why


class _ProgramThread(Thread):
    """Thread in which a program runs, which does not keep the process alive."""

    def __init__(
        self, create: Callable[[], Program], verbs: "_SentVerbs", told: Callable[[str], None]
    ) -> None:
        super().__init__(name="program", daemon=True)
        self._create, self._verbs, self._told = create, verbs, told
        self._running: tuple[asyncio.AbstractEventLoop, asyncio.Task[None]] | None = None

    def run(self) -> None:
        """Plays, and tells why it has failed."""
        why = ""
        try:
            asyncio.run(self._play())
        except BaseException as error:  # noqa: BLE001 (code of others)
            why = _failure(error)
        self._told(why)

    async def _play(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._running = asyncio.get_running_loop(), task
        await self._create().play(self._verbs)

    def cancel(self) -> None:
        """Cancels what the program waits for."""
        if self._running is not None:
            loop, task = self._running
            _call(loop, task.cancel)

    def end(self) -> None:
        """Ends the program's code, as soon as it runs. It is not waited for."""
        if self.is_alive() and self.ident is not None:
            ident = ctypes.c_ulong(self.ident)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(SystemExit))


class _SentVerbs(PassedVerbs[EpisodeVerbs]):
    """Verbs for the thread of a program, each of which is carried out in that of the episode.

    A call that the program no longer waits for is carried out nevertheless, so that what happens
    does not depend on the computer's speed.
    """

    def __init__(self, verbs: EpisodeVerbs, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(verbs)
        self._loop = loop

    async def passed(self, call: Callable[[], Coroutine[Any, Any, _Found]]) -> _Found:
        """Has a call made in the thread of the episode, and returns its answer."""
        if self.verbs.is_closed:
            raise EpisodeOver(OVER)
        sent = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(call(), self._loop))
        sent.add_done_callback(lambda each: each.cancelled() or each.exception())
        return await asyncio.shield(sent)


def _failure(error: BaseException) -> str:
    """Returns the text of an error, empty if it only says that the episode has ended."""
    if isinstance(error, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", error)
        every = [_failure(each) for each in group.exceptions]
        return next((each for each in every if each), "")
    is_end = isinstance(error, EpisodeOver)
    return "" if is_end else printable(f"raised {type(error).__name__}: {error}")


def _call(loop: asyncio.AbstractEventLoop, call: Callable[..., object], *given: object) -> None:
    """Has a loop of another thread call something, unless it has ended."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(call, *given)
