"""Opens read sessions with a Modbus TCP device."""

from collections.abc import Callable, Mapping, Sequence
from time import monotonic

from pymodbus.pdu import ModbusPDU
from pymodbus.pdu import bit_message as bits
from pymodbus.pdu import register_message as registers

from ..endpoints import ModbusConnection
from ..errors import NotConnected
from ..session import NO_WRITE
from ..tags import RegisterAddress, Table, Tag
from ..values import BAD_DEVICE_FAILURE, BAD_NODE_UNKNOWN, DataValue, StatusCode, never_read
from .codec import decode
from .encoding import ModbusEncoder
from .identification import identify
from .planner import Block, Planner
from .transport import DeviceException, ModbusTransport, TransportError

_REQUESTS: Mapping[Table, Callable[..., ModbusPDU]] = {
    "coil": bits.ReadCoilsRequest,
    "discrete": bits.ReadDiscreteInputsRequest,
    "holding": registers.ReadHoldingRegistersRequest,
    "input": registers.ReadInputRegistersRequest,
}
# Exceptions to what was asked, not to when: the block is split, and a single tag so refused
# is left out. To 2, an illegal address, many devices add 3 for a request too long for them.
_LASTING: Mapping[int, StatusCode] = {2: BAD_NODE_UNKNOWN, 3: BAD_DEVICE_FAILURE}
_ASK_AGAIN_S = 10.0
_ASK_ALL_S = 60.0


class ModbusConnector:
    """Opens read sessions with one device, over a port that needs to grant reading only.

    Args:
        name: The connection's name in the site file.
        config: Host, port, unit, byte order.
    """

    def __init__(self, name: str, config: ModbusConnection) -> None:
        self.name = name
        self.where = config.where
        self.scan_s = config.scan
        self.has_cyclic_stamps = False  # Modbus sends no times
        self.is_subscribed = False  # nor does it tell anything by itself
        self.config = config
        bits, words = config.max_bits, config.max_registers
        self.planner = Planner({"coil": bits, "discrete": bits, "input": words, "holding": words})

    async def open(self) -> "ModbusSession":
        """Connects; see `Connector.open`."""
        config = self.config
        try:
            transport = await ModbusTransport.open(config.host, config.read.port, config.timeout)
        except TransportError as error:
            raise self.lost(error) from None
        return ModbusSession(self, transport)

    def lost(self, error: TransportError) -> NotConnected:
        """Translates a transport's error."""
        return NotConnected({self.name: f"{self.where}: {error}"})


class ModbusSession:
    """One open connection; see `Session`. It sends function codes 1 to 4, and 43 to ask who it is.

    Source: Modbus Application Protocol 1.1b3; Modbus Messaging on TCP/IP 1.0b.
    """

    def __init__(self, connector: ModbusConnector, transport: ModbusTransport) -> None:
        self._connector = connector
        self._transport = transport
        self._refused: dict[str, StatusCode] = {}
        self._asked_s = monotonic()
        self.faults: Mapping[str, str] = {}

    async def probe(self) -> None:
        """Reads one register; see `Session.probe`."""
        config = self._connector.config
        request = registers.ReadHoldingRegistersRequest(address=0, count=1, dev_id=config.unit)
        try:
            await self._transport.request(config.unit, request)
        except DeviceException:
            pass  # it lives
        except TransportError as error:
            raise self._connector.lost(error) from None

    async def read(self, tags: Sequence[Tag]) -> Mapping[str, DataValue]:
        """Reads the tags in merged blocks; see `Session.read`."""
        await self._ask_again(tags)
        values: dict[str, DataValue] = {}
        wanted = [tag for tag in tags if tag.name not in self._refused]
        for block in list(self._connector.planner.plan(wanted)):
            values |= await self._read_block(block)
        now = monotonic()
        refused = {name: never_read(status, now) for name, status in self._refused.items()}
        return values | {tag.name: refused[tag.name] for tag in tags if tag.name in refused}

    async def encoder(self, tags: Sequence[Tag]) -> ModbusEncoder:
        """Asks the device who it is; see `Session.encoder`."""
        del tags  # their addresses say everything
        config = self._connector.config
        if config.write is None:
            raise NotConnected({self._connector.name: NO_WRITE})
        try:
            identity = await identify(self._transport, config)
        except TransportError as error:
            raise self._connector.lost(error) from None
        return ModbusEncoder(self._connector.name, config, identity)

    async def _ask_again(self, tags: Sequence[Tag]) -> None:
        # A PLC may refuse everything while a program is loaded into it. One request now and
        # then finds the end of that; each refused tag has its turn within about a minute.
        by_name = {tag.name: tag for tag in tags if tag.name in self._refused}
        if not by_name:
            return
        pause = min(_ASK_AGAIN_S, _ASK_ALL_S / len(by_name))
        if monotonic() - self._asked_s < pause:
            return
        self._asked_s = monotonic()
        name = next(name for name in self._refused if name in by_name)
        del self._refused[name]  # refused once more, it goes to the end of the queue
        answer = await self._read_block(self._connector.planner.alone(by_name[name]))
        if name in answer and answer[name].status != BAD_DEVICE_FAILURE:
            self._refused.clear()

    async def _read_block(self, block: Block) -> dict[str, DataValue]:
        config = self._connector.config
        request = _REQUESTS[block.table](address=block.start, count=block.count, dev_id=config.unit)
        try:
            answer = await self._transport.request(config.unit, request)
        except DeviceException as refusal:
            return await self._read_refused(block, refusal)
        except TransportError as error:
            raise self._connector.lost(error) from None
        self._connector.planner.accept(block)
        is_bits = block.table in {"coil", "discrete"}
        items = [int(bit) for bit in answer.bits] if is_bits else list(answer.registers)
        now = monotonic()
        return {tag.name: self._value(tag, block, items, now) for tag in block.tags}

    async def _read_refused(self, block: Block, refusal: DeviceException) -> dict[str, DataValue]:
        status = _LASTING.get(refusal.code)
        parts = self._connector.planner.split(block) if status is not None else []
        if parts:
            values: dict[str, DataValue] = {}
            for part in parts:
                values |= await self._read_block(part)
            return values
        if status is not None:
            self._refused |= {tag.name: status for tag in block.tags}
            return {}
        now = monotonic()
        return {tag.name: never_read(BAD_DEVICE_FAILURE, now) for tag in block.tags}

    def _value(self, tag: Tag, block: Block, items: Sequence[int], now_s: float) -> DataValue:
        address = tag.address
        assert isinstance(address, RegisterAddress)
        offset = address.address - block.start
        words = items[offset : offset + address.count]
        value, status = decode(words, address.encoding, tag.kind, self._connector.config.order)
        return DataValue(value, status, None, None, now_s)

    async def close(self) -> None:
        """Closes the connection; never raises."""
        await self._transport.close()
