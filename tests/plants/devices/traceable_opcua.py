"""An asyncua server whose values tell whose they are and of when, and that counts what it is asked.

A node `N-7` reads as `7 * 2**32 + n` with n the number of the Read that asks for it, so that a
swapped, foreign or old answer that passes for a good one is seen by its value.
"""

from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import cast

from asyncua import ua
from asyncua.server.address_space import AttributeService
from asyncua.server.server import Server

from .opcua_server import LoopbackServer

URI = "urn:pitfalls"
INDEX = 2
_GOOD = ua.StatusCode(ua.UInt32(0))


def name_of(number: int) -> str:
    return f"N-{number}"


class Reads(AttributeService):
    """Answers Reads with values that can be judged.

    Attributes:
        number: How many Reads have come.
        is_judged: Whether the values tell of the Read; else they are those of the address space.
    """

    def __init__(self, server: Server) -> None:
        super().__init__(server.iserver.aspace)
        self.number = 0
        self.is_judged = False
        self._log: deque[frozenset[int]] = deque(maxlen=256)

    def read(self, params: ua.ReadParameters) -> list[ua.DataValue]:
        asked = cast(list[ua.ReadValueId], params.NodesToRead)
        self.number += 1
        numbers = [_number(cast(ua.NodeId, each.NodeId)) for each in asked]
        self._log.append(frozenset(numbers))
        if not self.is_judged or -1 in numbers[:1]:
            return super().read(params)
        return [
            super(Reads, self).read(ua.ReadParameters(NodesToRead=[item]))[0]
            if number < 0
            else self._value(number)
            for item, number in zip(asked, numbers, strict=True)
        ]

    def _value(self, number: int) -> ua.DataValue:
        value = number << 32 | self.number
        return ua.DataValue(ua.Variant(value, ua.VariantType.UInt64), _GOOD)

    def is_true(self, number: int, value: int, before: int) -> bool:
        """Whether a value is this node's, by an answer to a Read that asked for it.

        Args:
            before: How many Reads had come before it was asked for.
        """
        at = value & 0xFFFFFFFF
        if value >> 32 != number or not before < at <= self.number:
            return False
        return number in self._log[at - self.number - 1]


def _number(node: ua.NodeId) -> int:
    text = node.Identifier
    if node.NamespaceIndex == INDEX and isinstance(text, str) and text.startswith("N-"):
        return int(text[2:])
    return -1


class Works(LoopbackServer):
    """The server, and so many nodes in it."""

    uri = URI

    def __init__(self, nodes: int) -> None:
        super().__init__()
        self.nodes = nodes
        self.reads = Reads(self.server)

    async def fill(self) -> None:
        assert self.index == INDEX
        objects = self.server.get_objects_node()
        for name in map(name_of, range(self.nodes)):
            variable = await objects.add_variable(self.node(name), name, 0, ua.VariantType.UInt64)
            await variable.set_writable()
        self.server.iserver.attribute_service = self.reads

    async def set(self, number: int, value: int, status: int = 0) -> None:
        """Changes a value as the process does it."""
        variant = ua.Variant(value, ua.VariantType.UInt64)
        data = ua.DataValue(variant, ua.StatusCode(ua.UInt32(status)))
        await self.server.write_attribute_value(self.node(name_of(number)), data)

    async def forget(self, latest: int = 0) -> None:
        """Ends sessions, but not so many of the latest: one that was cut off lives on a while."""
        sessions = self.server.iserver._external_sessions  # pyright: ignore[reportPrivateUsage]
        for session in list(sessions.values())[: len(sessions) - latest]:
            await session.close_session(True)


@asynccontextmanager
async def works(nodes: int) -> AsyncGenerator[Works]:
    async with Works(nodes).running() as place:
        try:
            yield place
        finally:
            await place.forget()
