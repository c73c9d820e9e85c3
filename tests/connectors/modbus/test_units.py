"""Units behind a gateway: what a dead one costs the others, and a device that hangs."""

import asyncio
from collections.abc import Iterable, Sequence
from time import monotonic

import pytest

from handwheel.connectors.errors import NotConnected
from handwheel.connectors.modbus.request import read_request
from handwheel.connectors.modbus.session import ModbusSession
from handwheel.connectors.modbus.transport import ModbusTransport
from handwheel.connectors.modbus.unit_states import UnitStates
from handwheel.connectors.model.tags import Tag

from ...plants.devices.misbehaving import modbus_device, registers
from ...plants.devices.modbus_gateway import (
    OWN,
    SECOND,
    SILENT,
    TAGS,
    THIRD,
    TIMEOUT_S,
    Gateway,
    alive,
    behind,
    by_tag,
    come_back,
    connector,
    dead,
)

FAULTS = {
    SILENT: f"no answer within {TIMEOUT_S:g} s",
    10: "exception 10 (gateway path unavailable)",
    11: "exception 11 (gateway target device failed to respond)",
}


@pytest.mark.parametrize(("fault", "window"), [(SILENT, 1), (SILENT, 4), (10, 4), (11, 1)])
async def test_a_dead_unit_is_named_and_left_alone(fault: int, window: int) -> None:
    async with behind({3: fault}, window=window) as (gateway, session):
        wanted = alive(OWN, SECOND) | dead(THIRD)
        assert by_tag(await session.read(TAGS)) == wanted
        assert gateway.take_units().count(3) == 1
        for _ in range(5):
            assert by_tag(await session.read(TAGS)) == wanted
            assert session.faults == {"unit 3": FAULTS[fault]}
        assert gateway.take_units() == [1, 2] * 5
        # A time-out closes the connection, or the late answer could be taken for another one.
        assert len(gateway.device.accepted_at) == (2 if fault == SILENT else 1)


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("fault", [SILENT, 11])
async def test_a_unit_that_comes_back_is_read_again(fault: int) -> None:
    async with behind({3: fault}) as (gateway, session):
        await session.read(TAGS)
        gateway.faults.clear()
        await come_back(session)
        assert session.faults == {}


@pytest.mark.usefixtures("soon")
async def test_where_no_unit_answers_the_session_is_lost() -> None:
    cases: list[tuple[int, Sequence[Tag]]] = [(SILENT, [OWN]), (SILENT, TAGS), (SILENT, [THIRD])]
    cases += [(10, [OWN]), (11, TAGS)]
    for fault, tags in cases:
        gateway = Gateway(dict.fromkeys((1, 2, 3), fault))
        async with modbus_device(gateway.answer) as gateway.device:
            device = connector(gateway.device.port, 0.3)
            session = await device.open()
            with pytest.raises(NotConnected, match="exception" if fault else "no answer"):
                await session.read(tags)
            await session.close()
            gateway.faults.clear()
            again = await device.open()
            await come_back(again, tags)
            assert again.faults == {}, fault
            await again.close()


async def test_the_session_is_lost_with_the_last_unit_that_falls_silent() -> None:
    async with behind({}) as (gateway, session):
        assert by_tag(await session.read(TAGS)) == alive(*TAGS)
        gateway.faults = {3: 11, 1: 11}
        assert by_tag(await session.read(TAGS)) == alive(SECOND) | dead(OWN, THIRD)
        gateway.faults[2] = 11
        with pytest.raises(NotConnected, match="exception 11"):
            await session.read(TAGS)


async def test_a_group_of_nothing_but_a_dead_unit_does_not_end_the_session() -> None:
    async with behind({3: SILENT}) as (_, session):
        assert by_tag(await session.read([THIRD])) == dead(THIRD)
        assert by_tag(await session.read([OWN, SECOND])) == alive(OWN, SECOND)


async def test_the_connections_own_unit_may_be_the_dead_one() -> None:
    async with behind({}) as (gateway, session):
        await session.read(TAGS)
        gateway.faults = {1: SILENT}
        await session.probe()  # another unit answers
        assert "unit 1" in session.faults
        assert by_tag(await session.read(TAGS)) == alive(SECOND, THIRD) | dead(OWN)
        gateway.take_units()
        await session.probe()
        assert 1 not in gateway.take_units()


@pytest.mark.parametrize("fault", [2, 11])
async def test_any_word_of_the_device_is_a_sign_of_life(fault: int) -> None:
    async with behind({1: fault}) as (gateway, session):
        await session.probe()
        gateway.faults[1] = SILENT
        with pytest.raises(NotConnected, match="no answer"):
            await session.probe()


async def test_a_device_that_hangs_up_loses_the_session_and_a_unit_that_does_only_itself() -> None:
    def answer(request: bytes) -> Iterable[bytes] | None:
        return None if request[6] == 3 else [registers(request)]

    async with modbus_device(answer) as device:
        session = await connector(device.port).open()
        assert by_tag(await session.read(TAGS)) == alive(OWN, SECOND) | dead(THIRD)
        assert session.faults == {"unit 3": "the device closed the connection"}
        await session.close()
    with pytest.raises(NotConnected):
        await session.read(TAGS)


async def test_a_write_session_is_never_connected_anew() -> None:
    gateway = Gateway({3: SILENT})
    async with modbus_device(gateway.answer) as gateway.device:
        device = connector(gateway.device.port)
        transport = await ModbusTransport.open("127.0.0.1", gateway.device.port, TIMEOUT_S)
        session = ModbusSession(device, transport)
        assert by_tag(await session.read([OWN, SECOND])) == alive(OWN, SECOND)
        with pytest.raises(NotConnected):
            await session.read([THIRD])
        assert not transport.is_open
        assert len(gateway.device.accepted_at) == 1
        await session.close()


@pytest.mark.usefixtures("soon")
async def test_closing_ends_what_asks_a_dead_unit() -> None:
    async with behind({3: 11}, timeout_s=5.0) as (gateway, session):
        await session.read(TAGS)
        gateway.faults[3] = SILENT
        gateway.take_units()
        async with asyncio.timeout(50):
            while 3 not in gateway.take_units():
                await session.read([OWN])
                await asyncio.sleep(0.01)
        begun = monotonic()
        await session.close()
        assert monotonic() - begun < 3.0
        await gateway.device.until_left()


def test_the_pause_grows_until_the_unit_is_read() -> None:
    units, request, pauses = UnitStates(), read_request(3, "holding", 0, 1), list[float]()
    for now_s in range(100, 107):
        units.note_failure(3, request, "silent", now_s)
        pauses.append(units.silent[3].due_s - now_s)
        units.allow(3)
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    units.note_answer(3, 0.0)
    units.note_failure(3, request, "silent", 0.0)
    assert units.silent[3].due_s == 1.0
