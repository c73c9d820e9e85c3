"""Prompts in a thread that an interruption cancels, so that no later answer counts."""

import os
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:  # slow to import, and most prompts need no thread
    import asyncio

_T = TypeVar("_T")

_CHECK_S = 5.0  # a sound event loop answers at once


class PromptCancelled(Exception):
    """The prompt was cancelled before an answer."""


class PromptCancellation:
    """Lets the waiting task, whose event loop gets the signals, cancel a thread's prompt."""

    def __init__(self, task: "asyncio.Task[object]") -> None:
        self._task = task
        self._reading, self._writing = os.pipe()

    def fileno(self) -> int:
        """Returns a descriptor that is readable once the prompt is cancelled."""
        return self._reading

    def cancel(self) -> None:
        """Cancels the prompt."""
        os.write(self._writing, b"!")

    def check(self) -> None:
        """Refuses an answer that came after an interruption. Called by the thread.

        The event loop is asked, for it handles each signal before what comes after it.

        Raises:
            PromptCancelled: The task is cancelled, or its event loop does not answer.
        """
        from concurrent.futures import Future

        answer: Future[bool] = Future()
        loop = self._task.get_loop()
        loop.call_soon_threadsafe(lambda: answer.set_result(self._task.cancelling() == 0))
        try:
            if answer.result(_CHECK_S):
                return
        except TimeoutError:
            pass
        raise PromptCancelled

    def close(self) -> None:
        """Closes the pipe."""
        os.close(self._reading)
        os.close(self._writing)


_current: ContextVar[PromptCancellation | None] = ContextVar("cancellation", default=None)


def current_cancellation() -> PromptCancellation | None:
    """Returns the cancellation of this thread's prompts, or `None` where signals cancel."""
    return _current.get()


async def ask_in_thread(ask: Callable[[], _T]) -> _T:
    """Runs a prompt in a thread. Once this task is cancelled, no answer counts.

    Raises:
        CancelledError: The task was cancelled; the question is over and the terminal restored.
    """
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    task = asyncio.current_task()
    assert task is not None
    cancellation = PromptCancellation(task)
    before = _current.set(cancellation)
    pool = ThreadPoolExecutor(1)
    asked = pool.submit(copy_context().run, ask)  # with the cancellation
    _current.reset(before)
    try:
        return await asyncio.wrap_future(asked)
    except asyncio.CancelledError:
        cancellation.cancel()
        # A second interruption cancels every task. The thread continues and uses the pipe.
        while not asked.done():
            with suppress(asyncio.CancelledError):
                await asyncio.gather(asyncio.wrap_future(asked), return_exceptions=True)
        raise
    finally:
        if asked.done():  # else the process is at its end, and the pipe with it
            cancellation.close()
        pool.shutdown(wait=False)
