"""What a device refuses for a while, or because it was too much, is not lost for good."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager

import pytest

from handwheel.connectors.modbus import session as modbus
from handwheel.connectors.modbus.connector import ModbusConnector
from handwheel.connectors.model.endpoints import ModbusConnection
from handwheel.connectors.model.tags import RegisterAddress, Table, Tag
from handwheel.connectors.model.values import BAD_DEVICE_FAILURE, BAD_NODE_UNKNOWN, GOOD, StatusCode

from ...plants.devices.misbehaving import Device, modbus_device, registers, reply
from ...plants.devices.modbus_gateway import connector as gateway_connector

Refuses = Callable[[int, int], int]
"""From the first address and the count to the exception, 0 for an answer."""


def _tag(address: int, table: Table = "holding") -> Tag:
    is_bit = table in {"coil", "discrete"}
    where = RegisterAddress(table, address, "bit" if is_bit else "uint16")
    return Tag(f"R.a{address}", "pkg", "bool" if is_bit else "int", where)


def _asked(request: bytes) -> tuple[int, int]:
    return int.from_bytes(request[8:10], "big"), int.from_bytes(request[10:12], "big")


class _Plc:
    """A device that refuses what the test says, and a session with it."""

    def __init__(self, refuses: Refuses) -> None:
        self.refuses: Refuses = refuses
        self.device = Device()
        self.clock_s = 0.0

    def answer(self, request: bytes) -> Iterable[bytes]:
        code = self.refuses(*_asked(request))
        return [reply(request, bytes([request[7] | 0x80, code])) if code else registers(request)]

    @asynccontextmanager
    async def connector(self, **keys: int) -> AsyncGenerator[ModbusConnector]:
        async with modbus_device(self.answer) as self.device:
            config = ModbusConnection.model_validate(
                {"kind": "modbus", "host": "127.0.0.1", "read": {"port": self.device.port}, **keys}
            )
            yield ModbusConnector("pkg", config)

    def take_requests(self) -> list[tuple[int, int]]:
        """The first address and the count of each request since the last call."""
        requests = [_asked(request) for request in self.device.requests]
        self.device.requests.clear()
        return requests


async def test_a_device_that_takes_less_than_the_protocol_is_learnt_or_told_of() -> None:
    tags = [_tag(address) for address in range(300)]
    plc = _Plc(lambda _, count: 3 if count > 60 else 0)
    async with plc.connector(max_registers=60) as connector:
        session = await connector.open()
        assert len(await session.read(tags[:150])) == 150
        assert plc.take_requests() == [(0, 60), (60, 60), (120, 30)]
        await session.close()
    async with plc.connector() as connector:
        session = await connector.open()
        for _ in range(6):
            plc.take_requests()
            readings = await session.read(tags)
            assert [readings[tag.name].value for tag in tags] == list(range(300))
            assert {reading.status for reading in readings.values()} == {GOOD}
        requests = plc.take_requests()
        assert max(count for _, count in requests) <= 60
        assert sum(count for _, count in requests) == 300
        await session.close()


async def test_bits_and_registers_have_a_maximum_each() -> None:
    cases: list[tuple[Table, int]] = [("coil", 24), ("discrete", 24), ("input", 60)]
    for table, most in cases:
        config = ModbusConnection(kind="modbus", host="plc", max_registers=60, max_bits=24)
        tags = [_tag(address, table) for address in range(100)]
        blocks = await ModbusConnector("pkg", config).planner.plan(tags)
        assert [block.count for block in blocks[:-1]] == [most] * (len(blocks) - 1)
        assert sum(block.count for block in blocks) == 100, table


@pytest.mark.parametrize(("code", "status"), [(2, BAD_NODE_UNKNOWN), (3, BAD_DEVICE_FAILURE)])
async def test_a_lasting_refusal_costs_a_request_now_and_then_and_ends_by_itself(
    code: int, status: StatusCode, monkeypatch: pytest.MonkeyPatch
) -> None:
    plc = _Plc(lambda start, count: code if start <= 2 < start + count else 0)
    monkeypatch.setattr(modbus, "monotonic", lambda: plc.clock_s)
    tags = [_tag(address) for address in range(5)]
    async with plc.connector() as connector:
        session = await connector.open()
        first = await session.read(tags)
        assert [first[tag.name].status for tag in tags] == [GOOD, GOOD, status, GOOD, GOOD]
        plc.take_requests()
        for plc.clock_s in (1.0, 9.0, 10.0, 11.0, 19.0, 20.0, 21.0):
            readings = await session.read(tags)
            assert {name: each.status for name, each in readings.items()} == {
                name: each.status for name, each in first.items()
            }
        assert plc.take_requests().count((2, 1)) == 2

        plc.refuses = lambda _, __: 0
        plc.clock_s = 30.0
        readings = await session.read(tags)
        assert [readings[tag.name].value for tag in tags] == [0, 1, 2, 3, 4]
        assert plc.take_requests() == [(2, 1), (0, 5)]
        await session.close()


@pytest.mark.parametrize("is_new_session", [False, True])
async def test_a_plc_that_refused_everything_for_a_while_is_read_in_one_block_again(
    is_new_session: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    plc = _Plc(lambda _, __: 0)
    monkeypatch.setattr(modbus, "monotonic", lambda: plc.clock_s)
    tags = [_tag(address) for address in range(20)]
    async with plc.connector() as connector:
        session = await connector.open()
        await session.read(tags)
        plc.refuses = lambda _, __: 2
        for plc.clock_s in (1.0, 2.0):
            readings = await session.read(tags)
            assert {reading.status for reading in readings.values()} == {BAD_NODE_UNKNOWN}
            assert session.faults == {"20 tags": "refused: BadNodeIdUnknown"}
        plc.take_requests()
        for plc.clock_s in (3.0, 6.0, 9.0):  # a third of a minute's share for each of twenty
            assert len(await session.read(tags)) == 20
        requests = plc.take_requests()
        assert len(set(requests)) == len(requests) == 3
        assert {count for _, count in requests} == {1}

        plc.refuses = lambda _, __: 0
        if is_new_session:
            await session.close()
            session = await connector.open()
        plc.clock_s = 12.0
        for _ in range(2):
            plc.take_requests()
            readings = await session.read(tags)
            assert [readings[tag.name].value for tag in tags] == list(range(20))
        assert plc.take_requests() == [(0, 20)]
        assert session.faults == {}
        await session.close()


async def test_every_refused_tag_has_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    plc = _Plc(lambda start, count: 2 if start < 10 else 0)
    monkeypatch.setattr(modbus, "monotonic", lambda: plc.clock_s)
    tags = [_tag(address) for address in (1, 3, 20)]
    async with plc.connector() as connector:
        session = await connector.open()
        await session.read(tags)
        plc.take_requests()
        for plc.clock_s in (10.0, 20.0, 30.0):
            readings = await session.read(tags)
            assert readings.keys() == {tag.name for tag in tags}
        assert plc.take_requests() == [(1, 1), (20, 1), (3, 1), (20, 1), (1, 1), (20, 1)]
        await session.close()


async def test_an_answer_of_one_unit_says_nothing_of_what_another_one_refuses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def answer(request: bytes) -> Iterable[bytes]:
        is_refused = request[6] in refusing
        return [reply(request, b"\x83\x02") if is_refused else registers(request)]

    refusing, clock_s = {1, 2}, 0.0
    monkeypatch.setattr(modbus, "monotonic", lambda: clock_s)
    tags = [
        Tag(f"U{unit}.a{at}", "pkg", "int", RegisterAddress("holding", at, "uint16", unit=unit))
        for unit in (1, 2)
        for at in (0, 1)
    ]
    async with modbus_device(answer) as device:
        session = await gateway_connector(device.port).open()
        await session.read(tags)
        refusing.remove(1)
        device.requests.clear()
        clock_s = 10.0
        readings = await session.read(tags)
        assert [readings[tag.name].status for tag in tags] == [GOOD] * 2 + [BAD_NODE_UNKNOWN] * 2
        assert {request[6] for request in device.requests} == {1}
        await session.close()


async def test_readings_at_the_same_time_lack_no_tag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modbus, "_ASK_AGAIN_S", 0.0)
    tags = [_tag(address) for address in range(4)]

    async def read(wanted: Sequence[Tag]) -> None:
        for _ in range(20):
            assert (await session.read(wanted)).keys() == {tag.name for tag in wanted}

    plc = _Plc(lambda start, count: 2 if start <= 2 < start + count else 0)
    async with plc.connector() as connector:
        session = await connector.open()
        await asyncio.gather(read(tags), read(tags[1:]), read(tags[::2]), read(tags[::-1]))
        await session.close()
