"""Faults of one direction, fixed by seed, connection and position in the stream."""

from collections.abc import Callable
from dataclasses import dataclass
from math import log
from random import Random


class _Streams:
    """One random stream for each connection, so that they do not depend on each other's order."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._streams: dict[int, Random] = {}

    def of(self, connection: int) -> Random:
        if connection not in self._streams:
            self._streams[connection] = Random(f"{self._seed}/{connection}")
        return self._streams[connection]


class Delay:
    """Delays every unit by `seconds` plus up to `jitter_s`, in order."""

    def __init__(self, seconds: float, jitter_s: float, seed: int) -> None:
        self._seconds = seconds
        self._jitter_s = jitter_s
        self._streams = _Streams(seed)

    def next_s(self, connection: int) -> float:
        """Returns how long the connection's next unit is held back."""
        return self._seconds + self._jitter_s * self._streams.of(connection).random()


class Corruption:
    """Flips one bit in bytes of a part of each unit, with a probability above 0, at most 1."""

    def __init__(self, rate: float, seed: int, within: slice) -> None:
        if not 0.0 < rate <= 1.0:
            raise ValueError(f"a rate of {rate:g} is no probability above 0")
        self._rate = rate
        self._within = within
        self._streams = _Streams(seed)
        self._spared: dict[int, int] = {}  # bytes until the next one that is hit

    def apply(self, connection: int, unit: bytes) -> bytes:
        """Returns the connection's next unit as it comes out."""
        changed = bytearray(unit)
        places = range(len(unit))[self._within]
        random = self._streams.of(connection)
        at = self._spared.pop(connection, None)
        at = self._gap(random) if at is None else at
        while at < len(places):
            changed[places[at]] ^= 1 << random.randrange(8)
            at += 1 + self._gap(random)
        self._spared[connection] = at - len(places)
        return bytes(changed)

    def _gap(self, random: Random) -> int:
        if self._rate == 1.0:
            return 0
        return int(log(1.0 - random.random()) / log(1.0 - self._rate))


class Truncation:
    """Passes `count` more bytes of each connection, and then nothing."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._passed: dict[int, int] = {}

    def apply(self, connection: int, unit: bytes) -> tuple[bytes, bool]:
        """Returns the part that passes, and whether it is the last."""
        left = self._count - self._passed.get(connection, 0)
        self._passed[connection] = self._passed.get(connection, 0) + len(unit)
        return unit[:left], len(unit) >= left


@dataclass(slots=True)
class Faults:
    """Present faults of one direction."""

    alter: Callable[[bytes], bytes] | None = None  # replaces each unit; an empty result drops it
    delay: Delay | None = None
    corruption: Corruption | None = None
    truncation: Truncation | None = None
    hold_s: float = 0.0  # time in which the next unit can overtake one, seconds; 0 keeps the order
    is_dead: bool = False  # everything that is sent is lost, the end of a connection included

    def clear(self) -> None:
        """Ends them all."""
        self.alter = self.delay = self.corruption = self.truncation = None
        self.hold_s, self.is_dead = 0.0, False
