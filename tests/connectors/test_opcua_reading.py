"""Reads over OPC UA, from the plant and from a server with variables of every sort."""

import asyncio
import struct
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime, timedelta
from math import nan
from pathlib import Path
from time import monotonic
from typing import cast

import pytest
from asyncua import ua
from asyncua.server.address_space import AttributeService
from asyncua.server.server import Server
from asyncua.ua.object_ids import ObjectIds

from handwheel.connectors.connection import Connection
from handwheel.connectors.errors import NotConnected
from handwheel.connectors.opcua.connector import OpcuaConnector
from handwheel.connectors.reader import read_once
from handwheel.connectors.site import OpcuaConnection
from handwheel.connectors.tags import Kind, NodeAddress, RegisterAddress, Tag
from handwheel.connectors.values import (
    BAD_NODE_UNKNOWN,
    BAD_SENSOR_FAILURE,
    BAD_TYPE_MISMATCH,
    GOOD,
    StatusCode,
    Value,
)
from handwheel.sim_plant.serve import PlantServer

from ..served import link_of, served, site_of

URI = "urn:works"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
VARIABLES: Mapping[str, ua.DataValue] = {
    "double": ua.DataValue(ua.Variant(350.5), SourceTimestamp=cast(ua.DateTime, NOON)),
    "float": ua.DataValue(ua.Variant(1.5, ua.VariantType.Float)),
    "nan": ua.DataValue(ua.Variant(nan)),
    "int": ua.DataValue(ua.Variant(-3, ua.VariantType.Int16)),
    "huge": ua.DataValue(ua.Variant(2**64 - 1, ua.VariantType.UInt64)),
    "bool": ua.DataValue(ua.Variant(True)),
    "text": ua.DataValue(ua.Variant("°C")),
    "array": ua.DataValue(ua.Variant([1.0, 2.0])),
    "null": ua.DataValue(ua.Variant()),
    "shaky": ua.DataValue(ua.Variant(7.0), ua.StatusCode(ua.UInt32(0x40940000))),
    "dead": ua.DataValue(ua.Variant(7.0), ua.StatusCode(ua.UInt32(0x808C0000))),
    "a;b=c": ua.DataValue(ua.Variant(1.0)),
}


class LimitedReads(AttributeService):
    """Refuses a Read of more nodes than the server says, as a PLC does."""

    limit = 0

    def __init__(self, server: Server) -> None:
        super().__init__(server.iserver.aspace)
        self.sizes: list[int] = []
        self.spoiled: dict[ua.NodeId, ua.DataValue] = {}  # what is answered instead

    def read(self, params: ua.ReadParameters) -> list[ua.DataValue]:
        self.sizes.append(len(cast(list[ua.ReadValueId], params.NodesToRead)))
        if self.limit and self.sizes[-1] > self.limit:
            raise ua.uaerrors.BadTooManyOperations
        asked = cast(list[ua.ReadValueId], params.NodesToRead)
        return [
            self.spoiled.get(cast(ua.NodeId, each.NodeId), result)
            for each, result in zip(asked, super().read(params), strict=True)
        ]


class Works:
    """A server with one variable of every sort."""

    def __init__(self) -> None:
        self.server = Server()
        self.reads = LimitedReads(self.server)

    @property
    def port(self) -> int:
        assert self.server.bserver is not None
        return self.server.bserver.port

    async def start(self) -> None:
        self.server.disable_clock()
        await self.server.init()
        self.reads = LimitedReads(self.server)
        self.server.set_endpoint("opc.tcp://127.0.0.1:0/")
        index = await self.server.register_namespace(URI)
        objects = self.server.get_objects_node()
        for name, value in VARIABLES.items():
            node = ua.NodeId(ua.String(name), ua.Int16(index))
            await objects.add_variable(node, name, value.Value or 0.0)
            await self.server.write_attribute_value(node, value)
        clock = self.server.get_node(ua.NodeId(ua.Int32(ObjectIds.Server_ServerStatus_CurrentTime)))
        await clock.write_value(NOON + timedelta(hours=1), ua.VariantType.DateTime)
        self.server.iserver.attribute_service = self.reads
        await self.server.start()

    async def limit(self, nodes: int) -> None:
        """Publishes a limit and enforces it from now on."""
        limit = ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerRead
        node = self.server.get_node(ua.NodeId(ua.Int32(limit)))
        await node.write_value(ua.Variant(nodes, ua.VariantType.UInt32))
        self.reads.limit = nodes
        self.reads.sizes.clear()


