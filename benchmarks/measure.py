"""Times things side by side, so that their ratio survives a shared and noisy machine."""

from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter

CALIBRATION_ROUNDS = 200_000


def interleaved(things: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Returns each thing's median time in seconds; one after the other, `repeats` times round."""
    times: dict[str, list[float]] = {name: [] for name in things}
    for _ in range(repeats):
        for name, thing in things.items():
            start = perf_counter()
            thing()
            times[name].append(perf_counter() - start)
    return {name: median(series) for name, series in times.items()}


def calibration() -> float:
    """The loop that speeds are told in: plain float arithmetic, `CALIBRATION_ROUNDS` times."""
    value = 0.5
    for _ in range(CALIBRATION_ROUNDS):
        value = 3.7 * value * (1.0 - value)
    return value
