"""Reads over OPC UA, from the plant and from a server with variables of every sort."""

import asyncio
import struct
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest
from asyncua import ua
from asyncua.ua.object_ids import ObjectIds

from handwheel.connectors.client.site_reader import read_once
from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.site import OpcuaConnection
from handwheel.connectors.model.tags import Kind, NodeAddress, RegisterAddress, Tag
from handwheel.connectors.model.values import (
    BAD_INDEX_INVALID,
    BAD_NODE_UNKNOWN,
    BAD_SENSOR_FAILURE,
    BAD_TYPE_MISMATCH,
    GOOD,
    StatusCode,
    Value,
)
from handwheel.connectors.opcua.connector import OpcuaConnector
from handwheel.connectors.session.supervisor import Connection
from handwheel.sim_plant.server.plant_server import PlantServer

from ...plants.devices import opcua_variables
from ...plants.devices.opcua_variables import NOON, URI, Works
from ...plants.served import link_of, served, site_of


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


def _elements(name: str, index: str, kind: Kind = "float", *, is_array: bool = True) -> Tag:
    address = NodeAddress(f"nsu={URI};s={name}", index)
    return Tag(name, "dcs", kind, address, is_array=is_array)


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
    ("tag", "value", "status"),
    [
        (_elements("array", ""), (1.0, 2.0), GOOD),
        (_elements("ints", ""), (3.0, 4.0, 5.0), GOOD),
        (_elements("ints", "", "int"), (3, 4, 5), GOOD),
        (_elements("ints", "1:2", "int"), (4, 5), GOOD),
        (_elements("ints", "1", "int", is_array=False), 4, GOOD),
        (_elements("ints", "0:1", "int", is_array=False), None, BAD_TYPE_MISMATCH),
        (_elements("ints", "7", "int", is_array=False), None, StatusCode(0x80370000)),
        (_elements("matrix", ""), (1.0, 2.0, 3.0, 4.0, 5.0, 6.0), GOOD),
        (_elements("matrix", "1:2,0"), (3.0, 5.0), GOOD),
        (_elements("matrix", "2,1", is_array=False), 6.0, GOOD),
        (_elements("words", "", "string"), ("a", "b"), GOOD),
        (_elements("words", ""), None, BAD_TYPE_MISMATCH),
        (_elements("array", "", "int"), None, BAD_TYPE_MISMATCH),
        (_elements("double", ""), None, BAD_TYPE_MISMATCH),
        (_elements("holes", ""), None, BAD_SENSOR_FAILURE),
        (_elements("holes", "0", is_array=False), 1.0, GOOD),
        (_elements("none", ""), (), GOOD),
        (replace(_elements("ints", ""), scale=0.5, offset=1.0), (2.5, 3.0, 3.5), GOOD),
        (replace(_tag("double"), scale=-2.0, offset=0.5), -700.5, GOOD),
        (replace(_tag("int"), scale=0.1), -0.3, GOOD),
        (replace(_tag("double"), scale=1e308), None, BAD_SENSOR_FAILURE),
        (replace(_tag("shaky"), scale=2.0), 14.0, StatusCode(0x40940000)),
    ],
    ids=lambda each: str(each.address) if isinstance(each, Tag) else None,
)
async def test_elements_and_scaled_values_come_in_the_tags_type_and_unit(
    works: Works, tag: Tag, value: object, status: StatusCode
) -> None:
    session = await _connector(works).open()
    reading = (await session.read([tag, _tag("float")]))[tag.name]
    assert reading.status == status
    assert repr(reading.value) == repr(value) or reading.value == pytest.approx(value)
    await session.close()


@pytest.mark.parametrize("heeds_at_opening", [True, False])
async def test_a_server_that_sends_the_whole_array_for_a_part_gives_no_other_elements(
    works: Works, monkeypatch: pytest.MonkeyPatch, *, heeds_at_opening: bool
) -> None:
    """asyncua's own server does. What comes from element 0 on, and is too much, tells of itself."""

    def unranged(result: ua.DataValue, index: str | None) -> ua.DataValue:
        return result

    if not heeds_at_opening:
        monkeypatch.setattr(opcua_variables, "_ranged", unranged)
    session = await _connector(works).open()
    monkeypatch.setattr(opcua_variables, "_ranged", unranged)
    kinds = {
        "1": _elements("ints", "1", "int", is_array=False),
        "0:1": _elements("ints", "0:1", "int"),
        "1:3": _elements("ints", "1:3", "int"),
        "all": _elements("ints", "", "int"),
    }
    tags = {name: replace(tag, name=f"{name}.pv") for name, tag in kinds.items()}
    readings = await session.read(list(tags.values()))
    statuses = {name: readings[tag.name].status for name, tag in tags.items()}
    refused = BAD_INDEX_INVALID
    assert readings["all.pv"].value == (3, 4, 5)
    if heeds_at_opening:  # a lie that begins later, of three elements for three, is not seen
        assert statuses == {"1": refused, "0:1": refused, "1:3": GOOD, "all": GOOD}
    else:
        assert statuses == {"1": refused, "0:1": refused, "1:3": refused, "all": GOOD}
        assert session.faults == {"3 tags": "BadIndexRangeInvalid"}
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


async def test_a_read_that_is_refused_as_a_whole_ends_the_session(works: Works) -> None:
    session = await _connector(works).open()
    works.reads.limit = 1
    try:
        with pytest.raises(NotConnected, match=r": BadTooManyOperations$"):
            await session.read([_tag("double")])
    finally:
        works.reads.limit = 0
        await session.close()


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
