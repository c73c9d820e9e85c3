"""The disturbances that nobody sees, IDV 3, 9 and 15: an agent that acts on them is wrong."""

from math import sqrt
from pathlib import Path
from statistics import fmean, stdev

import pytest

from handwheel.connectors.config.yaml_documents import read_document
from handwheel.sim_plant.tep.plant import create

# Disturbance to what and XMEAS to the most by which that may differ
EXCEPTIONS: dict[str, dict[str, dict[str, float]]] = read_document(
    Path(__file__).with_name("invisible.yaml")
).data
ERRORS = 3.0
SEED = 1
EVERY_S = 10

Batch = tuple[list[float], list[float]]  # mean and standard deviation of each XMEAS


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


def _seen(idv: int, batches: list[Batch], quiet: list[Batch]) -> set[tuple[str, int]]:
    """Returns what differs by more than its error from a run without a disturbance."""
    seen: set[tuple[str, int]] = set()
    for kind, what in enumerate(("mean", "deviation")):
        allowed = EXCEPTIONS.get(str(idv), {}).get(what, {})
        for index in range(41):
            usual = [batch[kind][index] for batch in quiet]
            size = abs(fmean(batch[kind][index] for batch in batches) - fmean(usual))
            error = ERRORS * stdev(usual) / sqrt(len(usual))
            if size > max(error, allowed.get(str(index + 1), 0.0)):
                seen.add((what, index + 1))
    return seen


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_hours_of_two_of_them_are_not_seen_and_of_another_are() -> None:
    quiet, alarms = _batches(0, 1, 4)
    assert not alarms
    for idv in (3, 15):  # two days of all three are for the soak
        batches, alarms = _batches(idv, 1, 4)
        assert not alarms
        assert _seen(idv, batches, quiet) == set(), idv
    assert ("deviation", 9) in _seen(4, _batches(4, 1, 4)[0], quiet)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_two_days_of_them_are_not_seen() -> None:
    quiet, _ = _batches(0, 6, 48)
    for idv in map(int, EXCEPTIONS):
        batches, alarms = _batches(idv, 6, 48)
        assert not alarms
        assert _seen(idv, batches, quiet) == set(), idv
