"""Pitfalls of pymodbus' client: ours does not fall in, and a naive one does."""

import asyncio
import re
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pymodbus.exceptions import ModbusException
from tenacity import AsyncRetrying, RetryCallState

from handwheel.connectors.modbus.connector import ModbusConnector
from handwheel.connectors.session.backoff import between_attempts
from handwheel.connectors.session.supervisor import Connection

from ..plants.devices.hostile_answers import hostile
from ..plants.devices.hostile_modbus import Asked, Script
from ..plants.devices.misbehaving import eventually, free_port
from .modbus_clients import Client, config_of, naive, ours, register
from .naive import NaiveModbus


def always(kind: str) -> Script:
    return lambda _: kind


def on_write(kind: str) -> Script:
    return lambda asked: kind if asked.function == 6 else "right"


async def test_an_exception_is_no_answer_and_a_refused_write_not_done(tmp_path: Path) -> None:
    for client, seen, outcome in [
        (ours, "BadNodeIdUnknown", "refused: exception 2 (illegal data address)"),
        (naive, (), "done"),
    ]:
        async with hostile(always("refusal")) as device, client(device.port, tmp_path) as plc:
            assert await plc.read(20) == seen, client
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
async def test_a_reply_that_misfits_is_refused(tmp_path: Path, kind: str) -> None:
    def script(asked: Asked) -> str:
        return kind if asked.number == 2 else "right"

    why, taken = MISFITS[kind]
    for client in (ours, naive):
        async with hostile(script) as device, client(device.port, tmp_path) as plc:
            before, seen, after = [await plc.read(20) for _ in range(3)]
        assert (before, after) == ((0x1014, 1), (0x1014, 3))
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


# Where a time-out is waited for; pymodbus waits for four.
HASTY_S: Mapping[Client, float] = {ours: 0.6, naive: 0.15}
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
