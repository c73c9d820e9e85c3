"""Whose turn it is to write: an action's from its intent until its device has answered."""

import asyncio


class WriteSlot:
    """Lets heartbeats see that an action's frame is on its way; no action ever waits for it."""

    def __init__(self) -> None:
        self._free = asyncio.Event()
        self._free.set()

    @property
    def is_taken(self) -> bool:
        """Whether the frame of an action may be under way to its device."""
        return not self._free.is_set()

    def take(self) -> None:
        """Takes the turn for an action, which gives it back whatever comes of it."""
        self._free.clear()

    def release(self) -> None:
        """Gives the turn back; a second time changes nothing."""
        self._free.set()

    async def until_free(self) -> None:
        """Returns as soon as it is nobody's turn; another action may take it right after."""
        await self._free.wait()
