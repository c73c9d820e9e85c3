"""The historian: what is kept, what is told when it cannot be, what a kill leaves behind."""

import asyncio
import logging
import math
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from handwheel.connectors.historian import database, recorder
from handwheel.connectors.historian.database import HISTORY_FILE
from handwheel.connectors.historian.errors import HistoryError, NoHistory
from handwheel.connectors.historian.reader import HistoryReader
from handwheel.connectors.historian.recorder import Recorder
from handwheel.connectors.historian.time_slots import Slot
from handwheel.connectors.historian.writer import REPEAT_US, HistoryWriter, SampleBatch
from handwheel.connectors.model.values import (
    BAD_NO_COMMUNICATION,
    GOOD,
    UNCERTAIN_LAST_USABLE,
    Array,
    DataValue,
    StatusCode,
    Value,
)
from handwheel.connectors.session.protocols import Sample
from handwheel.connectors.session.supervisor import Gap

from ...plants.devices.misbehaving import eventually

TAG = "PT-102.pv"
T0_S = 1_790_000_040
SECOND_US = 1_000_000


def sample(value: Value | Array | None, status: StatusCode = GOOD, tag: str = TAG) -> Sample:
    return tag, DataValue(value, status, None, None, 0.0)


def batch(at_s: float, *samples: Sample, gap: bool = False) -> SampleBatch:
    return SampleBatch(round((T0_S + at_s) * SECOND_US), samples, gap)


def written(state: Path, *batches: SampleBatch) -> None:
    with closing(HistoryWriter(state / HISTORY_FILE, {})) as writer:
        writer.write(batches)


def stored(state: Path, question: str) -> list[Any]:
    with closing(sqlite3.connect(state / HISTORY_FILE)) as connection:
        return connection.execute(question).fetchall()


def trend(state: Path, since_s: float, until_s: float, count: int, tag: str = TAG) -> list[Slot]:
    with HistoryReader(state) as reader:
        return reader.trend(tag, T0_S + since_s, T0_S + until_s, count)


def means(slots: Sequence[Slot]) -> list[float | None]:
    return [None if each.mean is None else round(each.mean, 6) for each in slots]


def looked(state: Path, since_s: float, until_s: float, step_s: float = 1.0) -> list[object]:
    """What somebody who looked so often would have seen of the tag."""
    with HistoryReader(state) as reader:
        scans = reader.scans({TAG: T0_S + since_s}, T0_S + until_s, step_s)
        return [(scan.readings[TAG].value if TAG in scan.readings else "gap") for scan in scans]


# --- what is kept -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [0.1, -0.0, 1e300, math.inf, 3, -(2**63), 2**63 - 1, True, False, "remote", "", "ä\0b", None],
)
@pytest.mark.parametrize("status", [GOOD, StatusCode(0x00960000), BAD_NO_COMMUNICATION])
def test_a_value_comes_back_as_it_was(
    tmp_path: Path, value: Value | None, status: StatusCode
) -> None:
    written(tmp_path, batch(0, sample(value, status)))
    with HistoryReader(tmp_path) as reader:
        found = reader.newest(TAG)
        assert found is not None
        assert found[0] == T0_S
        assert (found[1].value, type(found[1].value)) == (value, type(value))
        assert (found[1].status, type(found[1].status)) == (status, StatusCode)
        assert reader.newest("another") is None


@pytest.mark.parametrize(
    ("value", "kept"),
    [(math.nan, None), (2**64 - 1, 2.0**64), (10**400, None), ("x" * 1001, None), ("\udc80", None)],
)
def test_what_cannot_be_kept_as_it_is(tmp_path: Path, value: Value, kept: Value | None) -> None:
    written(tmp_path, batch(0, sample(value)))
    assert looked(tmp_path, 0, 1) == [kept, "gap"]


def test_an_array_is_left_out(tmp_path: Path) -> None:
    written(tmp_path, batch(0, sample((1.0, 2.0))))
    assert looked(tmp_path, 0, 1) == []