@pytest.fixture(scope="module")
async def works() -> AsyncGenerator[Works]:
    works = Works()
    await works.start()
    yield works
    await works.server.stop()


@pytest.fixture(scope="module")
async def plant() -> AsyncGenerator[PlantServer]:
    async with served() as server:
        yield server


def _connector(works: Works, **keys: str) -> OpcuaConnector:
    endpoint = f"opc.tcp://127.0.0.1:{works.port}"
    config = OpcuaConnection.model_validate({"kind": "opcua", "endpoint": endpoint, **keys})
    return OpcuaConnector("dcs", config, Path())


def _tag(name: str, kind: Kind = "float", uri: str = URI) -> Tag:
    return Tag(name, "dcs", kind, NodeAddress(f"nsu={uri};s={name}"))


async def test_every_tag_of_the_plant_has_the_plants_value(
    plant: PlantServer, tmp_path: Path
) -> None:
    await plant.step()
    site = site_of(tmp_path / "site", link_of(plant))
    readings = await read_once(site, list(site.tags.values()))
    assert list(readings) == list(site.tags)
    for name, value in plant.simulation.values().items():
        reading, tag = readings[name], site.tags[name]
        assert reading.status == GOOD
        if isinstance(tag.address, RegisterAddress):
            (single,) = struct.unpack("f", struct.pack("f", value))
            assert reading.value == (single if tag.kind == "float" else value)
            assert reading.source_time is None
        else:
            assert reading.value == value
            assert reading.source_time is not None
            assert reading.server_time is not None
            assert reading.source_time <= reading.server_time
        assert type(reading.value) is {"float": float, "bool": bool}.get(tag.kind, int)
        assert reading.age_s(monotonic()) >= 0.0


async def test_the_age_counts_from_the_plants_sampling(plant: PlantServer, tmp_path: Path) -> None:
    site = site_of(tmp_path / "site", link_of(plant))
    tags = site.find_tags(["PT-102.pv"])
    before = monotonic()
    await plant.step()
    first = (await read_once(site, tags))["PT-102.pv"]
    await asyncio.sleep(0.05)
    second = (await read_once(site, tags))["PT-102.pv"]
    assert second.source_time == first.source_time
    now = monotonic()
    assert 0.05 <= second.age_s(now) <= now - before + 0.005  # which two clocks may differ by
    await plant.step()
    third = (await read_once(site, tags))["PT-102.pv"]
    assert first.source_time is not None
    assert third.source_time is not None
    assert third.source_time >= first.source_time + timedelta(seconds=0.05)


@pytest.mark.parametrize(
    ("stamps", "status"), [("on-change", "Good"), ("cyclic", "UncertainLastUsableValue")]
)
async def test_an_old_source_time_tells_of_a_standstill_only_where_stamps_are_cyclic(
    works: Works, stamps: str, status: str
) -> None:
    tags = [_tag("double"), _tag("float")]  # only the first has a source time, long ago
    async with (
        Connection(_connector(works, stamps=stamps), tags) as connection,
        asyncio.timeout(10),
    ):
        await connection.next_scan()
        readings = connection.latest()
    assert {name: (each.value, each.status.name) for name, each in readings.items()} == {
        "double": (350.5, status),
        "float": (1.5, "Good"),
    }


async def test_a_node_that_the_server_does_not_have_stops_no_other(works: Works) -> None:
    session = await _connector(works).open()
    tags = [_tag("double"), _tag("gone"), _tag("float", uri="urn:elsewhere"), _tag("a;b=c")]
    readings = await session.read(tags)
    assert {tag.name: (readings[tag.name].value, readings[tag.name].status) for tag in tags} == {
        "double": (350.5, GOOD),
        "gone": (None, BAD_NODE_UNKNOWN),
        "float": (None, BAD_NODE_UNKNOWN),
        "a;b=c": (1.0, GOOD),
    }
    await session.close()


