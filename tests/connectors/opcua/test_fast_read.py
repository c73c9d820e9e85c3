"""The fast way of reading: that it is gone, that it overlaps, and when it is left."""

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from pathlib import Path
from typing import Any

import pytest
from asyncua import ua
from asyncua.client import ua_client
from asyncua.client.ua_client import UaClient
from asyncua.server.server import Server
from asyncua.ua import ua_binary

from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.site import OpcuaConnection
from handwheel.connectors.model.tags import Kind, NodeAddress, Tag
from handwheel.connectors.opcua import tag_reader
from handwheel.connectors.opcua.connector import OpcuaConnector, OpcuaSession
from handwheel.connectors.opcua.wire import fast_read
from handwheel.connectors.opcua.wire.read_chunk import Chunk
from handwheel.sim_plant.link.framing import opcua_messages
from handwheel.sim_plant.link.proxy import LinkProxy

URI = "urn:works"
COUNT = 1_100  # tags: three chunks


@pytest.fixture(scope="module")
async def works() -> AsyncGenerator[int]:
    server = Server()
    server.disable_clock()
    await server.init()
    server.set_endpoint("opc.tcp://127.0.0.1:0/")
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    index = await server.register_namespace(URI)
    objects = server.get_objects_node()
    for name, value in {"level": 350.5, "mode": 2, "name": "°C", "profile": [[1.0, 2.0]]}.items():
        await objects.add_variable(ua.NodeId(ua.String(name), ua.Int16(index)), name, value)
    await server.start()
    assert server.bserver is not None
    yield server.bserver.port
    await server.stop()


@pytest.fixture
def forgotten() -> Generator[None]:
    """Finds out anew whether this asyncua is known, before and after."""
    fast_read.is_supported.cache_clear()
    yield
    fast_read.is_supported.cache_clear()


async def _open(port: int, limit: str = "3 s") -> OpcuaSession:
    endpoint = f"opc.tcp://127.0.0.1:{port}"
    config = OpcuaConnection.model_validate(
        {"kind": "opcua", "endpoint": endpoint, "timeout": limit}
    )
    return await OpcuaConnector("dcs", config, Path()).open()


def _tag(name: str, kind: Kind, *, is_array: bool = False) -> Tag:
    return Tag(name, "dcs", kind, NodeAddress(f"nsu={URI};s={name}"), is_array=is_array)


TAGS = [_tag("level", "float"), _tag("mode", "int"), _tag("name", "string")]
VALUES = {"level": 350.5, "mode": 2, "name": "°C"}


async def _values(session: OpcuaSession, tags: Sequence[Tag] = TAGS) -> dict[str, object]:
    return {name: each.value for name, each in (await session.read(tags)).items()}


