"""A small asyncio Modbus TCP server on pymodbus' PDUs.

pymodbus' own server answers one of several requests in a segment and can mix up
transaction ids. This one gives one answer per request, in order, under the
request's own transaction id.
"""

import asyncio
import struct
from collections.abc import Callable, Mapping

from pymodbus.pdu import DecodePDU, ModbusPDU
from pymodbus.pdu import bit_message as bits
from pymodbus.pdu import register_message as registers

from ...errors import ServeError, WriteRejected
from ...model import Table
from ..frame_log import FrameLog
from .identification import LENGTH, identification, is_identification
from .registers import RegisterImage, UnknownAddress

UNIT = 1

ILLEGAL_FUNCTION = 1
ILLEGAL_ADDRESS = 2
ILLEGAL_VALUE = 3
DEVICE_FAILURE = 4
NO_SUCH_UNIT = 11

_READS: Mapping[int, tuple[Table, Callable[..., ModbusPDU]]] = {
    1: ("coil", bits.ReadCoilsResponse),
    2: ("discrete", bits.ReadDiscreteInputsResponse),
    3: ("holding", registers.ReadHoldingRegistersResponse),
    4: ("input", registers.ReadInputRegistersResponse),
}
_WRITES: Mapping[int, Table] = {5: "coil", 15: "coil", 6: "holding", 16: "holding"}

_HEADER = struct.Struct(">HHHB")
_MAX_PDU = 253
_MAX_CONNECTIONS = 64
_ANSWER_WITHIN_S = 10.0
_SILENT_AFTER_S = 60.0  # an idle client may then be replaced by a new one


