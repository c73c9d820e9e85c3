"""Sessions that cannot be opened or are lost: a plain reason, and nothing left behind."""

import asyncio
import struct
from collections.abc import AsyncGenerator
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

from ...plants.devices.misbehaving import (
    Handle,
    eventually,
    free_port,
    hang_up,
    listening,
    say_nothing,
)
from ...plants.devices.opcua_server import connector_to, session_with, tag_of
from ...plants.served import GATE_SECRET

TAG = tag_of("PT-102.pv", uri="urn:handwheel:sim:cw-100")


def _connector(port: int, timeout: str = "5 s", user: str = "") -> OpcuaConnector:
    login = {"read": {"user": user, "secret": "env:READER_PASSWORD"}} if user else {}
    return connector_to(port, timeout=timeout, **login)


def _open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@asynccontextmanager
async def nothing_left() -> AsyncGenerator[None]:
    """Nothing may be open after this that was not open before it."""
    before = _open_files()
    tasks = asyncio.all_tasks()
    yield
    await eventually(lambda: _open_files() <= before and not asyncio.all_tasks() - tasks)


async def test_a_wrong_password_is_refused_in_the_servers_words(
    plant: PlantServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases: list[tuple[str, str]] = [
        ("gate", "wrong"),
        ("gate", GATE_SECRET + " "),
        ("admin", GATE_SECRET),
    ]
    for user, password in cases:
        monkeypatch.setenv("READER_PASSWORD", password)
        connector = _connector(plant.opcua.port, user=user)
        reason = f"^dcs: opc.tcp://127.0.0.1:{plant.opcua.port}: BadUserAccessDenied$"
        async with nothing_left():
            for _ in range(3):
                with pytest.raises(NotConnected, match=reason):
                    await connector.open()


async def test_a_right_password_is_accepted(
    plant: PlantServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("READER_PASSWORD", GATE_SECRET)
    async with nothing_left():
        session = await _connector(plant.opcua.port, user="gate").open()
        assert (await session.read([TAG]))["PT-102.pv"].status == GOOD
        await session.close()
    monkeypatch.delenv("READER_PASSWORD")
    reason = r"^dcs: the environment variable READER_PASSWORD is not set$"
    async with nothing_left():
        with pytest.raises(NotConnected, match=reason):
            await _connector(plant.opcua.port, user="gate").open()


async def _write_nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    await reader.read()


@pytest.mark.parametrize(
    ("handle", "reason"),
    [(say_nothing, "no answer within 0.2 s"), (hang_up, ".+"), (_write_nonsense, ".+")],
)
async def test_a_device_that_speaks_no_opcua_leaves_nothing_behind(
    handle: Handle, reason: str
) -> None:
    async with listening(handle) as device, nothing_left():
        connector = _connector(device.port, timeout="200 ms")
        for _ in range(3):
            with pytest.raises(NotConnected, match=f"^dcs: {connector.where}: {reason}$"):
                await connector.open()
        await device.until_left()
        assert len(device.accepted_at) == 3


async def test_a_server_that_is_not_there_leaves_nothing_behind() -> None:
    for host, reason in {"127.0.0.1": "connection refused", "a..b": "no valid host name"}.items():
        connector = connector_to(0, endpoint=f"opc.tcp://{host}:{free_port()}")
        async with nothing_left():
            with pytest.raises(NotConnected, match=f": {reason}$"):
                await connector.open()


async def test_an_attempt_that_is_cancelled_leaves_nothing_behind() -> None:
    async with listening(say_nothing) as device, nothing_left():
        for moment in range(20):
            attempt = asyncio.create_task(_connector(device.port, timeout="200 ms").open())
            for _ in range(moment):
                await asyncio.sleep(0)
            attempt.cancel()
            with pytest.raises(asyncio.CancelledError):
                await attempt
        await device.until_left()


async def test_a_session_that_is_lost_says_so_and_can_be_closed(plant: PlantServer) -> None:
    async with LinkProxy(plant.opcua.port) as link:
        session = await _connector(link.port).open()
        assert (await session.read([TAG]))["PT-102.pv"].status == GOOD
        port = link.port
    with pytest.raises(NotConnected, match=f"^dcs: opc.tcp://127.0.0.1:{port}: .+$"):
        await session.read([TAG])
    await session.close()


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


@pytest.mark.parametrize("late_s", [0.4, 0.7])
async def test_each_step_of_opening_has_the_time_out_for_itself(
    plant: PlantServer, late_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two reads that are 0.4 s late each take longer than 0.6 s, and each of them is in time."""
    _slow_reads(monkeypatch, late_s)
    connector = _connector(plant.opcua.port, timeout="600 ms")
    async with nothing_left():
        if late_s < 0.6:
            session = await connector.open()
            assert (await session.read([TAG]))["PT-102.pv"].status == GOOD
            await session.close()
        else:
            with pytest.raises(NotConnected, match=r": no answer within 0.6 s$"):
                await connector.open()


@pytest.mark.parametrize("kind", [17, 27, 139])  # a NodeId, no type at all, an array without end
async def test_an_answer_that_cannot_be_read_is_a_lost_session(
    plant: PlantServer, kind: int
) -> None:
    value = struct.pack("<d", float(plant.simulation.values()["PT-102.pv"]))
    async with (
        LinkProxy(plant.opcua.port, opcua_messages) as link,
        session_with(link.port, timeout="5 s") as session,
    ):
        assert (await session.read([TAG]))["PT-102.pv"].status == GOOD
        link.alter(lambda message: message.replace(b"\x0b" + value, bytes([kind]) + value))
        with pytest.raises(NotConnected, match=r"cannot be read|Not enough data"):
            await session.read([TAG])