async def test_what_is_known_of_asyncua_is_enough_to_read_without_its_decoding(
    works: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await _open(works)
    assert fast_read.is_supported()
    monkeypatch.delattr(UaClient, "read")
    monkeypatch.delattr(tag_reader, "_decoded_by_asyncua")
    for _ in range(2):
        assert await _values(session) == VALUES
    await session.close()


async def test_a_matrix_among_others_is_left_to_asyncua(works: int) -> None:
    session = await _open(works)
    tags = [*TAGS, _tag("profile", "float", is_array=True)]
    for _ in range(2):
        assert await _values(session, tags) == VALUES | {"profile": (1.0, 2.0)}
    await session.close()


def _another_header(monkeypatch: pytest.MonkeyPatch) -> None:
    serialised = ua_binary.struct_to_binary

    def with_more(request: Any) -> bytes:
        if isinstance(request, ua.ReadRequest):
            request.RequestHeader.ReturnDiagnostics = ua.UInt32(1)
        return serialised(request)

    monkeypatch.setattr(ua_client, "struct_to_binary", with_more)


def _another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def send(*_: Any) -> None:
        raise AttributeError("_callbackmap")

    monkeypatch.setattr(fast_read, "_send_encoded", send)


@pytest.mark.parametrize("change", [_another_header, _another_name])
@pytest.mark.usefixtures("forgotten")
async def test_another_asyncua_is_used_as_it_wants_to_be(
    works: int,
    change: Callable[[pytest.MonkeyPatch], None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    change(monkeypatch)
    with caplog.at_level(logging.WARNING, "handwheel"):
        for _ in range(2):
            session = await _open(works)
            assert await _values(session) == VALUES
            await session.close()
    told = [each.message for each in caplog.records if each.name.startswith("handwheel")]
    assert told == ["this version of asyncua is unknown: reads are slower"]


async def test_a_request_is_at_the_server_while_an_answer_is_decoded(
    works: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await _open(works)
    steps: list[str] = []
    send, columns = fast_read.send, Chunk.columns

    def sent(*arguments: Any) -> fast_read.PendingRead:
        steps.append("send")
        return send(*arguments)

    def decoded(self: Chunk, body: bytes, handle: int) -> object:
        steps.append("decode")
        return columns(self, body, handle)

    monkeypatch.setattr(tag_reader, "send", sent)
    monkeypatch.setattr(Chunk, "columns", decoded)
    address = NodeAddress(f"nsu={URI};s=level")
    tags = [Tag(f"a{n}", "dcs", "float", address) for n in range(COUNT)]
    assert set((await _values(session, tags)).values()) == {350.5}
    assert steps == ["send", "send", "decode", "send", "decode", "decode"]
    await session.close()


async def test_tags_without_a_node_keep_none_behind_them_from_being_read(works: int) -> None:
    session = await _open(works)
    nowhere = NodeAddress("nsu=urn:far;s=x")
    tags = [*(Tag(f"a{n}", "dcs", "float", nowhere) for n in range(COUNT)), *TAGS]
    values = await _values(session, tags)
    assert values == dict.fromkeys((tag.name for tag in tags), None) | VALUES
    assert session.faults == {f"{COUNT} tags": "BadNodeIdUnknown"}
    await session.close()


async def test_a_reading_that_is_given_up_harms_no_other(works: int) -> None:
    session = await _open(works)
    address = NodeAddress(f"nsu={URI};s=level")
    tags = [Tag(f"a{n}", "dcs", "float", address) for n in range(COUNT)]
    for moment in range(6):
        given_up = asyncio.create_task(session.read(tags))
        for _ in range(moment):
            await asyncio.sleep(0)
        given_up.cancel()
        several = await asyncio.gather(*(_values(session) for _ in range(3)))
        assert several == [VALUES] * 3
        assert given_up.cancelled()
    await session.close()


@pytest.mark.parametrize(
    ("is_cut", "why"), [(True, "connection .+"), (False, "no answer within 1 s")]
)
async def test_a_loss_with_two_requests_under_way_is_told_once(
    works: int, is_cut: bool, why: str
) -> None:
    address = NodeAddress(f"nsu={URI};s=level")
    tags = [Tag(f"a{n}", "dcs", "float", address) for n in range(COUNT)]
    async with LinkProxy(works) as link:
        session = await _open(link.port, limit="1 s")
        link.half_open("down")
        reading_all = asyncio.create_task(session.read(tags))
        await asyncio.sleep(0.05)
        if is_cut:
            link.cut()
        with pytest.raises(NotConnected, match=f": {why}$"):
            await reading_all
        await session.close()


async def test_an_answer_to_another_request_ends_the_session(works: int) -> None:
    of_another = re.compile(rb"(\x01\x00\x7a\x02.{8}).{4}", re.DOTALL)
    async with LinkProxy(works, opcua_messages) as link:
        session = await _open(link.port)
        link.alter(lambda message: of_another.sub(lambda found: found[1] + bytes(4), message))
        with pytest.raises(NotConnected, match="the answer is to another request"):
            await session.read(TAGS)
        await session.close()