def test_one_is_not_true(tmp_path: Path) -> None:
    written(tmp_path, *(batch(n, sample(each)) for n, each in enumerate((1, True, 1.0, 1.0))))
    assert [type(each) for each in looked(tmp_path, 0, 3)[:3]] == [int, bool, float]


def test_what_does_not_change_takes_little_room_and_stands(tmp_path: Path) -> None:
    written(tmp_path, *(batch(n, sample(5.0)) for n in range(3600)))
    assert len(stored(tmp_path, "SELECT at_us FROM sample")) == 1 + 3599 // (REPEAT_US // SECOND_US)
    slots = trend(tmp_path, 0, 3599, 60)
    assert [(each.low, each.high, round(each.good, 6)) for each in slots] == [(5.0, 5.0, 1.0)] * 60
    assert looked(tmp_path, 3596, 3599) == [5.0, 5.0, 5.0]


def test_several_changes_that_come_at_once_are_all_there(tmp_path: Path) -> None:
    written(tmp_path, batch(0, *map(sample, (1.0, 9.0, 2.0))), batch(10, sample(2.0)))
    (slot,) = trend(tmp_path, 0, 10, 1)
    assert (slot.low, slot.high, slot.last) == (1.0, 9.0, 2.0)
    assert slot.mean == pytest.approx(2.0, abs=1e-5)


# --- gaps -------------------------------------------------------------------------------------


def test_bad_and_uncertain_samples_are_a_gap(tmp_path: Path) -> None:
    written(
        tmp_path,
        batch(0, sample(1.0)), batch(10, sample(1.0, BAD_NO_COMMUNICATION)), batch(20, sample(2.0)),
        batch(30, sample(2.0, UNCERTAIN_LAST_USABLE)), batch(40, sample("a")), batch(50),
    )  # fmt: skip
    assert means(trend(tmp_path, 0, 50, 5)) == [1.0, None, 2.0, None, None]
    (slot,) = trend(tmp_path, 5, 15, 1)
    assert (slot.mean, slot.good) == (1.0, 0.5)


def test_where_nothing_was_recorded_nothing_stands(tmp_path: Path) -> None:
    written(tmp_path, batch(0, sample(1.0)), batch(10), batch(20, sample(2.0), gap=True), batch(30))
    written(tmp_path, batch(40, sample(3.0)), batch(50))
    assert means(trend(tmp_path, -10, 60, 7)) == [None, 1.0, None, 2.0, None, 3.0, None]
    assert looked(tmp_path, 0, 60, 5.0) == [1.0] * 3 + ["gap"] + [2.0] * 3 + ["gap"] + [
        3.0, 3.0, 3.0, "gap"
    ]  # fmt: skip
    assert means(trend(tmp_path, 0, 60, 6, tag="another")) == [None] * 6


def test_a_device_that_samples_in_its_cycle_is_judged_by_its_own_times(tmp_path: Path) -> None:
    now = datetime(2026, 11, 26, tzinfo=UTC)
    with closing(HistoryWriter(tmp_path / HISTORY_FILE, {TAG: 3.0})) as writer:
        for at_s, age_s in enumerate((0.5, 5.0, 0.5)):
            read = DataValue(1.0, GOOD, now - timedelta(seconds=age_s), now, 0.0)
            writer.write([batch(at_s, (TAG, read))])
        writer.write([batch(3)])
    assert means(trend(tmp_path, 0, 3, 3)) == [1.0, None, 1.0]


# --- the clock --------------------------------------------------------------------------------


