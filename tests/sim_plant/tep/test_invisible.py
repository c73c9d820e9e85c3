"""The disturbances that nobody sees, IDV 3, 9 and 15: an agent that acts on them is wrong."""

from collections.abc import Iterator
from math import sqrt
from pathlib import Path
from statistics import fmean, stdev
from typing import NamedTuple

import pytest

from handwheel.connectors.config.yaml_documents import read_document
from handwheel.sim_plant.tep.plant import create

_FILE: dict[str, dict[str, dict[str, float]]] = read_document(
    Path(__file__).with_name("invisible.yaml")
).data
# Disturbance to what and XMEAS to the most by which that may differ
EXCEPTIONS = {
    int(idv): {
        (what, int(number)): most for what, row in rows.items() for number, most in row.items()
    }
    for idv, rows in _FILE.items()
}
ERRORS = 3.0
SEED = 1
EVERY_S = 10

Batch = tuple[list[float], list[float]]  # mean and standard deviation of each XMEAS


class Difference(NamedTuple):
    """By how much an XMEAS differs from a run without a disturbance."""

    what: str
    xmeas: int
    size: float
    error: float


def _batches(idv: int, batch_h: int, hours: int) -> tuple[list[Batch], set[str]]:
    plant = create(SEED)
    if idv:
        plant.inject(f"IDV{idv}", {}, 1.0)
    batches: list[Batch] = []
    for _ in range(hours // batch_h):
        rows: list[list[float]] = []
        for second in range(batch_h * 3600):
            plant.step()
            if second % EVERY_S == 0:
                rows.append(list(plant.state.readings))
        columns = list(zip(*rows, strict=True))
        batches.append(([fmean(each) for each in columns], [stdev(each) for each in columns]))
    return batches, {event.tag for event in plant.drain_events() if event.kind == "alarm"}


def _differences(batches: list[Batch], quiet: list[Batch]) -> Iterator[Difference]:
    for kind, what in enumerate(("mean", "deviation")):
        for index in range(41):
            usual = [batch[kind][index] for batch in quiet]
            size = abs(fmean(batch[kind][index] for batch in batches) - fmean(usual))
            yield Difference(what, index + 1, size, stdev(usual) / sqrt(len(usual)))


def _seen(idv: int, batches: list[Batch], quiet: list[Batch]) -> list[Difference]:
    allowed = EXCEPTIONS.get(idv, {})
    return [
        each
        for each in _differences(batches, quiet)
        if each.size > max(ERRORS * each.error, allowed.get((each.what, each.xmeas), 0.0))
    ]


@pytest.mark.timeout(300)
def test_hours_of_two_of_them_are_not_seen_and_of_another_are() -> None:
    quiet, alarms = _batches(0, 1, 4)
    assert not alarms
    for idv in (3, 15):  # two days of all three are for the soak
        batches, alarms = _batches(idv, 1, 4)
        assert not alarms
        assert _seen(idv, batches, quiet) == [], idv
    seen = _seen(4, _batches(4, 1, 4)[0], quiet)
    assert ("deviation", 9) in {(each.what, each.xmeas) for each in seen}


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_two_days_of_them_are_not_seen() -> None:
    quiet, _ = _batches(0, 6, 48)
    for idv in EXCEPTIONS:
        batches, alarms = _batches(idv, 6, 48)
        assert not alarms
        assert _seen(idv, batches, quiet) == [], idv
