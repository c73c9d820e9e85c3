"""The recorder: what is told when it cannot record, what a kill leaves behind."""

import asyncio
import logging
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from handwheel.connectors.historian import database, recorder
from handwheel.connectors.historian.database import HISTORY_FILE
from handwheel.connectors.historian.errors import HistoryError
from handwheel.connectors.historian.reader import HistoryReader
from handwheel.connectors.historian.recorder import Recorder
from handwheel.connectors.historian.writer import HistoryWriter
from handwheel.connectors.session.supervisor import Gap

from ...plants.devices.misbehaving import eventually
from .test_historian import T0_S, TAG, batch, sample, stored


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


async def test_a_time_in_which_the_process_stood_still_is_a_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "_STOPPED_S", 0.3)
    async with Recorder(tmp_path) as recording:
        recording.arrived([sample(7.0)])
        await asyncio.sleep(0.05)
        recording.arrived([sample(7.0)])
        time.sleep(0.5)  # noqa: ASYNC251 (the loop stands still, as under SIGSTOP)
        await asyncio.sleep(0.0)
        recording.arrived([sample(7.0)])
    spans = stored(tmp_path, "SELECT begin_us, end_us FROM recording")
    assert any(after[0] - before[1] > 400_000 for before, after in pairwise(spans))


async def test_a_batch_that_cannot_be_written_is_left_out_and_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(recorder, "_WRITE_S", 0.02)
    caplog.set_level(logging.WARNING)
    async with Recorder(tmp_path) as recording:
        for value in range(5):
            recording.arrived([sample(float(value), tag=TAG if value % 2 else "A\udcff")])
            await asyncio.sleep(0.03)
    assert [each.getMessage()[:26] for each in caplog.records] == ["samples cannot be recorded"]
    assert (recording.dropped, recording.fault) == (3, "")
    assert stored(tmp_path, "SELECT value FROM sample ORDER BY at_us") == [(1.0,), (3.0,)]


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
