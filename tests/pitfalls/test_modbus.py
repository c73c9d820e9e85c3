"""Pitfalls of pymodbus' client: ours does not fall in, and a naive one does."""

import asyncio
import re
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from tenacity import AsyncRetrying, RetryCallState

from handwheel.connectors.modbus.connector import ModbusConnector
from handwheel.connectors.model.tags import Order
from handwheel.connectors.session.backoff import between_attempts
from handwheel.connectors.session.supervisor import Connection

from ..plants.devices.hostile_answers import hostile
from ..plants.devices.hostile_modbus import Asked, Script
from ..plants.devices.misbehaving import eventually, free_port
from .modbus_clients import CLIENTS, Client, config_of, naive, ours, register
from .naive.modbus import NaiveModbus


def always(kind: str) -> Script:
    return lambda _: kind


def on_write(kind: str) -> Script:
    return lambda asked: kind if asked.function == 6 else "right"


async def test_an_exception_is_no_answer(tmp_path: Path) -> None:
    for client, seen in [(ours, "BadNodeIdUnknown"), (naive, ())]:
        async with hostile(always("refusal")) as device, client(device.port, tmp_path) as plc:
            assert await plc.read(20) == seen, client


async def test_a_refused_write_is_not_done(tmp_path: Path) -> None:
    for client, outcome in [(ours, "refused: exception 2 (illegal data address)"), (naive, "done")]:
        async with hostile(on_write("refusal")) as device, client(device.port, tmp_path) as plc:
            assert await plc.write(3) == outcome, client
            assert len(device.frames) == 1, client


# Why ours refuses the second answer, and what a naive client takes it for.
MISFITS: Mapping[str, tuple[str, tuple[int, ...]]] = {
    "short": (r"2 bytes of data instead of 4", (0x1014,)),
    "long": (r"6 bytes of data instead of 4", (0x1014, 2, 0x1016)),
    "another function": (r"answer to function 4, not to 3", (0x9014, 2)),
    "transaction 0": (r"answer to request 0, not to \d+", (0x1014, 2)),
}


@pytest.mark.parametrize("kind", MISFITS)
@pytest.mark.parametrize("client", [ours, naive], ids=CLIENTS)
async def test_a_reply_that_misfits_is_refused(tmp_path: Path, client: Client, kind: str) -> None:
    def script(asked: Asked) -> str:
        return kind if asked.number == 2 else "right"

    async with hostile(script) as device, client(device.port, tmp_path) as plc:
        before, seen, after = [await plc.read(20) for _ in range(3)]
    assert (before, after) == ((0x1014, 1), (0x1014, 3))
    why, taken = MISFITS[kind]
    assert seen == taken if client is naive else re.search(f": {why}$", str(seen))


HEALTHY = 38


@pytest.mark.parametrize(
    ("client", "kind", "wrong", "right"),
    [
        (ours, "one by one as 0", 0, 1),
        (ours, "one by one", 0, 9),
        (naive, "one by one as 0", 9, 1),
        (naive, "one by one", 0, 9),
    ],
)
async def test_a_gateway_that_answers_as_0_after_a_cancelled_read_gives_no_wrong_value(
    tmp_path: Path, client: Client, kind: str, wrong: int, right: int
) -> None:
    def script(asked: Asked) -> str:
        return "right" if asked.start == HEALTHY else kind

    async with hostile(script, late_s=0.03) as device, client(device.port, tmp_path) as plc:
        task = asyncio.create_task(plc.read(10))
        await eventually(lambda: device.number == 1)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        marks = {address: await plc.read(address) for address in range(20, 40, 2)}
    good = {address: seen[0] for address, seen in marks.items() if isinstance(seen, tuple)}
    assert sum(mark != 0x1000 | address for address, mark in good.items()) == wrong
    assert sum(mark == 0x1000 | address for address, mark in good.items()) >= right


HASTY_S: Mapping[Client, float] = {
    ours: 0.6,
    naive: 0.15,
}  # where a time-out is waited for; pymodbus waits for four
# What a naive client says, and how often it has sent.
OUTCOMES = {
    "silence": ("ModbusIOException", 4),
    "hung up": ("ModbusIOException", 4),
    "late": ("done", 2),
    "false echo": ("done", 1),
}


async def _write(client: Client, kind: str, folder: Path) -> tuple[str, int]:
    """Returns what the client says of one write, and how many frames the device has seen."""
    hasty_s = HASTY_S[client]
    async with (
        hostile(on_write(kind), late_s=1.2 * hasty_s) as device,
        client(device.port, folder, hasty_s) as plc,
    ):
        outcome = (await plc.write(3)).partition(":")[0]
        await asyncio.sleep(0.1)  # a library that comes back by itself would send again
    return outcome, len(device.frames)


