"""Sessions that cannot be opened or are lost: a plain reason, and nothing left behind."""

import asyncio
import struct
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from asyncua import ua
from asyncua.client.ua_client import UASocketProtocol

from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.values import GOOD
from handwheel.connectors.opcua.connector import OpcuaConnector
from handwheel.sim_plant.link.framing import opcua_messages
from handwheel.sim_plant.link.proxy import LinkProxy
from handwheel.sim_plant.server.plant_server import PlantServer

from ...plants.devices.misbehaving import eventually, free_port, hang_up, listening, say_nothing
from ...plants.devices.opcua_server import connector_to, session_with, tag_of
from ...plants.served import GATE_SECRET

TAG = tag_of("PT-102.pv", uri="urn:handwheel:sim:cw-100")


def _connector(port: int, timeout: str = "5 s", user: str = "") -> OpcuaConnector:
    login = {"read": {"user": user, "secret": "env:READER_PASSWORD"}} if user else {}
    return connector_to(port, timeout=timeout, **login)


def test_a_session_is_asked_for_20_to_60_s() -> None:
    for timeout, asked_ms in {"10 ms": 20_000, "3 s": 30_000, "1 h": 60_000}.items():
        assert connector_to(4840, timeout=timeout).client(None).session_timeout == asked_ms


def _open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@asynccontextmanager
async def nothing_left() -> AsyncGenerator[None]:
    """Nothing may be open after this that was not open before it."""
    before = _open_files()
    tasks = asyncio.all_tasks()
    yield
    await eventually(lambda: _open_files() <= before and not asyncio.all_tasks() - tasks)


async def test_a_password_is_accepted_or_refused_in_the_servers_words(
    plant: PlantServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    connector = _connector(plant.opcua.port, user="gate")
    refused = "opc.tcp://127.0.0.1:[0-9]+: BadUserAccessDenied: wrong user or password, .*"
    for password, reason in (
        ("wrong", refused),
        (f"{GATE_SECRET} ", refused),
        ("", "the environment variable READER_PASSWORD is not set"),
    ):
        monkeypatch.setenv("READER_PASSWORD", password)
        async with nothing_left():
            for _ in range(3):
                with pytest.raises(NotConnected, match=f"^dcs: {reason}$"):
                    await connector.open()
    monkeypatch.setenv("READER_PASSWORD", GATE_SECRET)
    async with nothing_left():
        session = await connector.open()
        assert (await session.read([TAG]))["PT-102.pv"].status == GOOD
        await session.close()


async def _write_nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    await reader.read()


async def test_a_device_that_speaks_no_opcua_leaves_nothing_behind() -> None:
    silent = "no answer within 0.2 s"
    for handle, reason in ((say_nothing, silent), (hang_up, ".+"), (_write_nonsense, ".+")):
        async with listening(handle) as device, nothing_left():
            connector = _connector(device.port, timeout="200 ms")
            for _ in range(3):
                with pytest.raises(NotConnected, match=f"^dcs: {connector.where}: {reason}$"):
                    await connector.open()
            await device.until_left()
            assert len(device.accepted_at) == 3, handle


async def test_a_server_that_is_not_there_leaves_nothing_behind() -> None:
    for host, reason in {"127.0.0.1": "connection refused", "a..b": "no valid host name"}.items():
        connector = connector_to(0, endpoint=f"opc.tcp://{host}:{free_port()}")
        async with nothing_left():
            with pytest.raises(NotConnected, match=f": {reason}$"):
                await connector.open()


async def test_closing_that_is_cancelled_leaves_nothing_behind(plant: PlantServer) -> None:
    async with nothing_left(), LinkProxy(plant.opcua.port) as link:
        connector = _connector(link.port)
        sessions = [await connector.open() for _ in range(2)]
        link.half_open("down")
        for moment, session in zip([1, 20], sessions, strict=True):
            closing = asyncio.create_task(session.close())
            for _ in range(moment):
                await asyncio.sleep(0)
            closing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await closing


def _slow_reads(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    send = UASocketProtocol.send_request

    async def send_slowly(self: UASocketProtocol, request: object, *args: Any, **keys: Any) -> Any:
        if isinstance(request, ua.ReadRequest):
            await asyncio.sleep(seconds)
        return await send(self, request, *args, **keys)

    monkeypatch.setattr(UASocketProtocol, "send_request", send_slowly)


async def test_each_step_of_opening_has_the_time_out_for_itself(
    plant: PlantServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two reads that are 0.4 s late each take longer than 0.6 s, and each of them is in time."""
    connector = _connector(plant.opcua.port, timeout="600 ms")
    async with nothing_left():
        _slow_reads(monkeypatch, 0.4)
        session = await connector.open()
        assert (await session.read([TAG]))["PT-102.pv"].status == GOOD
        await session.close()
        _slow_reads(monkeypatch, 0.3)  # another 0.3 s
        with pytest.raises(NotConnected, match=r": no answer within 0.6 s$"):
            await connector.open()


async def test_an_answer_that_cannot_be_read_is_a_lost_session(plant: PlantServer) -> None:
    value = struct.pack("<d", float(plant.simulation.values()["PT-102.pv"]))
    for kind in (b"\x11", b"\x1b", b"\x8b"):  # a NodeId, no type at all, an array without end
        async with (
            LinkProxy(plant.opcua.port, opcua_messages) as link,
            session_with(link.port, timeout="5 s") as session,
        ):
            assert (await session.read([TAG]))["PT-102.pv"].status == GOOD
            link.alter(_replaced(value, kind))
            with pytest.raises(NotConnected, match=r"cannot be read|Not enough data"):
                await session.read([TAG])


def _replaced(value: bytes, kind: bytes) -> Callable[[bytes], bytes]:
    return lambda message: message.replace(b"\x0b" + value, kind + value)
