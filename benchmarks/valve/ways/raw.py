"""Way without approval, in which the agent calls the tool."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from ..order import Order, obeyed
from .write_tool import write_tag


@asynccontextmanager
async def opened(folder: Path) -> AsyncGenerator["Raw"]:
    """Opens the way, which stores nothing."""
    del folder
    yield Raw()


class Raw:
    """Agent with a tool that writes."""

    async def ask(self, text: str) -> None:
        """Does what the text says."""
        if order := obeyed(text):
            await self.goto(order)

    async def shown(self) -> Sequence[Order]:
        """Returns nothing, since nobody is asked."""
        return ()

    async def approve(self, *, always: bool = False) -> None:
        """Does nothing, since nothing waits."""

    async def resume(self) -> None:
        """Does nothing, since nothing is stored."""

    async def goto(self, order: Order) -> None:
        """Calls the tool."""
        await write_tag(order.tag, order.value)
