"""Gas chromatographs, which show a sample one period later.

Reactor feed and purge (XMEAS 23 to 36) have a period of 0.1 h, the product
(XMEAS 37 to 41) of 0.25 h. A shown value is one period old when it appears and two
when it is replaced.

Source: Downs and Vogel 1993.
"""

from collections.abc import Sequence

from ...noise import NoiseBank
from .state import CONTINUOUS, ProcessState

_SIGMAS: tuple[float, ...] = (
    *(0.25, 0.1, 0.25, 0.1, 0.25, 0.025),  # reactor feed A to F
    *(0.25, 0.1, 0.25, 0.1, 0.25, 0.025, 0.05, 0.05),  # purge A to H
    *(0.01, 0.01, 0.01, 0.5, 0.5),  # product D to H
)


class Analyser:
    """One analyser of XMEAS `first` to `last`, with `period` steps between samples."""

    def __init__(self, seed: int | None, first: int, last: int, period: int) -> None:
        self._shown = slice(first - 1, last)
        self._sampled = slice(first - 1 - CONTINUOUS, last - CONTINUOUS)
        self._sigmas = _SIGMAS[self._sampled]
        self._noise = NoiseBank(seed, [f"XMEAS{number}" for number in range(first, last + 1)])
        self._period = period

    def is_due(self, steps: int) -> bool:
        """Returns whether it takes a sample at this step."""
        return steps % self._period == 0

    def sample(self, state: ProcessState, true: Sequence[float]) -> None:
        """Shows the last sample with its noise and takes the next of XMEAS 23 to 41, mol%."""
        number = state.steps // self._period
        noise = self._noise.row(number)
        stored = state.sampled[self._sampled]
        state.xmeas[self._shown] = [
            value + sigma * normal
            for value, sigma, normal in zip(stored, self._sigmas, noise, strict=True)
        ]
        state.sampled[self._sampled] = true[self._sampled]


def analysers(seed: int | None) -> tuple[Analyser, Analyser]:
    """Returns the analyser of the gases, XMEAS 23 to 36, and that of the product, 37 to 41."""
    return Analyser(seed, 23, 36, 360), Analyser(seed, 37, 41, 900)