class SetClock:
    """A wall clock that a test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = recorder.RecordingClock()
        self.wall_s, self.running_s = 1000.0, 5.0
        monkeypatch.setattr(time, "time_ns", lambda: round(self.wall_s * 1e9))
        monkeypatch.setattr(time, "monotonic_ns", lambda: round(self.running_s * 1e9))

    def go_on(self, seconds: float, wall_s: float = 0.0) -> tuple[float, bool]:
        self.running_s += seconds
        self.wall_s += seconds + wall_s
        at_us, was_set = self.clock.now_us()
        return at_us / 1e6, was_set


def test_a_clock_that_is_set_jumps_forwards_and_never_back(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SetClock(monkeypatch)
    assert clock.go_on(0.0) == (1000.0, True)
    assert clock.go_on(10.0, wall_s=0.5) == (1010.0, False)
    assert clock.go_on(10.0, wall_s=3600.0) == (4620.5, True)
    assert clock.go_on(10.0, wall_s=-3000.0) == (4630.5, False)
    assert clock.go_on(10.0) == (4640.5, False)


def test_windows_are_not_filled_from_before_the_clock_was_set_back(tmp_path: Path) -> None:
    written(tmp_path, batch(0, sample(1.0)), batch(100))
    written(tmp_path, batch(50, sample(2.0)), batch(60))
    assert looked(tmp_path, 0, 90, 30.0) == []
    written(tmp_path, batch(110, sample(3.0)), batch(120))
    assert looked(tmp_path, 0, 120, 5.0) == [3.0, 3.0]


# --- what keeps it from recording -------------------------------------------------------------


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "_WRITE_S", 0.02)
    monkeypatch.setattr(database, "_BUSY_S", 0.02)


def newest(state: Path, tag: str = TAG) -> object:
    try:
        with HistoryReader(state) as reader:
            found = reader.newest(tag)
            return None if found is None else found[1].value
    except HistoryError:  # not made yet, or just being made
        return None


@pytest.mark.usefixtures("hurried")
async def test_what_arrives_is_there_a_moment_later_for_another_process_too(tmp_path: Path) -> None:
    async with Recorder(tmp_path) as recording:
        recording.arrived([sample(1.0), sample(True, tag="P-101A.running")])
        recording.gap("dcs", Gap(datetime.now(UTC), "cut"))
        recording.arrived([])
        await eventually(lambda: newest(tmp_path, "P-101A.running") is True)
        recording.arrived([sample(2.0)])
        await eventually(lambda: newest(tmp_path) == 2.0)
        recording.arrived([sample(3.0)])
    assert newest(tmp_path) == 3.0  # the end loses nothing


@pytest.mark.usefixtures("hurried")
async def test_a_locked_file_is_told_once_and_nothing_is_lost(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    HistoryWriter(tmp_path / HISTORY_FILE, {}).close()
    with closing(sqlite3.connect(tmp_path / HISTORY_FILE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        async with Recorder(tmp_path) as recording:
            for value in range(5):
                recording.arrived([sample(float(value))])
            await eventually(lambda: bool(recording.fault))
            await asyncio.sleep(0.2)
            other.execute("ROLLBACK")
            await eventually(lambda: not recording.fault)
            assert recording.dropped == 0
    assert [each.getMessage().partition(":")[0] for each in caplog.records] == [
        "nothing is recorded", "recording again; 0 samples were lost"
    ]  # fmt: skip
    assert stored(tmp_path, "SELECT value FROM sample ORDER BY at_us") == [
        (0.0,),
        (1.0,),
        (2.0,),
        (3.0,),
        (4.0,),
    ]


@pytest.mark.usefixtures("hurried")
async def test_what_is_too_much_is_dropped_and_counted_and_leaves_a_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(recorder, "MOST_WAITING", 4)
    (tmp_path / HISTORY_FILE).write_bytes(b"no database" * 100)
    async with Recorder(tmp_path) as recording:
        for value in range(5):
            recording.arrived([sample(float(value))])
        await eventually(lambda: bool(recording.fault))
        assert "is no database: move it away" in recording.fault
        for _ in range(9):
            recording.arrived([])
        assert recording.dropped == 2
        (tmp_path / HISTORY_FILE).unlink()
        await eventually(lambda: not recording.fault)
        recording.arrived([sample(5.0)])
    assert "2 samples were lost" in caplog.text
    spans = stored(tmp_path, "SELECT begin_us, end_us FROM recording")
    rows = stored(tmp_path, "SELECT value, at_us FROM sample ORDER BY at_us")
    assert [value for value, _ in rows] == [0.0, 1.0, 2.0, 5.0]
    assert spans[0][1] == rows[2][1]
    assert spans[-1][0] == rows[3][1]


def test_what_is_no_history_of_ours_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / HISTORY_FILE
    with pytest.raises(NoHistory, match="nothing is recorded yet"):
        HistoryReader(tmp_path)
    path.touch()
    with pytest.raises(NoHistory, match="nothing is recorded yet"):
        HistoryReader(tmp_path)
    for make, words in (
        ("CREATE TABLE a(b)", "is another program's database; move it away"),
        ("PRAGMA application_id = 1213679665; PRAGMA user_version = 7", "is of version 7"),
    ):
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(make)
        for opened in (lambda: HistoryReader(tmp_path), lambda: HistoryWriter(path, {})):
            with pytest.raises(HistoryError, match=words):
                opened()


_FULL = """
import asyncio, resource, sys, logging
from pathlib import Path
from handwheel.connectors.historian import recorder
from handwheel.connectors.model.values import GOOD, DataValue
logging.basicConfig(stream=sys.stdout, format="%(message)s")
recorder._WRITE_S = 0.02

