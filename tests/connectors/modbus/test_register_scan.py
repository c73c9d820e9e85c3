"""Which addresses of a table are found to answer, and what is read from them raw."""

from collections.abc import Set as AbstractSet
from typing import cast

import pytest

from handwheel.connectors.client.register_scan import find_ranges
from handwheel.connectors.client.registers import RawTables
from handwheel.connectors.errors import NotConnected
from handwheel.connectors.modbus.transport import DeviceException, ModbusTransport
from handwheel.connectors.model.endpoints import ModbusConnection
from handwheel.connectors.model.tags import Table


class Device(RawTables):
    """A device with some addresses, a limit for one request, and a place where it is silent."""

    def __init__(self, held: AbstractSet[int], most: int = 125, silent: int = -1) -> None:
        config = ModbusConnection(kind="modbus", host="h")
        super().__init__("meter", config, cast(ModbusTransport, None))
        self._held = held
        self._limit = most
        self._silent = silent
        self.count = 0

    async def ask(self, table: Table, start: int, count: int) -> list[int] | DeviceException:
        self.count += 1
        wanted = range(start, start + count)
        if self._silent in wanted:
            raise NotConnected({"meter": "modbus://h:502/1: no answer within 3 s"})
        if not self._held:
            return DeviceException(1)
        if count > self._limit:
            return DeviceException(3)
        return [each % 7 for each in wanted] if self._held >= set(wanted) else DeviceException(2)


CASES: list[tuple[Device, list[str], int, str]] = [
    (Device(set(range(48))), ["0..47"], 125, ""),
    (Device({1, 2, 3, 10, *range(3000, 3200)}), ["1..3", "10..10", "3000..3199"], 125, ""),
    (Device(set(range(300)), most=64), ["0..299"], 64, ""),
    (Device(set(range(65536))), ["0..10999"], 125, ""),
    (Device(set()), [], 125, "the device has no such table"),
    (Device(set(range(300)), silent=130), ["0..125"], 125, "no answer within 3 s"),
]


@pytest.mark.parametrize(("device", "spans", "most", "reason"), CASES)
async def test_ranges_are_found_with_the_devices_limit(
    device: Device, spans: list[str], most: int, reason: str
) -> None:
    found = await find_ranges(device, "holding")
    told = [f"{each[0]}..{each[-1]}" for each in found.ranges]
    assert (told[: len(spans)], found.most, found.reason) == (spans, most, reason)
    assert len(told) == len(spans) or told[0] == "0..10999"
    assert device.count < 250


async def test_a_refused_request_is_halved_to_its_addresses() -> None:
    device = Device({0, 1, 2, 4, 5, 6, 7, 130, 131}, most=100)
    cells = await device.read("input", 0, 132)
    refused = {at for at, cell in cells.items() if isinstance(cell, DeviceException)}
    assert list(cells) == list(range(132))
    assert refused == set(range(132)) - {0, 1, 2, 4, 5, 6, 7, 130, 131}
    assert (cells[5], cells[130]) == (5, 130 % 7)
    silent = Device({0}, silent=3)
    with pytest.raises(NotConnected):
        await silent.read("input", 0, 8)
