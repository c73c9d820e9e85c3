"""What a server has and says of it, and what becomes of tags when that changes."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import cast

import pytest
from asyncua import ua
from asyncua.client.ua_client import UaClient
from asyncua.common.node import Node
from asyncua.server.server import Server
from asyncua.ua.object_ids import ObjectIds

from handwheel.connectors.model.tags import NodeAddress, Tag
from handwheel.connectors.opcua import connector
from handwheel.connectors.opcua.connector import OpcuaSession
from handwheel.connectors.session.protocols import BrowseEntry, Browses, Describes, Description
from handwheel.connectors.session.supervisor import Connection
from handwheel.sim_plant.link.proxy import LinkProxy

from ...plants.devices.opcua_server import URI, LoopbackServer, connector_to, session_with

OTHER, LATE = "urn:works:other", "urn:works:late"
MANY = 250  # more than one Browse brings
MODES = {"local": 0, "remote": 1, "local_2": 2}
RECIPES = {"rinse": 10, "cook": 20}
PHASES = {"idle": 0, "fill": 1}


class Works(LoopbackServer):
    """A server with two namespaces, and variables that say what they are."""

    async def fill(self) -> None:
        index, other = self.index, await self.server.register_namespace(OTHER)
        await self._add_line(index)
        await self.add("s=x", index, 1.0)
        await self.add("s=x", other, 2.0)
        folder = await self.server.get_objects_node().add_folder(_id("s=many", index), "many")
        for n in range(MANY):
            await folder.add_variable(_id(f"i={5000 + n}", other), f"n{n}", float(n))

    async def _add_discrete(self, line: Node, index: int) -> None:
        """Adds a MultiStateDiscrete and a TwoStateDiscrete whose data types are abstract."""
        state = ua.Variant(1, ua.VariantType.UInt32)
        number = ua.NodeId(ua.Int32(ObjectIds.Number))
        phase = await line.add_variable(_id("s=Phäse", index), "Phäse", state, datatype=number)
        await phase.add_property(0, "EnumStrings", [ua.LocalizedText(each) for each in PHASES])
        await phase.set_writable()
        anything = ua.NodeId(ua.Int32(ObjectIds.BaseDataType))
        valve = await line.add_variable(_id("s=valve", index), "valve", True, datatype=anything)
        for name in ("TrueState", "FalseState"):
            await valve.add_property(0, name, ua.LocalizedText(name))

    async def add(self, identifier: str, index: int, value: float) -> None:
        """Adds a variable below Objects."""
        objects = self.server.get_objects_node()
        await objects.add_variable(_id(identifier, index), f"{index}:x", value)

    async def _add_line(self, index: int) -> None:
        line = await self.server.get_objects_node().add_object(_id("s=line", index), "line")
        level = await line.add_variable(_id("s=level", index), "level", 1.5)
        await level.add_property(index, "EURange", ua.Range(0.0, 60.0))
        unit = ua.EUInformation(DisplayName=ua.LocalizedText("kPa"))
        await level.add_property(index, "EngineeringUnits", unit)
        words = await self.server.nodes.enum_data_type.add_data_type(index, "Mode")
        await words.add_property(
            0, "EnumStrings", [ua.LocalizedText(each.partition("_")[0]) for each in MODES]
        )
        mode = ua.Variant(1, ua.VariantType.Int32)
        await line.add_variable(_id("s=mode", index), "mode", mode, datatype=words.nodeid)
        step = await line.add_variable(_id("s=step", index), "step", mode)
        values = [ua.EnumValueType(n, ua.LocalizedText(each)) for each, n in RECIPES.items()]
        await step.add_property(index, "EnumValues", values)
        await line.add_variable(_id("s=profile", index), "profile", [1.0, 2.0])
        await self._add_discrete(line, index)
        odd = await line.add_variable(
            _id("g=00000000-0000-0000-0000-000000000001", index), "odd", 1.0
        )
        await odd.add_property(index, "EURange", "from here to there")
        await line.add_method(_id("s=reset", index), "reset", _reset)
        odd_uri = await self.server.register_namespace("urn:works;odd")
        await line.add_object(_id("s=nameless", odd_uri), "nameless")


def _reset(_: ua.NodeId) -> None:
    """Does nothing."""


def _id(identifier: str, index: int) -> ua.NodeId:
    return ua.NodeId.from_string(f"ns={index};{identifier}")


@pytest.fixture(scope="module")
async def works() -> AsyncGenerator[Works]:
    async with Works().running() as works:
        yield works


@pytest.fixture
async def session(works: Works) -> AsyncGenerator[OpcuaSession]:
    async with session_with(works.port) as session:
        yield session


def _tag(name: str, node: str) -> Tag:
    return Tag(name, "dcs", "float", NodeAddress(node))


LINE: Sequence[tuple[str, str, Description | None]] = [
    ("s=level", "variable", Description("Double", "kPa", (0.0, 60.0))),
    ("s=mode", "variable", Description("Mode", members=MODES)),
    ("s=step", "variable", Description("Int32", members=RECIPES)),
    ("s=profile", "variable", Description("Double", is_array=True)),
    ("s=Phäse", "variable", Description("Number", members=PHASES, is_writable=True)),
    ("s=valve", "variable", Description("Boolean")),
    ("g=00000000-0000-0000-0000-000000000001", "variable", Description("Double")),
    ("s=reset", "method", None),
]


async def test_what_stands_below_a_node_is_found_and_described(session: OpcuaSession) -> None:
    assert isinstance(session, Browses)
    top = await session.browse()
    assert BrowseEntry(f"nsu={URI};s=line", "line", "object") in top
    assert BrowseEntry("i=2253", "Server", "object") in top
    found = await session.browse(f"nsu={URI};s=line")
    names = {"g=00000000-0000-0000-0000-000000000001": "odd"}
    assert found == [
        BrowseEntry(f"nsu={URI};{node}", names.get(node, node.partition("=")[2]), kind, said)
        for node, kind, said in LINE
    ] + [BrowseEntry("", "nameless", "object")]
    tags = [_tag(each.name, each.node) for each in found if each.node]
    readings = await session.read(tags)
    assert readings["level"].value == 1.5
    with pytest.raises(ValueError, match="'s=Tür': BadNodeIdInvalid"):
        await session.browse("s=Tür")


async def test_a_tag_is_described_by_its_node(session: OpcuaSession) -> None:
    assert isinstance(session, Describes)
    nodes = {node: f"nsu={URI};{node}" for node, _, _ in LINE}
    nodes |= {"gone": f"nsu={URI};s=gone", "far": "nsu=urn:far;s=x"}
    tags = [_tag(name, node) for name, node in nodes.items()]
    # A method is no variable, and what the server does not have it cannot describe.
    assert await session.describe(tags) == {
        node: said for node, _, said in LINE if said is not None
    }


def _in_parts(monkeypatch: pytest.MonkeyPatch, places: int) -> None:
    """Answers in parts, as asyncua's server never does; so many may be unfinished at a time."""
    rest: dict[bytes, list[ua.ReferenceDescription]] = {}
    browse = UaClient.browse

    def part(references: list[ua.ReferenceDescription]) -> ua.BrowseResult:
        result = ua.BrowseResult(References=references[:2])
        if len(references) > 2 and len(rest) >= places:
            return ua.BrowseResult(ua.StatusCode(ua.UInt32(0x804B0000)))
        if len(references) > 2:
            point = b"%d" % len(references)
            rest[point] = references[2:]
            result.ContinuationPoint = ua.ByteString(point)
        return result

    async def first(self: UaClient, request: ua.BrowseParameters) -> list[ua.BrowseResult]:
        results = await browse(self, request)
        return [part(cast(list[ua.ReferenceDescription], each.References)) for each in results]

    async def following(self: UaClient, request: ua.BrowseNextParameters) -> list[ua.BrowseResult]:
        (point,) = cast(list[bytes], request.ContinuationPoints)
        return [part(rest.pop(point))]

    monkeypatch.setattr(UaClient, "browse", first)
    monkeypatch.setattr(UaClient, "browse_next", following)


