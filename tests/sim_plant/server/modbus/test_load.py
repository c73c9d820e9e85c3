"""Clients that do not read, flood, come in crowds or stop in the middle: the others are served."""

import asyncio
import socket
import struct
from contextlib import suppress

import pytest

from .modbus_wire import Device, served, still_serves, wire


async def test_a_client_that_does_not_read_does_not_hold_up_the_stop() -> None:
    async with asyncio.timeout(8.0):  # under the ten seconds after which the server gives it up
        async with served() as server:
            port = server.modbus.port
            deaf = socket.socket()
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.connect(("127.0.0.1", port))
            deaf.setblocking(False)
            request = struct.pack(">HHHB", 1, 0, 6, 1) + bytes.fromhex("04 0000 000d")
            unsent = request * 500
            while not _is_stuck(server):
                with suppress(BlockingIOError):
                    unsent = unsent[deaf.send(unsent) :] or request * 500
                await asyncio.sleep(0.01)
            await still_serves(server)
        deaf.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def _is_stuck(server: Device) -> bool:
    writers: set[asyncio.StreamWriter] = server.modbus._connections  # pyright: ignore[reportPrivateUsage]
    for writer in writers:  # so that the system's own buffer is soon full
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    return any(writer.transport.get_write_buffer_size() > 2**16 for writer in writers)


async def test_a_client_that_floods_leaves_the_others_their_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with served() as server, wire(server.modbus.port) as flood:
        answered: list[bytes] = []
        answer = server.modbus.answer

        def noted(unit: int, pdu: bytes, peer: str) -> bytes:
            answered.append(pdu)
            return answer(unit, pdu, peer)

        monkeypatch.setattr(server.modbus, "answer", noted)
        request = struct.pack(">HHHB", 1, 0, 6, 1) + bytes.fromhex("04 0000 000d")
        flood.writer.write(request * 3_000)  # in one piece, so that it arrives in one
        while not answered:  # noqa: ASYNC110 (counts turns of the loop)
            await asyncio.sleep(0)
        assert len(answered) < 100
        for _ in range(3_000):
            await flood.answer()


async def test_a_slow_client_does_not_hold_up_another() -> None:
    async with served() as server, wire(server.modbus.port) as slow:
        slow.writer.write(b"\x00\x01\x00")
        await slow.writer.drain()
        await still_serves(server)
