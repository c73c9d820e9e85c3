"""The device's own record of every write that arrived, in the form of the plant's."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic


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
