"""One open session with a Modbus device and the units behind it."""

import asyncio
from collections.abc import Mapping, Sequence
from itertools import groupby
from time import monotonic

from ..errors import NotConnected
from ..model.tags import Tag
from ..model.values import (
    BAD_DEVICE_FAILURE,
    BAD_NO_COMMUNICATION,
    BAD_NODE_UNKNOWN,
    DataValue,
    StatusCode,
    never_read,
)
from ..session.protocols import NO_WRITE
from .block import Block
from .device import ModbusDevice
from .encoder import ModbusEncoder
from .identification import identify
from .probes import Dial
from .transport import Answer, DeviceException, ModbusTransport, TransportError
from .unit_connection import UnitConnection

# Lasting exceptions: the block is split, and a single refused tag is left out. Beside 2, illegal
# address, many devices answer 3 to a request that is too long for them.
_LASTING: Mapping[int, StatusCode] = {2: BAD_NODE_UNKNOWN, 3: BAD_DEVICE_FAILURE}
_ASK_AGAIN_S = 10.0
_ASK_ALL_S = 60.0
_DECODED_AT_ONCE = 500  # tags, about 1 ms on the event loop


class ModbusSession:
    """One open connection. See `Session`.

    It sends function codes 1 to 4, and 43 to ask for the identity. `dial` opens another connection
    after a unit's silence has broken this one, `None` where the session must end then.

    Source: Modbus Application Protocol 1.1b3; Modbus Messaging on TCP/IP 1.0b.
    """

    def __init__(
        self, device: ModbusDevice, transport: ModbusTransport, dial: Dial | None = None
    ) -> None:
        self._device = device
        self._planner = device.planner
        self._connection = UnitConnection(device, transport, dial)
        self._refused: dict[str, tuple[int, StatusCode]] = {}
        self._asked_s = monotonic()

    @property
    def faults(self) -> Mapping[str, str]:
        """Silent units and the number of refused tags. See `Session.faults`."""
        faults = self._device.units.faults
        if self._refused:
            count = len(self._refused)
            codes = sorted({status.name for _, status in self._refused.values()})
            faults[f"{count} tag{'s' * (count > 1)}"] = f"refused: {', '.join(codes)}"
        return faults

    async def probe(self) -> None:
        """Reads one register. See `Session.probe`."""
        await self._connection.probe()

    async def read(self, tags: Sequence[Tag]) -> Mapping[str, DataValue]:
        """Reads the tags in merged blocks, unit by unit. See `Session.read`."""
        self._connection.begin_reading()
        answer_count = self._connection.answer_count
        await self._ask_again(tags)
        values = self._refusals(tags)
        wanted = [tag for tag in tags if tag.name not in values] if values else tags
        plan = await self._planner.plan(wanted)
        self._device.units.add(block.unit for block in plan)
        by_unit = {unit: list(part) for unit, part in groupby(plan, lambda block: block.unit)}
        for unit, blocks in by_unit.items():
            values |= await self._read_unit(unit, blocks)
        for unit in by_unit.keys() & await self._connection.find_recovered():
            values |= await self._read_unit(unit, by_unit[unit])
        if tags and self._connection.answer_count == answer_count:
            await self._connection.probe()  # all units are silent, or all tags refused
        return values

    async def encoder(self, tags: Sequence[Tag]) -> ModbusEncoder:
        """Asks for the device's identity. See `Session.encoder`."""
        del tags  # their addresses hold the types
        config = self._device.config
        if config.write is None:
            raise NotConnected({self._device.name: NO_WRITE})
        try:
            identity = await identify(self._connection.transport, config)
        except TransportError as error:
            raise self._device.lost(str(error)) from None
        return ModbusEncoder(self._device.name, config, identity)

    async def close(self) -> None:
        """Closes the connection. It raises no error."""
        await self._connection.close()

    async def _ask_again(self, tags: Sequence[Tag]) -> None:
        # A PLC may refuse everything during a program download. One request now and then finds
        # the end of that. Each refused tag is asked again within about a minute.
        if not self._refused:
            return
        by_name = {tag.name: tag for tag in tags if tag.name in self._refused}
        if not by_name or monotonic() - self._asked_s < min(
            _ASK_AGAIN_S, _ASK_ALL_S / len(by_name)
        ):
            return
        self._asked_s = monotonic()
        name = next(name for name in self._refused if name in by_name)
        unit, _ = self._refused.pop(name)  # if refused again, it goes to the end of the queue
        answer = await self._read_unit(unit, [self._planner.single(by_name[name])])
        if answer[name].status not in {*_LASTING.values(), BAD_NO_COMMUNICATION}:
            self._refused = {
                name: refusal for name, refusal in self._refused.items() if refusal[0] != unit
            }

    async def _read_unit(self, unit: int, blocks: Sequence[Block]) -> dict[str, DataValue]:
        values: dict[str, DataValue] = {}
        due = blocks
        while due:
            answers = None
            if unit not in self._device.units.silent:
                answers = await self._connection.ask(unit, [block.request for block in due])
            if answers is None:
                unknown = never_read(BAD_NO_COMMUNICATION, monotonic())
                return values | {tag.name: unknown for block in due for tag in block.tags}
            due = await self._take(due, answers, values)
        return values

    async def _take(
        self,
        blocks: Sequence[Block],
        answers: Sequence[Answer | DeviceException],
        values: dict[str, DataValue],
    ) -> list[Block]:
        """Adds the answers to the values and returns the blocks still to be asked."""
        parts: list[Block] = []
        decoded = 0
        for block, answer in zip(blocks, answers, strict=True):
            if isinstance(answer, DeviceException):
                parts += self._refuse(block, answer, values)
                continue
            self._planner.accept(block)
            values |= block.decode(*answer)
            decoded += len(block.tags)
            if decoded >= _DECODED_AT_ONCE:
                decoded = 0
                await asyncio.sleep(0)
        return parts

    def _refuse(
        self, block: Block, refusal: DeviceException, values: dict[str, DataValue]
    ) -> list[Block]:
        status = _LASTING.get(refusal.code)
        if status is None:
            failure = never_read(BAD_DEVICE_FAILURE, monotonic())
            values |= dict.fromkeys((tag.name for tag in block.tags), failure)
            return []
        parts = self._planner.split(block)
        if not parts:
            self._refused |= {tag.name: (block.unit, status) for tag in block.tags}
            values |= self._refusals(block.tags)
        return parts

    def _refusals(self, tags: Sequence[Tag]) -> dict[str, DataValue]:
        if not self._refused:
            return {}
        now_s = monotonic()
        return {
            tag.name: never_read(self._refused[tag.name][1], now_s)
            for tag in tags
            if tag.name in self._refused
        }