async def test_a_long_list_is_whole_though_it_comes_in_parts(
    session: OpcuaSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = await session.browse(f"nsu={URI};s=many")
    assert [each.name for each in whole] == [f"n{n}" for n in range(MANY)]
    assert whole[7] == BrowseEntry(f"nsu={OTHER};i=5007", "n7", "variable", Description("Double"))
    line = await session.browse("i=2253")
    _in_parts(monkeypatch, places=1)
    assert await session.browse(f"nsu={URI};s=many") == whole
    assert await session.browse("i=2253") == line


async def test_what_the_server_refuses_is_told_until_it_does_not(
    works: Works, session: OpcuaSession
) -> None:
    index = await works.server.get_namespace_index(URI)
    tags = [_tag("x", f"nsu={URI};s=x"), *(_tag(f"t{n}", f"nsu={URI};s=t{n}") for n in range(2))]
    for n in range(2):
        await works.add(f"s=t{n}", index, float(n))
    others = [_tag("far", "nsu=urn:far;s=x"), _tag("wrong", "i=nothing")]
    assert await _values(session, tags) == {"x": 1.0, "t0": 0.0, "t1": 1.0}
    assert session.faults == {}
    nodes = [works.server.get_node(_id(f"s=t{n}", index)) for n in range(2)]
    await works.server.delete_nodes(nodes)
    assert await _values(session, tags) == {"x": 1.0, "t0": None, "t1": None}
    assert session.faults == {"2 tags": "BadNodeIdUnknown"}
    await session.read(others)  # another interval: the first one's are refused all the same
    assert session.faults == {"4 tags": "BadNodeIdUnknown"}
    await works.add("s=t1", index, 5.0)
    assert await _values(session, tags) == {"x": 1.0, "t0": None, "t1": 5.0}
    assert session.faults == {"3 tags": "BadNodeIdUnknown"}


async def _values(session: OpcuaSession, tags: Sequence[Tag]) -> dict[str, object]:
    return {name: each.value for name, each in (await session.read(tags)).items()}


async def test_a_namespace_that_comes_later_is_found(
    works: Works, session: OpcuaSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    tags = [_tag("x", f"nsu={URI};s=x"), _tag("late", f"nsu={LATE};s=x")]
    for _ in range(2):
        assert await _values(session, tags) == {"x": 1.0, "late": None}
    await works.add("s=x", await works.server.register_namespace(LATE), 3.0)
    # It is asked for now and then only, and never while all is well.
    assert await _values(session, tags) == {"x": 1.0, "late": None}
    monkeypatch.setattr(connector, "RELEARN_S", 0.0)
    assert await _values(session, tags) == {"x": 1.0, "late": 3.0}
    monkeypatch.delattr(UaClient, "read")
    assert await _values(session, tags) == {"x": 1.0, "late": 3.0}
    assert session.faults == {}


async def _swap(server: Server) -> None:
    """Gives the two namespaces each other's index."""
    array = server.get_node(ua.NodeId(ua.Int32(ObjectIds.Server_NamespaceArray)))
    names: Mapping[object, str] = {URI: OTHER, OTHER: URI}
    uris = [names.get(each, each) for each in cast(list[str], await array.read_value())]
    await array.write_value(uris)


async def test_namespaces_may_stand_in_another_order_after_a_loss(works: Works) -> None:
    tags = [_tag("x", f"nsu={URI};s=x"), _tag("other", f"nsu={OTHER};s=x")]
    async with (
        LinkProxy(works.port) as link,
        Connection(connector_to(link.port, scan="20 ms"), tags) as connection,
        asyncio.timeout(30),
    ):
        await connection.ready(10.0)
        assert _latest(connection) == {"x": 1.0, "other": 2.0}
        link.cut()
        while connection.is_connected:
            await connection.next_scan()
        await _swap(works.server)
        link.mend()
        await connection.ready(20.0)
        assert _latest(connection) == {"x": 2.0, "other": 1.0}
    await _swap(works.server)


def _latest(connection: Connection) -> dict[str, object]:
    return {name: each.value for name, each in connection.latest().items()}
