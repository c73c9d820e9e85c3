"""Down-sampling and retention against a slow and simple oracle; the course of a tag."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handwheel.connectors.historian import downsampling
from handwheel.connectors.historian.database import HISTORY_FILE, HOUR_US, MINUTE_US
from handwheel.connectors.historian.downsampling import DAY_US
from handwheel.connectors.historian.reader import HistoryReader
from handwheel.connectors.historian.time_slots import Slot
from handwheel.connectors.historian.writer import HistoryWriter, SampleBatch
from handwheel.connectors.model.values import BAD_NO_COMMUNICATION, GOOD, DataValue

TAG = "PT-102.pv"
T0_US = 1_790_000_000 * 1_000_000 // HOUR_US * HOUR_US
SECOND_US = 1_000_000


@dataclass(frozen=True)
class Step:
    """One batch: how long after the one before, its value or none, and whether a gap is before."""

    after_us: int
    value: float | None
    is_after_gap: bool = False


def batches(steps: Sequence[Step]) -> list[SampleBatch]:
    at_us, found = T0_US, list[SampleBatch]()
    for step in steps:
        at_us += step.after_us
        status = BAD_NO_COMMUNICATION if step.value is None else GOOD
        reading = DataValue(step.value, status, None, None, 0.0)
        found.append(SampleBatch(at_us, [(TAG, reading)], step.is_after_gap))
    return found


def spans_of(steps: Sequence[Step]) -> list[tuple[int, int, float]]:
    """From when until when which good value stood: no cleverness."""
    found, came = list[tuple[int, int, float]](), batches(steps)
    for n, batch in enumerate(came):
        value = steps[n].value
        is_last = n + 1 == len(came) or came[n + 1].is_after_gap
        if value is not None:
            found.append((batch.at_us, batch.at_us if is_last else came[n + 1].at_us, value))
    return found


def expected(steps: Sequence[Step], since: int, until: int) -> Slot:
    """What one slot comes to: every span is held against it."""
    inside = [
        (max(begin, since), min(end, until), value)
        for begin, end, value in spans_of(steps)
        if begin < until and (end > since or begin == end >= since)
    ]
    if not inside:
        return Slot(since / 1e6)
    values = [value for _, _, value in inside]
    good = sum(end - begin for begin, end, _ in inside)
    area = sum((end - begin) * value for begin, end, value in inside)
    mean = area / good if good else values[-1]
    return Slot(since / 1e6, min(values), max(values), mean, values[-1], good / (until - since))


def check(slot: Slot, wanted: Slot) -> None:
    assert (slot.low, slot.high, slot.last) == (wanted.low, wanted.high, wanted.last)
    assert slot.good == pytest.approx(wanted.good, abs=1e-9)
    if wanted.good:
        assert slot.mean == pytest.approx(wanted.mean, rel=1e-9, abs=1e-9)


def steps(longest_us: int) -> st.SearchStrategy[list[Step]]:
    values = st.one_of(st.none(), st.integers(-3, 3).map(float))
    step = st.builds(Step, st.integers(1, longest_us), values, st.booleans())
    return st.lists(step, min_size=1, max_size=25)


def thinned(state: Path, came: Sequence[SampleBatch], now_us: int) -> None:
    """Writes in parts, as time would bring them, and thins out to the end."""
    with closing(HistoryWriter(state / HISTORY_FILE, {})) as writer:
        for part in range(0, len(came), 7):
            writer.write(came[part : part + 7])
            writer.downsample(came[min(part + 6, len(came) - 1)].at_us)
        for _ in range(5000):
            if not writer.downsample(now_us):
                return
    raise AssertionError("it never ends")


@settings(max_examples=40, deadline=None)
@given(steps(20 * SECOND_US), st.integers(1, 7), st.integers(-30, 120), st.integers(1, 180))
def test_a_course_from_samples_is_as_the_oracle_says(
    made: list[Step], count: int, since_s: int, length_s: int
) -> None:
    since, width = T0_US + since_s * SECOND_US, length_s * SECOND_US
    with TemporaryDirectory() as folder:
        with closing(HistoryWriter(Path(folder) / HISTORY_FILE, {})) as writer:
            writer.write(batches(made))
        with HistoryReader(Path(folder)) as reader:
            slots = reader.trend(TAG, since / 1e6, (since + count * width) / 1e6, count)
    for n, slot in enumerate(slots):
        check(slot, expected(made, since + n * width, since + (n + 1) * width))


@settings(max_examples=15, deadline=None)
@given(steps(40 * MINUTE_US))
def test_minutes_and_hours_are_as_the_oracle_says(made: list[Step]) -> None:
    end = T0_US + 26 * HOUR_US
    with TemporaryDirectory() as folder:
        thinned(Path(folder), batches(made), end + 2 * MINUTE_US)
        with HistoryReader(Path(folder)) as reader:
            for size in (MINUTE_US, HOUR_US):
                count = (end - T0_US) // size
                for n, slot in enumerate(reader.trend(TAG, T0_US / 1e6, end / 1e6, count)):
                    check(slot, expected(made, T0_US + n * size, T0_US + (n + 1) * size))


def rows(state: Path) -> Mapping[str, tuple[int, int | None]]:
    with HistoryReader(state) as reader:
        connection = reader._connection  # pyright: ignore[reportPrivateUsage]
        return {
            table: connection.execute(f"SELECT count(*), min(at_us) FROM {table}").fetchone()
            for table in ("sample", "minute", "hour")
        }


def test_what_is_old_is_kept_as_minutes_then_as_hours_and_a_spike_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downsampling, "RAW_US", 2 * HOUR_US)
    monkeypatch.setattr(downsampling, "MINUTES_US", 12 * HOUR_US)
    monkeypatch.setattr(downsampling, "HOURS_US", 45 * DAY_US)
    seconds = range(20, 24 * 3600, 20)
    values = [1.0, *(99.0 if each == 3620 else float(each % 3) for each in seconds)]
    made = [Step(20 * SECOND_US, each) for each in values]
    thinned(tmp_path, batches(made), T0_US + 24 * HOUR_US)
    kept = rows(tmp_path)
    oldest = kept["sample"][1] or 0
    assert T0_US + 22 * HOUR_US - 10 * MINUTE_US <= oldest <= T0_US + 22 * HOUR_US
    assert kept["minute"] == (719, T0_US + 12 * HOUR_US)
    assert kept["hour"] == (23, T0_US)
    with HistoryReader(tmp_path) as reader:
        for count in (5, 24, 60, 1440, 2000):  # from every level, and from several at once
            slots = reader.trend(TAG, T0_US / 1e6, T0_US / 1e6 + 86400.0, count)
            assert max(each.high or 0.0 for each in slots) == 99.0
            assert all(each.good > 0.9 for each in slots[:-1])
            assert all(before.at_s < after.at_s for before, after in pairwise(slots))
    with closing(HistoryWriter(tmp_path / HISTORY_FILE, {})) as writer:
        later = T0_US + 90 * DAY_US
        writer.write([SampleBatch(later, [])])
        while writer.downsample(later):
            pass
    assert rows(tmp_path) == {"sample": (0, None), "minute": (0, None), "hour": (0, None)}


def test_a_long_pause_is_thinned_out_quickly(tmp_path: Path) -> None:
    later = Step(2 * 365 * DAY_US, 2.0, is_after_gap=True)
    made = [Step(0, 1.0), Step(MINUTE_US, 1.0), later, Step(MINUTE_US, 2.0)]
    with closing(HistoryWriter(tmp_path / HISTORY_FILE, {})) as writer:
        writer.write(batches(made))
        parts = 0
        while writer.downsample(T0_US + 2 * 365 * DAY_US + 2 * HOUR_US):
            parts += 1
    assert parts < 100
    assert rows(tmp_path)["hour"][0] == 2


def test_a_clock_that_was_set_back_stops_no_thinning(tmp_path: Path) -> None:
    with closing(HistoryWriter(tmp_path / HISTORY_FILE, {})) as writer:
        for begin in (T0_US + 10 * DAY_US, T0_US):
            for minute in range(5):
                reading = DataValue(float(minute), GOOD, None, None, 0.0)
                at_us = begin + minute * MINUTE_US
                writer.write([SampleBatch(at_us, [(TAG, reading)], minute == 0)])
                while writer.downsample(at_us):
                    pass
    with HistoryReader(tmp_path) as reader:
        found = reader.trend(TAG, T0_US / 1e6, T0_US / 1e6 + 300, 5)
        assert [each.mean for each in found] == [0.0, 1.0, 2.0, 3.0, 4.0]
