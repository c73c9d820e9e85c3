"""Reads over OPC UA, from the plant and from a server with variables of every sort."""

import asyncio
import re
from collections.abc import AsyncGenerator
from dataclasses import replace
from time import monotonic

import pytest
from asyncua import ua
from asyncua.ua.object_ids import ObjectIds

from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.tags import Kind, NodeAddress, Tag
from handwheel.connectors.model.values import (
    BAD_INDEX_INVALID,
    BAD_SENSOR_FAILURE,
    BAD_TYPE_MISMATCH,
    GOOD,
    StatusCode,
    Value,
)
from handwheel.connectors.opcua import tag_reader
from handwheel.connectors.opcua.connector import OpcuaSession
from handwheel.connectors.session.supervisor import Connection
from handwheel.sim_plant.link.framing import opcua_messages
from handwheel.sim_plant.link.proxy import LinkProxy

from ...plants.devices import opcua_variables
from ...plants.devices.opcua_server import URI, connector_to, session_with, tag_of
from ...plants.devices.opcua_variables import NOON, Works


@pytest.fixture(scope="module")
async def works() -> AsyncGenerator[Works]:
    async with Works().running() as works:
        yield works


@pytest.fixture
async def session(works: Works) -> AsyncGenerator[OpcuaSession]:
    async with session_with(works.port) as session:
        yield session


def _elements(name: str, index: str, kind: Kind = "float", *, is_array: bool = True) -> Tag:
    address = NodeAddress(f"nsu={URI};s={name}", index)
    return Tag(name, "dcs", kind, address, is_array=is_array)


@pytest.mark.parametrize(
    ("stamps", "status"), [("on-change", "Good"), ("cyclic", "UncertainLastUsableValue")]
)
async def test_an_old_source_time_tells_of_a_standstill_only_where_stamps_are_cyclic(
    works: Works, stamps: str, status: str
) -> None:
    tags = [tag_of("double"), tag_of("float")]  # only the first has a source time, long ago
    async with (
        Connection(connector_to(works.port, stamps=stamps), tags) as connection,
        asyncio.timeout(50),
    ):
        await connection.next_scan()
        readings = connection.latest()
    is_an_hour_old = readings["double"].age_s(monotonic()) > 3600.0  # for cards and conditions
    assert is_an_hour_old == (stamps == "cyclic")
    assert {name: (each.value, each.status.name) for name, each in readings.items()} == {
        "double": (350.5, status),
        "float": (1.5, "Good"),
    }


SHAKY = StatusCode(0x40940000)


async def test_a_value_comes_in_the_tags_type_or_not_at_all(session: OpcuaSession) -> None:
    cases: list[tuple[str, Kind, Value | None, StatusCode]] = [
        ("double", "float", 350.5, GOOD),
        ("float", "float", 1.5, GOOD),
        ("int", "float", -3.0, GOOD),
        ("int", "int", -3, GOOD),
        ("huge", "int", 2**64 - 1, GOOD),
        ("bool", "bool", True, GOOD),
        ("text", "string", "°C", GOOD),
        ("a;b=c", "float", 1.0, GOOD),
        ("shaky", "float", 7.0, SHAKY),
        ("dead", "float", None, BAD_SENSOR_FAILURE),
        ("double", "int", None, BAD_TYPE_MISMATCH),
        ("bool", "float", None, BAD_TYPE_MISMATCH),
        ("text", "float", None, BAD_TYPE_MISMATCH),
        ("array", "float", None, BAD_TYPE_MISMATCH),
        ("null", "float", None, BAD_TYPE_MISMATCH),
    ]
    for name, kind, value, status in cases:
        reading = (await session.read([tag_of(name, kind)]))[name]
        assert (reading.value, reading.status) == (value, status), (name, kind)
        assert type(reading.value) is type(value), (name, kind)
        assert reading.source_time == (NOON if name == "double" else None), (name, kind)


