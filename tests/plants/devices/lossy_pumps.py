"""A pump package that loses answers: `python -m tests.plants.devices.lossy_pumps --frame-log F`.

One register image behind a port that reads and a port that writes, laid out as the tags of
`cw-100`. Nothing of Handwheel is in it. It prints its ports as one JSON line, and ends with its
standard input. A line on that, one of `Always`, sets the registers back and decides what becomes
of every write from then on; any other is a write that somebody does at the device itself. It is
answered with a line.
"""

import argparse
import asyncio
import json
import os
import struct
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Literal, get_args

from .pump_registers import ILLEGAL_VALUE, Refused, Registers

MODEL = "cw-100"
UNIT = 1
SWALLOWED = "swallowed"

_IDENTITY = (b"Handwheel", MODEL.encode(), b"simulated plant")
_HEADER = struct.Struct(">HHHB")
_WRITES = {5, 6, 15, 16}
_ILLEGAL_FUNCTION, _ILLEGAL_ADDRESS, _NO_SUCH_UNIT = 1, 2, 11

Always = Literal["", "refuse", "lose", "swallow", "echo", "ignore", "late", "rename"]
"""What becomes of every write: it is refused, executed and not answered, neither, executed and
answered with other bytes, answered and not executed, answered and executed after a while; or
the writing port has another name."""
_LATE_S = 0.08
_OTHER_NAME = b"Another package"


class FrameLog:
    """Appends one JSON line for each write, and waits until the system has it."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self._start_s = monotonic()
        self._count = 0

    def record(
        self, port: str, listener: int, peer: str, unit: int, pdu: bytes, answer: str
    ) -> None:
        self._count += 1
        frame = {
            "n": self._count,
            "wall": datetime.now(UTC).isoformat(timespec="microseconds"),
            "plant_s": monotonic() - self._start_s,
            "protocol": "modbus",
            "listener": listener,
            "port": port,
            "peer": peer,
            "unit": unit,
            "pdu": pdu.hex(),
            "answer": answer,
        }
        line = json.dumps(frame, separators=(",", ":")).encode() + b"\n"
        if os.write(self._file, line) != len(line):
            raise OSError("the frame log is full")


class Device:
    """Answers requests, or does not."""

    def __init__(self, log: FrameLog) -> None:
        self._registers = Registers()
        self._log = log
        self._always: Always = ""

    def obey(self, word: str) -> None:
        """Begins anew, with this fault in every write; or does a write, which is not recorded."""
        always: Sequence[Always] = get_args(Always)
        if word not in always:
            self._registers.write(*self._checked("gate", UNIT, bytes.fromhex(word)))
            return
        self._registers = Registers()
        self._always = always[always.index(word)]

    async def serve(
        self, port: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Serves one client of the port `gate` or `viewer`, one request after the other."""
        peer = "{}:{}".format(*writer.get_extra_info("peername")[:2])
        listener: int = writer.get_extra_info("sockname")[1]
        try:
            while True:
                transaction, _, length, unit = _HEADER.unpack(await reader.readexactly(7))
                pdu = await reader.readexactly(length - 1)
                answer = self.answer(port, listener, peer, unit, pdu)
                if answer is None:
                    continue
                writer.write(_HEADER.pack(transaction, 0, len(answer) + 1, unit) + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client has gone, or was killed
        finally:
            writer.close()

    def answer(self, port: str, listener: int, peer: str, unit: int, pdu: bytes) -> bytes | None:
        """Executes a request and returns the answer; none if it is lost.

        Every write that arrives is recorded: else a second one, after the first was swallowed,
        would look like the only one.
        """
        if pdu[0] not in _WRITES:
            try:
                return self._look(port, unit, pdu)
            except Refused as refusal:
                return bytes([pdu[0] | 0x80, refusal.code])
        always = self._always if port == "gate" else ""
        record = partial(self._log.record, port, listener, peer, unit, pdu)
        if always == "swallow":
            record(SWALLOWED)
            return None
        try:
            if always == "refuse":
                raise Refused(_ILLEGAL_ADDRESS)
            write = self._checked(port, unit, pdu)
        except Refused as refusal:
            record(str(refusal))
            return bytes([pdu[0] | 0x80, refusal.code])
        record("ok")  # before it is done: no write is unknown
        if always == "late":
            asyncio.get_running_loop().call_later(_LATE_S, self._registers.write, *write)
        elif always != "ignore":
            self._registers.write(*write)
        if always == "lose":
            return None
        return pdu[:4] + bytes([pdu[4] ^ 1]) if always == "echo" else pdu[:5]

    def _look(self, port: str, unit: int, pdu: bytes) -> bytes:
        if unit != UNIT:
            raise Refused(_NO_SUCH_UNIT)
        if pdu[:2] == b"\x2b\x0e":
            is_renamed = port == "gate" and self._always == "rename"
            names = (_OTHER_NAME, *_IDENTITY[1:]) if is_renamed else _IDENTITY
            objects = b"".join(bytes([n, len(each)]) + each for n, each in enumerate(names))
            return b"\x2b\x0e\x01\x81\x00\x00" + bytes([len(_IDENTITY)]) + objects
        if pdu[0] not in {1, 2, 3, 4}:
            raise Refused(_ILLEGAL_FUNCTION)
        if len(pdu) != 5:
            raise Refused(ILLEGAL_VALUE)
        address, count = struct.unpack(">HH", pdu[1:])
        items = self._registers.read(pdu[0], address, count)
        if pdu[0] in {1, 2}:
            packed = sum(bit << n for n, bit in enumerate(items))
            data = packed.to_bytes((count + 7) // 8, "little")
        else:
            data = struct.pack(f">{count}H", *items)
        return bytes([pdu[0], len(data)]) + data

    def _checked(self, port: str, unit: int, pdu: bytes) -> tuple[int, int, int]:
        if port != "gate" or pdu[0] not in {5, 6}:
            raise Refused(_ILLEGAL_FUNCTION)
        if unit != UNIT:
            raise Refused(_NO_SUCH_UNIT)
        function, address, value = struct.unpack(">BHH", pdu)
        self._registers.check(function, address, value)
        return function, address, value


async def serve(log: Path) -> None:
    """Serves until standard input ends."""
    device = Device(FrameLog(log))
    servers = [
        await asyncio.start_server(partial(device.serve, port), "127.0.0.1", 0)
        for port in ("viewer", "gate")
    ]
    modbus, gate = (server.sockets[0].getsockname()[1] for server in servers)
    ready = {"ready": True, "model": MODEL, "ports": {"modbus": modbus, "modbus_gate": gate}}
    print(json.dumps(ready), flush=True)
    parent = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(parent)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    try:
        while line := await parent.readline():
            device.obey(line.decode().strip())
            print(json.dumps({"obeyed": line.decode().strip()}), flush=True)
    finally:
        transport.close()
        for server in servers:
            server.close()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.plants.devices.lossy_pumps")
    parser.add_argument("--frame-log", type=Path, required=True)
    asyncio.run(serve(parser.parse_args(arguments).frame_log))


if __name__ == "__main__":
    main()
