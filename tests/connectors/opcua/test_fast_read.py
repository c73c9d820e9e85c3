"""The fast way of reading: that it is gone, that it overlaps, and when it is left."""

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from asyncua import ua
from asyncua.client import ua_client
from asyncua.client.ua_client import UaClient
from asyncua.ua import ua_binary

from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.tags import NodeAddress, Tag
from handwheel.connectors.opcua import tag_reader
from handwheel.connectors.opcua.connector import OpcuaSession
from handwheel.connectors.opcua.wire import fast_read
from handwheel.connectors.opcua.wire.read_chunk import Chunk
from handwheel.sim_plant.link.framing import opcua_messages
from handwheel.sim_plant.link.proxy import LinkProxy

from ...plants.devices.opcua_server import LoopbackServer, session_with, tag_of

COUNT = 1_100  # tags: three chunks


class Works(LoopbackServer):
    async def fill(self) -> None:
        values = {"level": 350.5, "mode": 2, "name": "°C", "profile": [[1.0, 2.0]]}
        for name, value in values.items():
            await self.server.get_objects_node().add_variable(self.node(name), name, value)


@pytest.fixture(scope="module")
async def works() -> AsyncGenerator[int]:
    async with Works().running() as works:
        yield works.port


@pytest.fixture
async def session(works: int) -> AsyncGenerator[OpcuaSession]:
    async with session_with(works) as session:
        yield session


@pytest.fixture
def forgotten() -> Generator[None]:
    """Finds out anew whether this asyncua is known, before and after."""
    fast_read.is_supported.cache_clear()
    yield
    fast_read.is_supported.cache_clear()


TAGS = [tag_of("level", "float"), tag_of("mode", "int"), tag_of("name", "string")]
MANY = [replace(TAGS[0], name=f"a{n}") for n in range(COUNT)]
VALUES = {"level": 350.5, "mode": 2, "name": "°C"}


async def _values(session: OpcuaSession, tags: Sequence[Tag] = TAGS) -> dict[str, object]:
    return {name: each.value for name, each in (await session.read(tags)).items()}


async def test_what_is_known_of_asyncua_is_enough_to_read_without_its_decoding(
    session: OpcuaSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fast_read.is_supported()
    monkeypatch.delattr(UaClient, "read")
    monkeypatch.delattr(tag_reader, "_decoded_by_asyncua")
    for _ in range(2):
        assert await _values(session) == VALUES


async def test_a_matrix_among_others_is_left_to_asyncua(session: OpcuaSession) -> None:
    tags = [*TAGS, replace(tag_of("profile"), is_array=True)]
    for _ in range(2):
        assert await _values(session, tags) == VALUES | {"profile": (1.0, 2.0)}


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
            async with session_with(works) as session:
                assert await _values(session) == VALUES
    told = [each.message for each in caplog.records if each.name.startswith("handwheel")]
    assert told == ["this version of asyncua is unknown: reads are slower"]


async def test_a_request_is_at_the_server_while_an_answer_is_decoded(
    session: OpcuaSession, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    assert set((await _values(session, MANY)).values()) == {350.5}
    assert steps == ["send", "send", "decode", "send", "decode", "decode"]


async def test_tags_without_a_node_keep_none_behind_them_from_being_read(
    session: OpcuaSession,
) -> None:
    nowhere = NodeAddress("nsu=urn:far;s=x")
    tags = [*(Tag(f"a{n}", "dcs", "float", nowhere) for n in range(COUNT)), *TAGS]
    values = await _values(session, tags)
    assert values == dict.fromkeys((tag.name for tag in tags), None) | VALUES
    assert session.faults == {f"{COUNT} tags": "BadNodeIdUnknown"}


@pytest.mark.parametrize(
    ("is_cut", "why"), [(True, "connection .+"), (False, "no answer within 1 s")]
)
async def test_a_loss_with_two_requests_under_way_is_told_once(
    works: int, is_cut: bool, why: str
) -> None:
    async with LinkProxy(works) as link, session_with(link.port, timeout="1 s") as session:
        link.half_open("down")
        reading_all = asyncio.create_task(session.read(MANY))
        await asyncio.sleep(0.05)
        if is_cut:
            link.cut()
        with pytest.raises(NotConnected, match=f": {why}$"):
            await reading_all


async def test_an_answer_to_another_request_ends_the_session(works: int) -> None:
    of_another = re.compile(rb"(\x01\x00\x7a\x02.{8}).{4}", re.DOTALL)
    async with LinkProxy(works, opcua_messages) as link, session_with(link.port) as session:
        link.alter(lambda message: of_another.sub(lambda found: found[1] + bytes(4), message))
        with pytest.raises(NotConnected, match="the answer is to another request"):
            await session.read(TAGS)
