"""Engine of a test behind plain functions, in an event loop of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from threading import Thread
from types import TracebackType
from typing import Any, Self, TypeVar

from handwheel.connectors.config.durations import parse_duration
from handwheel.evaluation.playbook_tests.engine import Engine, Setup
from handwheel.evaluation.playbook_tests.stepped_engine import SteppedEngine

_T = TypeVar("_T")


def open_engine(kind: str, setup: Setup, speed: float) -> AbstractAsyncContextManager[Engine]:
    """Returns the engine of an option of the command line, to be opened.

    Args:
        speed: Plant seconds per second, where the plant has a process.
    """
    if kind == "stepped":
        return SteppedEngine.open(setup)
    from .process_engine import ProcessEngine

    return ProcessEngine.open(setup, speed)


class Driver:
    """Runs an engine, in a thread of its own, while the context is open.

    Args:
        opening: Engine to be opened, from `open_engine`.

    Attributes:
        engine: The open engine. Only its plain attributes may be used from other threads.
    """

    engine: Engine

    def __init__(self, opening: AbstractAsyncContextManager[Engine]) -> None:
        self._opening = opening
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="handwheel", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self.engine = self.run(self._opening.__aenter__())
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.run(self._opening.__aexit__(kind, error, trace))
        finally:
            self._close()

    def _close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Waits for some work of the engine, which is cancelled by Ctrl-C."""
        doing = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return doing.result()
        except KeyboardInterrupt:
            doing.cancel()
            raise

    def pass_until(self, is_so: Callable[[], Awaitable[bool]], within_s: float) -> bool:
        """Lets process time pass until something is so, and returns whether it is in time."""
        return self.run(self._pass_until(is_so, within_s))

    async def _pass_until(self, is_so: Callable[[], Awaitable[bool]], within_s: float) -> bool:
        end_s = self.engine.now_s + within_s
        try:
            if not self.engine.readings:
                await self.engine.step()
            while not await is_so():
                if self.engine.now_s >= end_s:
                    return False
                await self.engine.step()
            return True
        finally:
            await self.engine.rest()

    async def _never(self) -> bool:
        return False

    def pass_for(self, seconds: float) -> None:
        """Lets process time pass."""
        self.pass_until(self._never, seconds)


def seconds_of(duration: float | str) -> float:
    """Returns seconds, also of a text such as `10 min`. Another text raises `ValueError`."""
    return parse_duration(duration) if isinstance(duration, str) else duration
