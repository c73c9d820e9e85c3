"""Program of others at work in a thread of its own, so that it holds nobody else up."""

import asyncio
import ctypes
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from threading import Thread
from typing import Any, TypeVar, cast

from handwheel.tools.safe_text import printable

from .briefing import Briefing
from .episode_verbs import EpisodeVerbs
from .verbs import (
    AlarmRow,
    Conclusion,
    EpisodeOver,
    JournalRow,
    Program,
    Proposal,
    ProposalState,
    TagReading,
    TimeSlot,
)

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
    done, _ = await asyncio.wait([ended], timeout=limit_s)
    verbs.is_closed = True
    if not done:
        thread.cancel()
        await asyncio.wait([ended], timeout=_ENDS_S)
        thread.end()
    async with verbs.lock:  # a verb that is at work ends first
        return ended.result() if done else f"was ended after {limit_s:g} s of the computer's time"


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


class _SentVerbs:
    """Verbs for the thread of a program, each of which is carried out in that of the episode.

    A call that the program no longer waits for is carried out nevertheless, so that what happens
    does not depend on the computer's speed.
    """

    def __init__(self, verbs: EpisodeVerbs, loop: asyncio.AbstractEventLoop) -> None:
        self._verbs, self._loop = verbs, loop

    @property
    def briefing(self) -> Briefing:
        """Everything that the program is told before."""
        return self._verbs.briefing

    async def read(self, tags: Sequence[str], after_s: float = 0.0) -> list[TagReading]:
        """Waits so many seconds of process time, and returns the reading of each tag."""
        return await self._send(lambda: self._verbs.read(tags, after_s))

    async def window(self, tag: str, last_s: float, slots: int = 60) -> list[TimeSlot]:
        """Returns the course of a tag of numbers, oldest first."""
        return await self._send(lambda: self._verbs.window(tag, last_s, slots))

    async def alarms(self) -> list[AlarmRow]:
        """Returns the alarms that stand, oldest first."""
        return await self._send(self._verbs.alarms)

    async def journal(self, last: int = 50) -> list[JournalRow]:
        """Returns the newest events, oldest first."""
        return await self._send(lambda: self._verbs.journal(last))

    async def conclude(self, conclusion: Conclusion) -> None:
        """Says what the program thinks, as of now."""
        await self._send(lambda: self._verbs.conclude(conclusion))

    async def propose(self, proposal: Proposal) -> ProposalState:
        """Asks people for something."""
        return await self._send(lambda: self._verbs.propose(proposal))

    async def outcome(self, proposal: str, within_s: float = 0.0) -> ProposalState:
        """Waits until a proposal is over, at most so many seconds of process time."""
        return await self._send(lambda: self._verbs.outcome(proposal, within_s))

    async def _send(self, call: Callable[[], Coroutine[Any, Any, _Found]]) -> _Found:
        if self._verbs.is_closed:
            raise EpisodeOver("the episode has ended")
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
