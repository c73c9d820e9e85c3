"""Write slot. An action holds it from intent to answer, and heartbeats wait."""

import asyncio


class WriteSlot:
    """Shows heartbeats that an action's frame is on its way. No action ever waits for it."""

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
        """Releases the slot. A second call changes nothing."""
        self._free.set()

    async def until_free(self) -> None:
        """Returns as soon as the slot is free. Another action may take it right after."""
        await self._free.wait()