@pytest.mark.parametrize("kind", OUTCOMES)
async def test_a_write_without_its_answer_is_one_frame_of_unknown_outcome(
    tmp_path: Path, kind: str
) -> None:
    """Judged by the frames that the device has seen."""
    seen = await asyncio.gather(*(_write(each, kind, tmp_path) for each in (ours, naive)))
    assert seen == [("unknown", 1), OUTCOMES[kind]]


async def _cost(client: Client, folder: Path) -> tuple[int, int]:
    async with (
        hostile(always("silence")) as device,
        client(device.port, folder, HASTY_S[client]) as plc,
    ):
        for _ in range(2):
            assert isinstance(await plc.read(20), str)
    return device.number, device.accepted


async def test_a_dead_device_costs_one_time_out_and_its_connection(tmp_path: Path) -> None:
    """With pymodbus' defaults the eight requests are 24 s, and the connection is kept for 96 s."""
    seen = await asyncio.gather(*(_cost(client, tmp_path) for client in (ours, naive)))
    assert seen == [(2, 2), (8, 1)]


async def test_a_dead_unit_does_not_delay_a_healthy_one() -> None:
    """By how often the healthy unit is asked while the other one is dead."""
    ours, naive = await asyncio.gather(_asked_by(_scan), _asked_by(_poll))
    assert ours > 10 > 4 >= naive


async def _asked_by(client: Callable[[int], Coroutine[Any, Any, None]]) -> int:
    asked = 0

    def script(each: Asked) -> str:
        nonlocal asked
        asked += each.unit == 1
        return "silence" if each.unit == 2 else "right"

    async with hostile(script) as device:
        with suppress(TimeoutError):
            async with asyncio.timeout(1.8):
                await client(device.port)
    return asked


async def _scan(port: int) -> None:
    tags = [register(20, unit=1), register(30, unit=2)]
    async with Connection(ModbusConnector("plc", config_of(port, 0.2)), tags):
        await asyncio.sleep(10.0)


async def _poll(port: int) -> None:
    async with NaiveModbus(port, 0.2) as client:
        await _poll_in_turn(client)


async def _poll_in_turn(client: NaiveModbus) -> None:
    while True:
        for unit, address in ((1, 20), (2, 30)):
            with suppress(ModbusException):
                await client.registers(address, 1, unit)
        await asyncio.sleep(0.05)


async def test_a_first_connect_that_failed_is_tried_again() -> None:
    port = free_port()
    connector = ModbusConnector("plc", config_of(port))
    async with Connection(connector, [register(20)]) as ours, NaiveModbus(port) as naive:
        await asyncio.sleep(0.1)
        async with hostile(always("right"), port=port) as device:
            await eventually(lambda: ours.is_connected)
            await asyncio.sleep(0.5)
            assert (device.accepted, naive.client.connected) == (1, False)


async def test_two_attempts_are_at_most_seconds_apart() -> None:
    """By how long each would wait before its hundredth attempt; nobody connects here."""
    attempt = RetryCallState(AsyncRetrying(), None, (), {})
    attempt.attempt_number = 100
    assert between_attempts()(attempt) < 11.0
    assert NaiveModbus(1).client.ctx.comm_params.reconnect_delay_max == 300.0


async def test_a_split_reply_is_read(tmp_path: Path) -> None:
    """Over TCP pymodbus reads it too; what it loses is one that TLS splits over two records."""
    for client in [ours, naive]:
        async with (
            hostile(always("in pieces"), seed=1) as device,
            client(device.port, tmp_path) as plc,
        ):
            assert [await plc.read(20) for _ in range(20)] == [(0x1014, n + 1) for n in range(20)]


ORDERS: dict[Order, int] = {
    "ABCD": 0x10140001, "CDAB": 0x00011014, "BADC": 0x14100100, "DCBA": 0x01001410,
}  # fmt: skip


async def test_every_byte_order_can_be_read() -> None:
    for order, expected in ORDERS.items():
        async with hostile(always("right")) as device:
            session = await ModbusConnector("plc", config_of(device.port, order=order)).open()
            tag = register(20, "uint32")
            reading = (await session.read([tag]))[tag.name]
            await session.close()
        words = [0x1014, 1]
        convert, uint32 = (
            AsyncModbusTcpClient.convert_from_registers,
            AsyncModbusTcpClient.DATATYPE.UINT32,
        )
        naive = [convert(words, uint32, word_order) for word_order in ("big", "little")]
        is_read = expected in naive
        assert (reading.value, is_read) == (expected, order in {"ABCD", "CDAB"})
