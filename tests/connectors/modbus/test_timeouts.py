"""What silence costs: a device that hangs is lost soon, a dead unit costs its device little."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from time import monotonic

import pytest

from handwheel.connectors.errors import NotConnected
from handwheel.connectors.modbus import unit_states
from handwheel.connectors.modbus.session import ModbusSession
from handwheel.connectors.modbus.unit_states import UnitStates

from ...plants.devices.misbehaving import Device, listening
from ...plants.devices.modbus_gateway import (
    OWN,
    SECOND,
    SILENT,
    TAGS,
    THIRD,
    Gateway,
    alive,
    behind,
    by_tag,
    come_back,
    connector,
    dead,
    tag,
)

TIMEOUT_S = 0.2


async def _read_for_ever(session: ModbusSession) -> None:
    async with asyncio.timeout(10):
        while await session.read(TAGS):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


class FewSlots(Gateway):
    """A gateway that serves one connection, and what it does with the next one."""

    def __init__(self, faults: Iterable[int], *, replaces: bool = False, hold_off_s: float = 0.0):
        super().__init__(dict.fromkeys(faults, SILENT))
        self.replaces = replaces
        self.hold_off_s = hold_off_s
        self.free_at = 0.0
        self.served: asyncio.StreamWriter | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.served is not None and self.replaces:
            self.served.transport.abort()
        elif self.served is not None or monotonic() < self.free_at:
            return
        self.served = writer
        try:
            while True:
                request = await reader.readexactly(12)
                self.device.requests.append(request)
                writer.writelines(self.answer(request))
        finally:
            if self.served is writer:
                self.served = None
                self.free_at = monotonic() + self.hold_off_s

    @asynccontextmanager
    async def listens(self) -> AsyncGenerator[Device]:
        async with listening(self.serve, self.device) as device:
            yield device


async def test_a_gateway_that_hangs_and_still_accepts_is_lost_within_two_timeouts() -> None:
    tags = [tag(unit) for unit in range(1, 11)]
    for is_read in (False, True):
        async with behind({}, 0.15) as (gateway, session):
            assert by_tag(await session.read(tags)) == alive(*tags)
            gateway.take_units()
            gateway.faults = dict.fromkeys(range(1, 11), SILENT)
            begun = monotonic()
            with pytest.raises(NotConnected, match="no answer"):
                await (session.read(tags) if is_read else session.probe())
            # The machine may stall. Each unit on its own would take ten time-outs.
            assert monotonic() - begun < 5 * 0.15
            assert len(gateway.take_units()) == 2, is_read


async def test_a_reading_for_which_nobody_is_asked_wants_a_sign_of_life() -> None:
    async with behind({3: 11}, 0.15) as (gateway, session):
        assert by_tag(await session.read(TAGS)) == alive(OWN, SECOND) | dead(THIRD)
        gateway.faults |= {1: SILENT, 2: SILENT}
        with pytest.raises(NotConnected):
            await session.read([THIRD])


@pytest.mark.usefixtures("soon")
async def test_many_dead_units_are_asked_aside_one_after_the_other() -> None:
    tags = [OWN, *(tag(unit) for unit in range(3, 6)), tag(9)]
    gateway = Gateway(dict.fromkeys(range(3, 6), SILENT))
    standing, most = 0, 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal standing, most
        standing += 1
        most = max(most, standing)
        try:
            while True:
                writer.writelines(gateway.answer(await reader.readexactly(12)))
        finally:
            standing -= 1

    async with listening(serve) as device:
        session = await connector(device.port, 0.15).open()
        readings = by_tag(await session.read(tags))
        assert readings[OWN.name] == alive(OWN)[OWN.name]
        assert session.faults["unit 5"].startswith("not asked yet")
        wanted = alive(OWN, tags[-1]) | dead(*tags[1:-1])
        async with asyncio.timeout(10):
            while by_tag(await session.read(tags)) != wanted:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert most == 2
        await session.close()


async def test_a_unit_known_to_be_silent_costs_no_second_session() -> None:
    """The device has one connection, and takes no new one for a while after its end."""
    gateway = FewSlots([3], hold_off_s=0.3)
    async with gateway.listens() as device:
        known = connector(device.port, TIMEOUT_S)
        lost = 0
        for _ in range(30):
            session = await known.open()
            try:
                assert by_tag(await session.read([OWN, THIRD])) == alive(OWN) | dead(THIRD)
                break
            except NotConnected:
                lost += 1
                await asyncio.sleep(0.03)
            finally:
                await session.close()
        assert lost > 1
        assert gateway.take_units().count(3) == 1


@pytest.mark.usefixtures("soon")
async def test_a_device_that_drops_a_connection_for_the_next_one_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unit_states, "_SHARE", 0.5)
    gateway = FewSlots([3], replaces=True)
    async with gateway.listens() as device:
        known = connector(device.port, 0.15)
        for _ in range(2):
            session = await known.open()
            with pytest.raises(NotConnected, match=r"closed|reset"):
                await _read_for_ever(session)
            await session.close()
        session = await known.open()
        gateway.faults.clear()
        await come_back(session)
        assert gateway.served is not None
        before = len(device.accepted_at)
        for _ in range(10):
            assert by_tag(await session.read(TAGS)) == alive(*TAGS)
        assert len(device.accepted_at) == before
        await session.close()


@pytest.mark.usefixtures("soon")
async def test_a_device_that_serves_one_connection_is_asked_again_over_that_one() -> None:
    gateway = FewSlots([])
    gateway.faults = {3: 11}
    async with gateway.listens() as device:
        session = await connector(device.port).open()
        await session.read(TAGS)
        gateway.faults.clear()
        await come_back(session)
        assert len(device.accepted_at) == 2
        await session.close()


@pytest.mark.usefixtures("soon")
async def test_where_no_second_connection_is_taken_dead_units_have_a_tenth_of_the_time() -> None:
    gateway = FewSlots([3, 4, 5, 6])
    tags = [OWN, *(tag(unit) for unit in (3, 4, 5, 6))]
    async with gateway.listens() as device:
        session = await connector(device.port, TIMEOUT_S).open()
        until_s = monotonic() + 0.45
        while monotonic() < until_s:
            assert by_tag(await session.read(tags)) == alive(OWN) | dead(*tags[1:])
            await asyncio.sleep(0.01)
        assert len([unit for unit in gateway.take_units() if unit != 1]) == 1
        await session.close()


def test_the_others_wait_for_silent_units_a_tenth_of_the_time() -> None:
    for waited_s, free_s in [(2.0, 18.0), (60.0, 30.0)]:
        units = UnitStates()
        assert units.may_wait(100.0), waited_s
        units.note_wait(100.0)
        assert not units.may_wait(1000.0)  # nobody has been read since, waited_s
        units.note_answer(1, 100.0 + waited_s)
        assert not units.may_wait(99.0 + waited_s + free_s)
        assert units.may_wait(101.0 + waited_s + free_s)
