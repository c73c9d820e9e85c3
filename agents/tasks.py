"""Tasks of the agents, each named by what it is about, and one at a time for each name."""

import asyncio
from collections.abc import Coroutine, KeysView
from typing import Any


class Tasks:
    """Tasks that are being done."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Starts a task."""
        self._tasks[name] = asyncio.create_task(work, name=name)

    @property
    def names(self) -> KeysView[str]:
        """Names of the tasks that are being done, or whose end nobody has seen."""
        return self._tasks.keys()

    def raise_errors(self) -> None:
        """Forgets the tasks that are done, and raises the error of one."""
        for name, task in list(self._tasks.items()):
            if task.done():
                del self._tasks[name]
                task.result()

    async def end(self) -> None:
        """Ends every task."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
