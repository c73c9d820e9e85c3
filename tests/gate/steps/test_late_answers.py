"""The gate's write session at a socket, before a device that answers late, or another request."""
# The gate gets its real write session back.
# pyright: reportPrivateUsage=false

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from handwheel.connectors.actuation.write_session import open_write_session

from ...plants.devices.misbehaving import Device, listening, reply
from ...plants.in_memory import Frame
from ..testbed.edited_policy import ruled_room
from ..testbed.with_oracle import START_B, STOP_B, Watched

NAME = b"ACME pumps"
IDENTITY = bytes.fromhex("2b0e010100000100") + bytes([len(NAME)]) + NAME
COIL = 16
Answer = Callable[["Pump", bytes], Awaitable[bytes]]


async def as_it_should(_: "Pump", answer: bytes) -> bytes:
    return answer


@dataclass
class Pump:
    """A device with one coil and a name, which keeps a record of every write that arrives.

    Attributes:
        spoil: What becomes of the answer to a write.
        given_up: Set once nobody waits for the answer any more.
    """

    room: Watched
    spoil: Answer = as_it_should
    frames: list[str] = field(default_factory=list[str])
    given_up: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readexactly(6)
            request = head + await reader.readexactly(int.from_bytes(head[4:], "big"))
            writer.write(await self._answer(request))
            await writer.drain()

    async def _answer(self, request: bytes) -> bytes:
        function = request[7]
        if function == 5:
            self.frames.append(request[6:].hex())
            self.room.oracle.judge_frame(Frame("pkg", request[6:]))
            self.room.plant.values[START_B[0]] = request[10] == 0xFF
            return await self.spoil(self, reply(request, request[7:]))
        is_on = bool(self.room.plant.values[START_B[0]])
        return reply(request, IDENTITY if function == 0x2B else bytes([1, 1, is_on]))


@asynccontextmanager
async def pump_room(folder: Path) -> AsyncGenerator[tuple[Watched, Pump]]:
    """A room whose `pkg` takes writes at a real socket, and reads on paper."""
    device = Device()
    pumps: list[Pump] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await pumps[0].serve(reader, writer)

    async with listening(serve, device):
        socket = f"write: {{port: {device.port}}}, timeout: 1 s}}"
        async with ruled_room(folder, ("site.yaml", "write: {port: 5021}}", socket)) as room:
            assert room.gate is not None
            room.gate._context = replace(room.context, open_write_session=open_write_session)
            room.plant.names["pkg"] = NAME.decode()
            pumps.append(Pump(room))
            yield room, pumps[0]


def other_transaction(by: int) -> Answer:
    async def spoil(_: Pump, answer: bytes) -> bytes:
        number = (int.from_bytes(answer[:2], "big") + by) % 0x10000
        return number.to_bytes(2, "big") + answer[2:]

    return spoil


async def late(pump: Pump, answer: bytes) -> bytes:
    await pump.given_up.wait()
    return answer


async def another_write(_: Pump, answer: bytes) -> bytes:
    return answer[:8] + bytes([0, COIL + 1]) + answer[10:]


async def another_value(_: Pump, answer: bytes) -> bytes:
    return answer[:10] + b"\x00\x00"


ANSWERS: Mapping[str, tuple[str, Answer, str, str]] = {
    "in time": ("D10", as_it_should, "VERIFIED", "P-101B.run_cmd reads true"),
    "late": ("D10", late, "UNKNOWN", "no answer within 1 s"),
    "another write's": ("D11", another_write, "UNKNOWN", "the answer is 050011ff00, not"),
    "another value's": ("D11", another_value, "UNKNOWN", "the answer is 0500100000, not"),
    "the request's before": ("D12", other_transaction(-1), "UNKNOWN", "answer to request"),
    "the next request's": ("D12", other_transaction(1), "UNKNOWN", "answer to request"),
}


@pytest.mark.parametrize(
    ("spoil", "state", "reason"),
    [
        pytest.param(*case, id=name, marks=pytest.mark.way_in(way))
        for name, (way, *case) in ANSWERS.items()
    ],
)
async def test_an_answer_counts_that_is_in_time_and_this_ones(
    tmp_path: Path, spoil: Answer, state: str, reason: str
) -> None:
    """The device has done it each time, and shows it; what is not known is held, not sent again."""
    async with pump_room(tmp_path) as (room, pump):
        request = room.approved(START_B)
        pump.spoil = spoil
        await room.act()
        room.expect(request, state, part=reason)
        assert pump.frames == [request.commands[0].wire]
        pump.given_up.set()
        await room.go_round(2)
        assert pump.frames == [request.commands[0].wire]
        assert room.faults() == ()

        if state == "UNKNOWN":
            held = await room.carried_out(STOP_B)
            assert "P-101B is held" in room.reason(held)
            room.desk.resolve(request.commands[0].action_id, "resolve-applied")
        pump.spoil = as_it_should
        stop = await room.carried_out(STOP_B)
        assert (room.desk.states(stop), len(pump.frames)) == (["VERIFIED"], 2)
