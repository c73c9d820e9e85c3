"""An OPC UA server that a test fills and changes, and connectors and tags that read it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from asyncua import ua
from asyncua.server.server import Server

from handwheel.connectors.model.endpoints import OpcuaConnection
from handwheel.connectors.model.tags import Kind, NodeAddress, Tag
from handwheel.connectors.opcua.connector import OpcuaConnector, OpcuaSession

URI = "urn:works"


class LoopbackServer:
    """A server with one namespace; `fill` adds what a test wants in it."""

    uri = URI

    def __init__(self) -> None:
        self.server = Server()
        self.index = 0

    @property
    def port(self) -> int:
        assert self.server.bserver is not None
        return self.server.bserver.port

    def node(self, name: str, index: int = 0) -> ua.NodeId:
        return ua.NodeId(ua.String(name), ua.Int16(index or self.index))

    async def fill(self) -> None:
        """Adds nodes before the server starts."""

    async def start(self) -> None:
        self.server.disable_clock()
        await self.server.init()
        self.server.set_endpoint("opc.tcp://127.0.0.1:0/")
        self.server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        self.index = await self.server.register_namespace(self.uri)
        await self.fill()
        await self.server.start()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[Self]:
        await self.start()
        try:
            yield self
        finally:
            await self.server.stop()


def connector_to(port: int, **keys: object) -> OpcuaConnector:
    """A connector to a server on loopback, with these keys of `site.yaml`."""
    document = {"kind": "opcua", "endpoint": f"opc.tcp://127.0.0.1:{port}", **keys}
    return OpcuaConnector("dcs", OpcuaConnection.model_validate(document), Path())


@asynccontextmanager
async def session_with(port: int, **keys: object) -> AsyncGenerator[OpcuaSession]:
    session = await connector_to(port, **keys).open()
    try:
        yield session
    finally:
        await session.close()


def tag_of(name: str, kind: Kind = "float", uri: str = URI) -> Tag:
    """A tag of the node with its name."""
    return Tag(name, "dcs", kind, NodeAddress(f"nsu={uri};s={name}"))