async def main():
    async with recorder.Recorder(Path(sys.argv[1])) as recording:
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, limits[1]))
        value = 0
        while not recording.fault:
            recording.arrived([(f"T-{n}.pv", DataValue(value, GOOD, None, None, 0.0))
                               for n in range(200)])
            value += 1
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.2)
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        while recording.fault:
            await asyncio.sleep(0.01)
        print("values", value)

asyncio.run(main())
"""


def test_a_full_disk_is_told_once_and_written_to_again_when_there_is_room(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", _FULL, str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    told = ended.stdout.splitlines()
    assert (ended.returncode, ended.stderr) == (0, "")
    assert told[0].startswith("nothing is recorded: ")
    assert "is the disk full" in told[0]
    assert told[1] == "recording again; 0 samples were lost"
    assert len(told) == 3
    assert stored(tmp_path, "PRAGMA integrity_check") == [("ok",)]
    counts = stored(tmp_path, "SELECT count(DISTINCT value) FROM sample GROUP BY tag")
    assert {each for (each,) in counts} == {int(told[2].split()[1])}


_KILLED = """
import sys
from pathlib import Path
from handwheel.connectors.historian.writer import HistoryWriter, SampleBatch
from handwheel.connectors.model.values import GOOD, DataValue
writer = HistoryWriter(Path(sys.argv[1]), {})
for number in range(1_000_000):
    at_us = 1_790_000_040_000_000 + 1_000_000 * number
    writer.write([SampleBatch(at_us, [(f"T-{n}.pv", DataValue(number, GOOD, None, None, 0.0))
                                for n in range(300)])])
    writer.downsample(at_us)
    print(number, flush=True)
"""


def test_a_kill_in_mid_write_leaves_nothing_half(tmp_path: Path) -> None:
    path = tmp_path / HISTORY_FILE
    command = [sys.executable, "-c", _KILLED, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while int(process.stdout.readline()) < 150:
            pass
        process.kill()
        said = [int(line) for line in process.stdout.read().splitlines()]
    least = max(said, default=150)
    with HistoryReader(tmp_path) as reader:
        seen = {reader.newest(f"T-{n}.pv") for n in range(300)}
        assert len(seen) == 1  # every tag has the same newest sample
        last = seen.pop()
        assert last is not None
        assert last[1].value in {least, least + 1}
        slots = reader.trend("T-7.pv", T0_S, T0_S + 120, 2)  # the first from minutes
        assert [each.mean for each in slots] == [pytest.approx(29.5), pytest.approx(89.5)]
    with closing(HistoryWriter(path, {})) as writer:
        writer.write([batch(100_000, sample(1.0))])
    assert stored(tmp_path, "PRAGMA integrity_check") == [("ok",)]