async def test_elements_and_scaled_values_come_in_the_tags_type_and_unit(
    session: OpcuaSession,
) -> None:
    cases: list[tuple[Tag, object, StatusCode]] = [
        (_elements("array", ""), (1.0, 2.0), GOOD),
        (_elements("ints", ""), (3.0, 4.0, 5.0), GOOD),
        (_elements("ints", "1:2", "int"), (4, 5), GOOD),
        (_elements("ints", "1", "int", is_array=False), 4, GOOD),
        (_elements("ints", "0:1", "int", is_array=False), None, BAD_TYPE_MISMATCH),
        (_elements("ints", "7", "int", is_array=False), None, StatusCode(0x80370000)),
        (_elements("matrix", ""), (1.0, 2.0, 3.0, 4.0, 5.0, 6.0), GOOD),
        (_elements("matrix", "1:2,0"), (3.0, 5.0), GOOD),
        (_elements("matrix", "2,1", is_array=False), 6.0, GOOD),
        (_elements("words", "", "string"), ("a", "b"), GOOD),
        (_elements("words", ""), None, BAD_TYPE_MISMATCH),
        (_elements("double", ""), None, BAD_TYPE_MISMATCH),
        (_elements("holes", ""), None, BAD_SENSOR_FAILURE),
        (_elements("holes", "0", is_array=False), 1.0, GOOD),
        (_elements("none", ""), (), GOOD),
        (replace(_elements("ints", ""), scale=0.5, offset=1.0), (2.5, 3.0, 3.5), GOOD),
        (replace(tag_of("double"), scale=-2.0, offset=0.5), -700.5, GOOD),
        (replace(tag_of("double"), scale=1e308), None, BAD_SENSOR_FAILURE),
        (replace(tag_of("shaky"), scale=2.0), 14.0, SHAKY),
    ]
    for tag, value, status in cases:
        reading = (await session.read([tag, tag_of("float")]))[tag.name]
        assert reading.status == status, tag
        assert repr(reading.value) == repr(value) or reading.value == pytest.approx(value), tag


@pytest.mark.parametrize("heeds_at_opening", [True, False])
async def test_a_server_that_sends_the_whole_array_for_a_part_gives_no_other_elements(
    works: Works, monkeypatch: pytest.MonkeyPatch, *, heeds_at_opening: bool
) -> None:
    """asyncua's own server does. What comes from element 0 on, and is too much, tells of itself."""

    def unranged(result: ua.DataValue, index: str | None) -> ua.DataValue:
        return result

    if not heeds_at_opening:
        monkeypatch.setattr(opcua_variables, "_ranged", unranged)
    indexes = {"one": "1", "two": "0:1", "three": "1:3", "all": ""}
    tags = [
        replace(_elements("ints", index, "int", is_array=name != "one"), name=name)
        for name, index in indexes.items()
    ]
    async with session_with(works.port) as session:
        monkeypatch.setattr(opcua_variables, "_ranged", unranged)
        readings = await session.read(tags)
        assert readings["all"].value == (3, 4, 5)
        # A lie that begins later, of three elements for three, is not seen.
        third = GOOD if heeds_at_opening else BAD_INDEX_INVALID
        statuses = [readings[name].status for name in indexes]
        assert statuses == [BAD_INDEX_INVALID, BAD_INDEX_INVALID, third, GOOD]
        if not heeds_at_opening:
            assert session.faults == {"3 tags": "BadIndexRangeInvalid"}


async def test_no_read_has_more_nodes_than_the_server_takes(works: Works) -> None:
    few, many = 12, 600
    for limit, count, sizes in [
        (0, many, [500, 102]),
        (1000, many, [500, 102]),
        (400, many, [400, 202]),
        (2, few, [2] * few),
        (1, few, [1] * few),
    ]:
        await works.limit(limit)
        async with session_with(works.port, stamps="cyclic") as session:  # which reads the clock
            works.reads.sizes.clear()
            tags = [replace(tag_of("double"), name=f"a{n}.pv") for n in range(count)]
            readings = await session.read(tags)
        assert [reading.value for reading in readings.values()] == [350.5] * count
        assert works.reads.sizes == sizes, limit
    await works.limit(0)


