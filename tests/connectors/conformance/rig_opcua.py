"""An OPC UA server on a real socket as a rig of the conformance kit."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.server.address_space import AttributeService
from asyncua.server.server import Server
from asyncua.ua import ua_binary

from handwheel.connectors.model.endpoints import OpcuaConnection
from handwheel.connectors.model.tags import Kind, NodeAddress, Tag
from handwheel.connectors.model.values import BAD_SENSOR_FAILURE, GOOD, Array, StatusCode, Value
from handwheel.connectors.opcua.connector import OpcuaConnector
from handwheel.connectors.testing import AcceptedWrite, Item, Rig
from handwheel.sim_plant.link.proxy import LinkProxy

from ...plants.devices.opcua_server import LoopbackServer

URI = "urn:kit"
PASSWORD = "open sesame"
SECRET = "KIT_SECRET"
SHAKY = StatusCode(0x40940000)
LIMITED = StatusCode(0x00000600)  # at its high limit
_NOON = datetime(2020, 1, 1, 12, tzinfo=UTC)
_MODES = {"manual": 0, "auto": 1}
_TIMEOUT_S = 0.75
_NOT_READABLE, _DENIED = 0x803A0000, 0x801F0000
_REFUSED = ua.DataValue(StatusCode=ua.StatusCode(ua.UInt32(_NOT_READABLE)))


def _item(
    name: str,
    kind: Kind,
    value: Value | Array | None,
    status: StatusCode = GOOD,
    *,
    writable: bool = False,
) -> Item:
    address = NodeAddress(f"nsu={URI};s={name}")
    members = _MODES if kind == "enum" else {}
    is_array = isinstance(value, tuple)
    tag = Tag(f"{name}.pv", "dcs", kind, address, members=members, writable=writable,
              is_array=is_array)  # fmt: skip
    return Item(tag, value, status, _NOON)


_ITEMS = [
    (_item("A", "float", 350.5, writable=True), ua.VariantType.Float),
    (_item("B", "int", -3, writable=True), ua.VariantType.Int16),
    (_item("C", "bool", True, writable=True), ua.VariantType.Boolean),
    (_item("D", "string", "°C", writable=True), ua.VariantType.String),
    (_item("E", "enum", 1, writable=True), ua.VariantType.UInt32),
    (_item("F", "float", 7.25), ua.VariantType.Double),
    (_item("G", "int", 2**64 - 1), ua.VariantType.UInt64),
    (_item("H", "float", 11.0, SHAKY), ua.VariantType.Double),
    (_item("J", "float", (1.0, 2.0)), ua.VariantType.Double),
    (_item("I", "float", None, BAD_SENSOR_FAILURE), ua.VariantType.Double),
    (_item("K", "float", 5.0, LIMITED), ua.VariantType.Float),
]
A, B, C, D, E = (item.tag for item, _ in _ITEMS[:5])


def _variant(item: Item, variant: ua.VariantType) -> ua.Variant:
    if item.value is None:
        return ua.Variant(12.0, variant)  # there is one, and nobody is to use it
    value = list(item.value) if isinstance(item.value, tuple) else item.value
    return ua.Variant(value, variant)


class _Attributes(AttributeService):
    """Counts what clients write, and refuses to show a node."""

    def __init__(self, server: Server) -> None:
        super().__init__(server.iserver.aspace)
        self.writes = 0
        self.refused: set[str] = set()

    def read(self, params: ua.ReadParameters) -> list[ua.DataValue]:
        asked = cast(list[ua.ReadValueId], params.NodesToRead)
        nodes = [cast(ua.NodeId, each.NodeId).Identifier for each in asked]
        return [
            _REFUSED if node in self.refused else result
            for node, result in zip(nodes, super().read(params), strict=True)
        ]

    async def write(self, params: ua.WriteParameters, user: object = None) -> list[ua.StatusCode]:
        self.writes += 1
        return [ua.StatusCode(ua.UInt32(_DENIED))]


class OpcuaDevice(LoopbackServer):
    """The server; made once, for its address space takes a while."""

    uri = URI

    async def fill(self) -> None:
        objects = self.server.get_objects_node()
        for item, variant in _ITEMS:
            await objects.add_variable(self._node(item.tag), item.tag.name, _variant(item, variant))

    @asynccontextmanager
    async def rig(self, root: Path) -> AsyncGenerator[Rig]:
        attributes = _Attributes(self.server)
        self.server.iserver.attribute_service = attributes
        for item, _ in _ITEMS:
            await self._hold(item)
        async with LinkProxy(self.port) as link:
            yield self._rig(attributes, link, root)
        # The server keeps a session that has subscribed, for a client who comes back.
        kept = self.server.iserver._external_sessions  # pyright: ignore[reportPrivateUsage]
        for session in list(kept.values()):
            await session.close_session(True)

    def _rig(self, attributes: _Attributes, link: LinkProxy, root: Path) -> Rig:
        account = {"user": "viewer", "secret": f"env:{SECRET}"}
        config = OpcuaConnection.model_validate(
            {"kind": "opcua", "endpoint": f"opc.tcp://127.0.0.1:{link.port}/", "scan": "50 ms",
             "timeout": f"{_TIMEOUT_S} s", "read": account, "write": account}
        )  # fmt: skip

        async def change(tag: Tag, value: Value) -> None:
            attributes.refused.discard(str(self._node(tag).Identifier))
            await self._hold(Item(tag, value))

        async def refuse(tag: Tag) -> None:
            attributes.refused.add(str(self._node(tag).Identifier))
            await self._hold(Item(tag, None, StatusCode(_NOT_READABLE)))  # tells subscribers

        return Rig(
            connector=OpcuaConnector("dcs", config, root),
            timeout_s=_TIMEOUT_S,
            items=[item for item, _ in _ITEMS],
            unknown=_item("nowhere", "float", None).tag,
            link=link,
            change=change,
            refuse=refuse,
            writes=lambda: attributes.writes,
            secrets=[PASSWORD],
            encode=[
                AcceptedWrite(A, 0.1, 0.10000000149011612), AcceptedWrite(B, 7, 7),
                AcceptedWrite(C, False, False), AcceptedWrite(D, "bar", "bar"),
                AcceptedWrite(E, 0, 0),
            ],
            refused=[(A, 1e39), (B, 40_000), (B, 0.5), (E, 2)],
            apply=self._apply,
            burst=9,
        )  # fmt: skip

    def _node(self, tag: Tag) -> ua.NodeId:
        return self.node(tag.name.partition(".")[0])

    async def _hold(self, item: Item) -> None:
        variant = next(variant for each, variant in _ITEMS if each.tag == item.tag)
        data = ua.DataValue(
            _variant(item, variant),
            ua.StatusCode(ua.UInt32(item.status)),
            SourceTimestamp=cast(ua.DateTime, item.source_time or datetime.now(UTC)),
        )
        await self.server.write_attribute_value(self._node(item.tag), data)

    async def _apply(self, wire: bytes) -> None:
        write = ua_binary.struct_from_binary(ua.WriteValue, Buffer(wire))
        sent = cast(ua.DataValue, write.Value)
        data = ua.DataValue(sent.Value, SourceTimestamp=cast(ua.DateTime, _NOON))
        await self.server.write_attribute_value(cast(ua.NodeId, write.NodeId), data)