@pytest.mark.parametrize(
    ("name", "kind", "value", "status"),
    [
        ("double", "float", 350.5, GOOD),
        ("float", "float", 1.5, GOOD),
        ("int", "float", -3.0, GOOD),
        ("int", "int", -3, GOOD),
        ("int", "enum", -3, GOOD),
        ("huge", "int", 2**64 - 1, GOOD),
        ("bool", "bool", True, GOOD),
        ("text", "string", "°C", GOOD),
        ("shaky", "float", 7.0, StatusCode(0x40940000)),
        ("dead", "float", None, BAD_SENSOR_FAILURE),
        ("nan", "float", None, BAD_SENSOR_FAILURE),
        ("double", "int", None, BAD_TYPE_MISMATCH),
        ("double", "bool", None, BAD_TYPE_MISMATCH),
        ("double", "string", None, BAD_TYPE_MISMATCH),
        ("bool", "float", None, BAD_TYPE_MISMATCH),
        ("bool", "enum", None, BAD_TYPE_MISMATCH),
        ("int", "bool", None, BAD_TYPE_MISMATCH),
        ("text", "float", None, BAD_TYPE_MISMATCH),
        ("array", "float", None, BAD_TYPE_MISMATCH),
        ("null", "float", None, BAD_TYPE_MISMATCH),
    ],
)
async def test_a_value_comes_in_the_tags_type_or_not_at_all(
    works: Works, name: str, kind: Kind, value: Value | None, status: StatusCode
) -> None:
    session = await _connector(works).open()
    reading = (await session.read([_tag(name, kind)]))[name]
    assert (reading.value, reading.status) == (value, status)
    assert type(reading.value) is type(value)
    assert reading.source_time == (NOON if name == "double" else None)
    await session.close()


@pytest.mark.parametrize(
    ("limit", "sizes"),
    [(0, [500, 102]), (1000, [500, 102]), (400, [400, 202]), (3, [3] * 300), (2, [2] * 600),
     (1, [1] * 600)],
)  # fmt: skip
async def test_no_read_has_more_nodes_than_the_server_takes(
    works: Works, limit: int, sizes: list[int]
) -> None:
    await works.limit(limit)
    session = await _connector(works).open()
    works.reads.sizes.clear()
    node = NodeAddress(f"nsu={URI};s=double")
    tags = [Tag(f"a{n}.pv", "dcs", "float", node) for n in range(600)]
    readings = await session.read(tags)
    assert {reading.value for reading in readings.values()} == {350.5}
    assert len(readings) == 600
    assert works.reads.sizes == sizes
    await session.close()
    await works.limit(0)


NAMESPACES = ObjectIds.Server_NamespaceArray
LIMIT = ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerRead
UNREADABLE = ua.StatusCode(ua.UInt32(0x803A0000))


@pytest.mark.parametrize(
    ("node", "answer", "reason"),
    [
        (NAMESPACES, ua.DataValue(ua.Variant([URI]), UNREADABLE), "NamespaceArray: BadNotReadable"),
        (NAMESPACES, ua.DataValue(ua.Variant()), "NamespaceArray: BadTypeMismatch"),
        (NAMESPACES, ua.DataValue(ua.Variant(URI)), "NamespaceArray: BadTypeMismatch"),
        (LIMIT, ua.DataValue(ua.Variant("many")), "MaxNodesPerRead: BadTypeMismatch"),
        (LIMIT, ua.DataValue(ua.Variant(True)), "MaxNodesPerRead: BadTypeMismatch"),
        (LIMIT, ua.DataValue(ua.Variant("many"), UNREADABLE), None),
        (LIMIT, ua.DataValue(ua.Variant()), None),
    ],
)
async def test_what_a_server_tells_of_itself_is_checked(
    works: Works, node: int, answer: ua.DataValue, reason: str | None
) -> None:
    works.reads.spoiled[ua.NodeId(ua.Int32(node))] = answer
    try:
        if reason is not None:
            with pytest.raises(NotConnected, match=f": {reason}$"):
                await _connector(works).open()
        else:
            session = await _connector(works).open()
            assert (await session.read([_tag("double")]))["double"].value == 350.5
            await session.close()
    finally:
        works.reads.spoiled.clear()