async def test_large_arrays_are_read_a_few_at_a_time_once_they_are_known(
    works: Works, session: OpcuaSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tag_reader, "_MOST_ELEMENTS", 7)
    tags = [replace(_elements("ints", ""), name=f"a{n}") for n in range(10)]  # of 3 elements
    works.reads.sizes.clear()
    for _ in range(2):
        await session.read(tags)
    assert works.reads.sizes == [10, *[2] * 5]


async def test_a_read_that_is_refused_as_a_whole_ends_the_session(
    works: Works, session: OpcuaSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(works.reads, "limit", 1)
    with pytest.raises(NotConnected, match=r": BadTooManyOperations$"):
        await session.read([tag_of("double"), tag_of("float")])


NAMESPACES = ObjectIds.Server_NamespaceArray
LIMIT = ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerRead
UNREADABLE = ua.StatusCode(ua.UInt32(0x803A0000))


async def test_what_a_server_tells_of_itself_is_checked(works: Works) -> None:
    cases = [
        (NAMESPACES, ua.DataValue(ua.Variant([URI]), UNREADABLE), "NamespaceArray: BadNotReadable"),
        (NAMESPACES, ua.DataValue(ua.Variant(URI)), "NamespaceArray: BadTypeMismatch"),
        (LIMIT, ua.DataValue(ua.Variant(True)), "MaxNodesPerRead: BadTypeMismatch"),
        (LIMIT, ua.DataValue(ua.Variant("many"), UNREADABLE), None),
        (LIMIT, ua.DataValue(ua.Variant()), None),
    ]
    for node, answer, reason in cases:
        works.reads.spoiled = {ua.NodeId(ua.Int32(node)): answer}
        if reason is not None:
            with pytest.raises(NotConnected, match=f": {reason}$"):
                await connector_to(works.port).open()
        else:
            async with session_with(works.port) as session:
                assert (await session.read([tag_of("double")]))["double"].value == 350.5
    works.reads.spoiled.clear()


MANY = 1_100  # tags: three chunks


async def test_tags_without_a_node_keep_none_behind_them_from_being_read(
    session: OpcuaSession,
) -> None:
    nowhere = NodeAddress("nsu=urn:far;s=x")
    tags = [*(Tag(f"a{n}", "dcs", "float", nowhere) for n in range(MANY)), tag_of("double")]
    values = {name: each.value for name, each in (await session.read(tags)).items()}
    assert values == dict.fromkeys((tag.name for tag in tags), None) | {"double": 350.5}
    assert session.faults == {f"{MANY} tags": "BadNodeIdUnknown"}


@pytest.mark.parametrize(
    ("is_cut", "why"), [(True, "connection .+"), (False, "no answer within 1 s")]
)
async def test_a_loss_while_reading_is_told_once(works: Works, is_cut: bool, why: str) -> None:
    async with LinkProxy(works.port) as link, session_with(link.port, timeout="1 s") as session:
        link.half_open("down")
        tags = [replace(tag_of("double"), name=f"a{n}") for n in range(MANY)]
        reading_all = asyncio.create_task(session.read(tags))
        await asyncio.sleep(0.05)
        if is_cut:
            link.cut()
        with pytest.raises(NotConnected, match=f": {why}$"):
            await reading_all


async def test_an_answer_to_another_request_ends_the_session(works: Works) -> None:
    of_another = re.compile(rb"(\x01\x00\x7a\x02.{8}).{4}", re.DOTALL)
    async with LinkProxy(works.port, opcua_messages) as link, session_with(link.port) as session:
        link.alter(lambda message: of_another.sub(lambda found: found[1] + bytes(4), message))
        with pytest.raises(NotConnected, match="the answer is to another request"):
            await session.read([tag_of("double")])