class ModbusRefusal(Exception):
    """A request is refused with a Modbus exception code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exception {code}")
        self.code = code


class ModbusServer:
    """Modbus listener on loopback, of which several may share a register image.

    `name` is `viewer` or `gate`, for the frame log. Without `accepts_writes` it answers every write
    with exception 1.
    """

    def __init__(
        self, image: RegisterImage, frames: FrameLog, name: str, model: str, *, accepts_writes: bool
    ) -> None:
        self._image = image
        self._frames = frames
        self._name = name
        self._model = model
        self._accepts_writes = accepts_writes
        self._decoder = DecodePDU(is_server=True)
        self._server: asyncio.Server | None = None
        self._listener = 0
        self._connections: set[asyncio.StreamWriter] = set()
        self._active_at_s: dict[asyncio.StreamWriter, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """Port on which the server listens."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self, port: int) -> None:
        """Listens on loopback, for port 0 on a free port. Raises `OSError` if it is in use."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", port)
        self._listener = self.port

    def drop(self) -> None:
        """Aborts every connection, as when the link goes down."""
        for writer in self._connections:
            writer.transport.abort()

    async def stop(self) -> None:
        """Stops listening and closes every connection."""
        if self._server is None:
            return
        self._server.close()
        await asyncio.sleep(0)  # connections that were accepted just now start their tasks
        while self._tasks:
            self.drop()  # closing would wait for a client that does not read
            await asyncio.wait(self._tasks, timeout=0.05)
        await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._image.process.is_modbus_down or not self._has_room():
            writer.transport.abort()
            return
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._connections.add(writer)
        self._touch(writer)
        try:
            await self._serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            writer.transport.abort()  # the client has gone, or does not read its answers
        finally:
            self._connections.discard(writer)
            self._active_at_s.pop(writer, None)
            self._tasks.discard(task)
            writer.close()

    def _touch(self, writer: asyncio.StreamWriter) -> None:
        self._active_at_s[writer] = asyncio.get_running_loop().time()

    def _has_room(self) -> bool:
        """Returns whether one more may connect, if needed in place of an idle client."""
        if len(self._connections) < _MAX_CONNECTIONS:
            return True
        quietest = min(self._connections, key=self._active_at_s.__getitem__)
        silence_s = asyncio.get_running_loop().time() - self._active_at_s[quietest]
        if silence_s < _SILENT_AFTER_S:
            return False
        self._connections.discard(quietest)
        quietest.transport.abort()
        return True

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = "{}:{}".format(*writer.get_extra_info("peername")[:2])
        while True:
            transaction, protocol, length, unit = _HEADER.unpack(await reader.readexactly(7))
            if protocol != 0 or not 2 <= length <= _MAX_PDU + 1:
                return  # not Modbus, and the start of the next frame is unknown
            pdu = await reader.readexactly(length - 1)
            self._touch(writer)
            if self._image.process.is_modbus_down:
                return  # the link went down before the answer
            answer = self.answer(unit, pdu, peer)
            writer.write(_HEADER.pack(transaction, 0, len(answer) + 1, unit) + answer)
            async with asyncio.timeout(_ANSWER_WITHIN_S):
                await writer.drain()
            await asyncio.sleep(0)  # lets other clients be served between two requests of one

    def answer(self, unit: int, pdu: bytes, peer: str) -> bytes:
        """Returns a well-formed answer to one request, whatever its bytes are."""
        if pdu[0] in _READS or is_identification(pdu):
            return self._outcome(unit, pdu)[0]
        return self._recorded(unit, pdu, peer)

    def _recorded(self, unit: int, pdu: bytes, peer: str) -> bytes:
        frame = {
            "protocol": "modbus",
            "listener": self._listener,
            "port": self._name,
            "peer": peer,
            "unit": unit,
        }
        try:
            with self._image.process.transaction():
                response, result = self._outcome(unit, pdu)
                self._frames.record(frame | {"pdu": pdu.hex(), "answer": result})
        except ServeError:  # the transaction has undone what cannot be recorded
            return _refused(pdu, DEVICE_FAILURE)
        return response

    def _outcome(self, unit: int, pdu: bytes) -> tuple[bytes, str]:
        try:
            return self._respond(unit, pdu), "ok"
        except ModbusRefusal as refusal:
            return _refused(pdu, refusal.code), f"exception {refusal.code}"

    def _respond(self, unit: int, pdu: bytes) -> bytes:
        function = pdu[0]
        is_write = function in _WRITES
        is_known = function in _READS or is_identification(pdu)
        if not is_known and not (is_write and self._accepts_writes):
            raise ModbusRefusal(ILLEGAL_FUNCTION)
        if unit != UNIT:
            raise ModbusRefusal(NO_SUCH_UNIT)
        if is_identification(pdu):
            return _encoded(self._identify(pdu))
        request = self._decode(pdu)
        try:
            if not is_write:
                return _encoded(self._read(request))
            self._write(request)
            return pdu[:5]  # function, address, and the value of one item or the count of several
        except UnknownAddress:
            raise ModbusRefusal(ILLEGAL_ADDRESS) from None
        except WriteRejected:
            raise ModbusRefusal(ILLEGAL_VALUE) from None

    def _identify(self, pdu: bytes) -> ModbusPDU:
        if len(pdu) != LENGTH:
            raise ModbusRefusal(ILLEGAL_VALUE)
        try:
            answer = identification(self._model, pdu)
        except ValueError:
            raise ModbusRefusal(ILLEGAL_VALUE) from None
        if answer is None:
            raise ModbusRefusal(ILLEGAL_ADDRESS)
        return answer

    def _decode(self, pdu: bytes) -> ModbusPDU:
        if not _is_well_formed(pdu):
            raise ModbusRefusal(ILLEGAL_VALUE)
        request = self._decoder.decode(pdu)
        if request is None:
            raise ModbusRefusal(ILLEGAL_VALUE)
        return request

    def _read(self, request: ModbusPDU) -> ModbusPDU:
        table, response = _READS[request.function_code]
        items = self._image.read(table, request.address, request.count)
        if table in {"coil", "discrete"}:
            return response(bits=[bool(item) for item in items])
        return response(registers=items)

    def _write(self, request: ModbusPDU) -> None:
        table = _WRITES[request.function_code]
        items = [int(bit) for bit in request.bits] if table == "coil" else list(request.registers)
        self._image.write(table, request.address, items)


def _encoded(response: ModbusPDU) -> bytes:
    return bytes([response.function_code]) + response.encode()


def _refused(pdu: bytes, code: int) -> bytes:
    return bytes([pdu[0] | 0x80, code])


def _is_well_formed(pdu: bytes) -> bool:
    """Returns whether length, counts and values agree, which pymodbus does not check."""
    function = pdu[0]
    if function in {15, 16}:
        if len(pdu) < 6:
            return False
        count = int.from_bytes(pdu[3:5], "big")
        expected = (count + 7) // 8 if function == 15 else 2 * count
        limit = 1968 if function == 15 else 123
        return 1 <= count <= limit and pdu[5] == expected and len(pdu) == 6 + expected
    if len(pdu) != 5:
        return False
    value = int.from_bytes(pdu[3:5], "big")
    if function == 5:
        return value in {0x0000, 0xFF00}
    if function == 6:
        return True
    return 1 <= value <= (2000 if function in {1, 2} else 125)
