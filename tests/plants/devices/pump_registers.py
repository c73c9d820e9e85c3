"""The register image of two pumps, as the tags of `cw-100` have it."""

import struct
from time import monotonic

OFFSETS = (0, 20)  # P-101A, P-101B
SIZE = 100  # of each table; what no tag has reads zero

RUN, RESET = 0, 1
REMOTE, MAINTENANCE = 1, 2
HEARTBEAT, MAP_VERSION = 40, 44

ILLEGAL_ADDRESS, ILLEGAL_VALUE = 2, 3


class Refused(Exception):
    """Answer with this Modbus exception code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exception {code}")
        self.code = code


class Registers:
    """Coils and registers; P-101A runs, both pumps are in remote."""

    def __init__(self) -> None:
        self.coils = [0] * SIZE
        self.holding = [0] * SIZE
        self.coils[RUN] = 1
        for offset in OFFSETS:
            self.holding[offset] = REMOTE
        self._start_s = monotonic()

    def read(self, function: int, address: int, count: int) -> list[int]:
        table = {1: self.coils, 2: self._discrete(), 3: self.holding, 4: self._input()}[function]
        if address + count > SIZE:
            raise Refused(ILLEGAL_ADDRESS)
        return table[address : address + count]

    def _discrete(self) -> list[int]:
        table = [0] * SIZE
        for offset in OFFSETS:
            is_remote = int(self.holding[offset] == REMOTE)
            table[offset : offset + 3] = [self.coils[offset + RUN], 0, is_remote]
        return table

    def _input(self) -> list[int]:
        table = [0] * SIZE
        for offset in OFFSETS:
            is_running = self.coils[offset + RUN]
            values = (100.0 * is_running, 12.0 * is_running, 2.0, 45.0)  # speed … bearing
            for n, value in enumerate(values):
                table[offset + 2 * n : offset + 2 * n + 2] = _words(struct.pack(">f", value))
        seconds = monotonic() - self._start_s
        table[HEARTBEAT : HEARTBEAT + 2] = _words(struct.pack(">I", int(2 * seconds)))
        table[HEARTBEAT + 2 : HEARTBEAT + 4] = _words(struct.pack(">I", int(seconds)))
        table[MAP_VERSION] = 1
        return table

    def check(self, function: int, address: int, value: int) -> None:
        """Raises if it is no command or mode, or its pump is not in remote."""
        offset = address - address % 20
        places = {RUN, RESET} if function == 5 else {0}
        if offset not in OFFSETS or address % 20 not in places:
            raise Refused(ILLEGAL_ADDRESS)
        if function == 5 and self.holding[offset] != REMOTE:
            raise Refused(ILLEGAL_VALUE)
        if value not in ({0, 0xFF00} if function == 5 else {REMOTE, MAINTENANCE}):
            raise Refused(ILLEGAL_VALUE)

    def write(self, function: int, address: int, value: int) -> None:
        if function == 5:
            self.coils[address] = int(value > 0 and address % 20 == RUN)  # a reset is a pulse
        else:
            self.holding[address] = value


def _words(raw: bytes) -> list[int]:
    return list(struct.unpack(f">{len(raw) // 2}H", raw))
