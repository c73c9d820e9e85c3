"""Random numbers that depend on seed, sensor and step alone."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import cos, log, sin, sqrt, tau
from random import Random

_BLOCK = 512
_KEPT = 64  # blocks in memory, half a MB each; plants of one seed beside each other share them


class NoiseBank:
    """Standard normal numbers for a fixed set of sensors, all zeros without a seed.

    A number depends on the seed, the sensor's name and the step alone. So a snapshot needs no
    generator state, and a sensor that is added or frozen does not change the streams of the others.

    Source: Box and Muller 1958, in the order of `Random.gauss`; `random.Random` seeded with a
    string is stable across Python versions.
    """

    def __init__(self, seed: int | None, names: Sequence[str]) -> None:
        self._seed = seed
        self._names = tuple(names)
        self._zeros = (0.0,) * len(self._names)
        self._block = -1
        self._rows: Sequence[tuple[float, ...]] = ()

    def row(self, step: int) -> tuple[float, ...]:
        """Returns one standard normal number per sensor for this step (counted from 0)."""
        if self._seed is None:
            return self._zeros
        block, offset = divmod(step, _BLOCK)
        if block != self._block:
            self._rows = _rows(self._seed, self._names, block)
            self._block = block
        return self._rows[offset]


@lru_cache(_KEPT)
def _rows(seed: int, names: tuple[str, ...], block: int) -> tuple[tuple[float, ...], ...]:
    columns: list[list[float]] = []
    for name in names:
        uniform: Callable[[], float] = Random(f"{seed}/{name}/{block}").random
        column: list[float] = []
        for _ in range(_BLOCK // 2):
            angle = uniform() * tau
            radius = sqrt(-2.0 * log(1.0 - uniform()))
            column.append(cos(angle) * radius)
            column.append(sin(angle) * radius)
        columns.append(column)
    return tuple(zip(*columns, strict=True))


class ChanceBank:
    """Uniform numbers 0..1 for random events, made on demand."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._blocks: dict[str, tuple[int, list[float]]] = {}

    def draw(self, stream: str, step: int) -> float:
        """Returns the number of this stream at this step (counted from 0)."""
        block, offset = divmod(step, _BLOCK)
        known, numbers = self._blocks.get(stream, (-1, []))
        if known != block:
            uniform: Callable[[], float] = Random(f"{self._seed}/{stream}/{block}").random
            numbers = [uniform() for _ in range(_BLOCK)]
            self._blocks[stream] = block, numbers
        return numbers[offset]
