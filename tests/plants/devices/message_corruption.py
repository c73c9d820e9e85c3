"""Spoils what an OPC UA server answers, message by message, on a link."""

import struct
from collections import Counter, deque
from collections.abc import Callable, Mapping
from random import Random

from handwheel.sim_plant.link.proxy import LinkProxy

_HEADER = 24  # kind, size, channel, token, sequence and request
_SIZE, _CHANNEL, _TOKEN, _SEQUENCE, _REQUEST = 4, 8, 12, 16, 20
_FLOOD = 2**20


class Spoiler:
    """Makes another message of a share of them, in these ways, or in every way."""

    def __init__(self, link: LinkProxy, seed: int, share: float, *kinds: str) -> None:
        self.sent: Counter[str] = Counter()
        self.is_on = True
        self.random = Random(seed)
        self.old: deque[bytes] = deque(maxlen=8)
        self.link = link
        self.held = b""
        self._share = share
        self._kinds = sorted(kinds or KINDS)
        self._deck: list[str] = []
        link.alter(self._spoil)

    def _spoil(self, message: bytes) -> bytes:
        if not self.is_on or message[:3] != b"MSG" or len(message) < _HEADER:
            return message
        held, self.held = self.held, b""
        kind = "right"
        if self.random.random() < self._share:
            kind = self._draw()
        self.sent[kind] += 1
        spoilt = KINDS[kind](self, message) if kind in KINDS else message
        self.old.append(message)
        return spoilt + held

    def _draw(self) -> str:
        """Returns one kind after the other, each as often, in any order."""
        if not self._deck:
            self._deck = self.random.sample(self._kinds, len(self._kinds))
        return self._deck.pop()

    def cut(self) -> None:
        """Resets the connection; the next one is let through and spoilt again."""
        self.link.cut()
        self.link.mend()
        self.link.alter(self._spoil)


Kind = Callable[[Spoiler, bytes], bytes]


def _number(message: bytes, at: int, change: Callable[[int], int]) -> bytes:
    (number,) = struct.unpack_from("<I", message, at)
    return message[:at] + struct.pack("<I", change(number) & 0xFFFFFFFF) + message[at + 4 :]


def _old(spoiler: Spoiler, message: bytes) -> bytes:
    return spoiler.random.choice(spoiler.old) if spoiler.old else message


def _old_body(spoiler: Spoiler, message: bytes) -> bytes:
    """The header of this answer around an earlier one; what tells is the request's handle."""
    body = _old(spoiler, message)[_HEADER:]
    return _number(message[:_HEADER], _SIZE, lambda _: _HEADER + len(body)) + body


def _old_of_the_same(spoiler: Spoiler, message: bytes) -> bytes:
    """An earlier answer under the present sequence number and its own request."""
    old = _old(spoiler, message)
    return old[:_SEQUENCE] + message[_SEQUENCE:_REQUEST] + old[_REQUEST:]


def _late(spoiler: Spoiler, message: bytes) -> bytes:
    """Comes only after the next message."""
    spoiler.held = message
    return b""


def _truncated(spoiler: Spoiler, message: bytes) -> bytes:
    spoiler.cut()
    return message[: spoiler.random.randrange(len(message))]


def _one_bit(spoiler: Spoiler, message: bytes) -> bytes:
    at = spoiler.random.randrange(_HEADER)
    bit = 1 << spoiler.random.randrange(8)
    return message[:at] + bytes([message[at] ^ bit]) + message[at + 1 :]


def _flood(spoiler: Spoiler, message: bytes) -> bytes:
    junk = b"".join(spoiler.old) or message
    size = spoiler.random.choice((2**12, 2**14, _FLOOD))
    return message + junk * (size // len(junk) + 1)


KINDS: Mapping[str, Kind] = {
    "left out": lambda _, __: b"",
    "late": _late,
    "twice": lambda _, message: 2 * message,
    "old answer": _old,
    "old under its request": _old_of_the_same,
    "old body": _old_body,
    "the next request": lambda _, m: _number(m, _REQUEST, lambda n: n + 1),
    "the last request": lambda _, m: _number(m, _REQUEST, lambda n: n - 1),
    "another sequence": lambda _, m: _number(m, _SEQUENCE, lambda n: n + 7),
    "another channel": lambda _, m: _number(m, _CHANNEL, lambda n: n + 1),
    "another token": lambda _, m: _number(m, _TOKEN, lambda n: n + 1),
    "aborted": lambda _, m: m[:3] + b"A" + m[4:],
    "not the last chunk": lambda _, m: m[:3] + b"C" + m[4:],
    "too long": lambda _, m: _number(m, _SIZE, lambda n: n + 9),
    "too short": lambda _, m: _number(m, _SIZE, lambda n: n - 9),
    "huge": lambda _, m: _number(m, _SIZE, lambda _: 0x7FFFFFFF),
    "garbage": lambda spoiler, m: spoiler.random.randbytes(_HEADER) + m[_HEADER:],
    "one bit of the header": _one_bit,
    "truncated": _truncated,
    "flood": _flood,
}
