"""Times functions side by side, so that their ratio holds on a shared machine."""

from collections.abc import Callable, Mapping, Sequence
from math import ceil
from statistics import median
from time import perf_counter

CALIBRATION_ROUNDS = 200_000


def interleaved(things: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Returns the median time of each function in seconds, of `repeats` interleaved rounds."""
    times: dict[str, list[float]] = {name: [] for name in things}
    for _ in range(repeats):
        for name, thing in things.items():
            start = perf_counter()
            thing()
            times[name].append(perf_counter() - start)
    return {name: median(series) for name, series in times.items()}


def p95(series: Sequence[float]) -> float:
    """Returns the value that 95 % of the series do not exceed."""
    ordered = sorted(series)
    return ordered[min(len(ordered) - 1, ceil(0.95 * len(ordered)) - 1)]


def calibration() -> float:
    """Runs the reference loop of speeds, `CALIBRATION_ROUNDS` of float arithmetic."""
    value = 0.5
    for _ in range(CALIBRATION_ROUNDS):
        value = 3.7 * value * (1.0 - value)
    return value
