"""The historian gives back nothing of which it is not known what it was, or when."""

import asyncio
import logging
import os
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from handwheel.connectors.historian import recorder
from handwheel.connectors.historian.database import HISTORY_FILE
from handwheel.connectors.historian.definitions import definitions
from handwheel.connectors.historian.errors import HistoryError
from handwheel.connectors.historian.reader import HistoryReader
from handwheel.connectors.historian.recorder import Recorder
from handwheel.connectors.historian.writer import HistoryWriter, SampleBatch
from handwheel.connectors.model.site import ModbusConnection, OpcuaConnection, Site
from handwheel.connectors.model.tags import NodeAddress, RegisterAddress, Tag
from handwheel.connectors.model.values import GOOD, DataValue, Value

TAG = "PT-102.pv"
T0_S = 1_790_000_000


def reading(value: Value) -> DataValue:
    return DataValue(value, GOOD, None, None, 0.0)


def record(
    state: Path, begin_s: int, end_s: int, value: float, meanings: Mapping[str, str] | None = None
) -> None:
    """Records a value in each second, as a process that starts then and ends."""
    with closing(HistoryWriter(state / HISTORY_FILE, {}, meanings)) as writer:
        writer.write([
            SampleBatch((T0_S + second) * 1_000_000, [(TAG, reading(value + second % 2))])
            for second in range(begin_s, end_s)
        ])  # fmt: skip


def seen(
    state: Path, since_s: float, now_s: float, meanings: Mapping[str, str] | None = None
) -> dict[object, tuple[float, float]]:
    """Each value, and from when until when somebody who looks each second would see it."""
    found: dict[object, tuple[float, float]] = {}
    with HistoryReader(state, meanings) as reader:
        for scan in reader.scans({TAG: T0_S + since_s}, T0_S + now_s, 1.0):
            value, at_s = scan.readings[TAG].value if TAG in scan.readings else None, scan.at_s
            found[value] = (found.get(value, (at_s - T0_S, 0.0))[0], at_s - T0_S)
    return found


# --- the same name, another value ---------------------------------------------------------------


def test_what_was_recorded_under_another_definition_is_not_seen(tmp_path: Path) -> None:
    bar, kpa = {TAG: "bar"}, {TAG: "kPa"}
    record(tmp_path, 0, 60, 2.0, bar)
    assert seen(tmp_path, 0, 60, kpa) == {}
    record(tmp_path, 61, 70, 200.0, kpa)
    assert seen(tmp_path, 0, 70, kpa).keys() == {None, 200.0, 201.0}
    with HistoryReader(tmp_path, kpa) as reader:
        slots = reader.trend(TAG, T0_S, T0_S + 70, 7)
        assert [slot.low for slot in slots] == [None] * 6 + [200.0]
    assert seen(tmp_path, 0, 70, bar).keys() == {2.0, 3.0, None}  # defined back, it is there again
    with HistoryReader(tmp_path, {TAG: "mbar"}) as reader:
        assert reader.newest(TAG) is None


OPCUA = OpcuaConnection(kind="opcua", endpoint="opc.tcp://127.0.0.1:4840")
MODBUS = ModbusConnection(kind="modbus", host="127.0.0.1")
NODE = Tag(TAG, "dcs", "float", NodeAddress("nsu=urn:x;s=A"), unit="kPa")
WORD = Tag(TAG, "dcs", "enum", RegisterAddress("holding", 7, "int32"), members={"auto": 1})


def meaning(tag: Tag, connection: OpcuaConnection | ModbusConnection) -> str:
    site = Site(Path(), "s", {"dcs": connection}, {TAG: tag}, {}, "", Path(), {}, "tags.yaml")
    return definitions(site)[TAG]


def test_whatever_changes_the_value_changes_the_definition() -> None:
    cases: list[tuple[Tag, OpcuaConnection | ModbusConnection, Mapping[str, object]]] = [
        (NODE, OPCUA, {"scale": 100.0}), (NODE, OPCUA, {"offset": 1.0}),
        (NODE, OPCUA, {"unit": "bar"}), (NODE, OPCUA, {"kind": "int"}),
        (NODE, OPCUA, {"address": NodeAddress("nsu=urn:x;s=B")}), (NODE, OPCUA, {"is_array": True}),
        (NODE, OPCUA, {"address": NodeAddress("nsu=urn:x;s=A", "3")}),
        (WORD, MODBUS, {"members": {"auto": 2}}),
        (WORD, MODBUS, {"address": RegisterAddress("holding", 7, "int32", order="CDAB")}),
    ]  # fmt: skip
    for tag, connection, changes in cases:
        assert meaning(replace(tag, **changes), connection) != meaning(tag, connection)  # type: ignore[arg-type]
        same = replace(tag, span=(0.0, 9.0), equipment="P", writable=True, scan_s=7.0)
        assert meaning(same, connection) == meaning(tag, connection)


def test_another_device_and_another_byte_order_are_another_definition() -> None:
    other = OPCUA.model_copy(update={"endpoint": "opc.tcp://127.0.0.1:4841"})
    slower = OPCUA.model_copy(update={"scan": 9.0})
    assert meaning(NODE, other) != meaning(NODE, OPCUA) == meaning(NODE, slower)
    found = [MODBUS, *(MODBUS.model_copy(update={each: value}) for each, value in (
        ("host", "127.0.0.2"), ("unit", 2), ("order", "CDAB")
    ))]  # fmt: skip
    assert len({meaning(WORD, each) for each in found}) == 4


# --- when it was --------------------------------------------------------------------------------


def test_nothing_of_before_the_clock_was_set_back_stands_after_it_has_passed(
    tmp_path: Path,
) -> None:
    record(tmp_path, 1000, 2000, 99.0)
    assert seen(tmp_path, 1400, 1500) == {}  # set back, and nothing is recorded since
    with closing(HistoryWriter(tmp_path / HISTORY_FILE, {})) as writer:
        for second in range(1500, 2300):  # one value, which is written each five minutes
            writer.write([SampleBatch((T0_S + second) * 1_000_000, [(TAG, reading(1.0))])])
    found = seen(tmp_path, 1900, 2300)
    assert found.keys() == {None, 1.0}
    assert found[1.0] == pytest.approx((2101.0, 2299.0), abs=1.0)


async def test_a_time_in_which_the_process_stood_still_is_a_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "_STOPPED_S", 0.3)
    async with Recorder(tmp_path) as recording:
        recording.arrived([(TAG, reading(7.0))])
        await asyncio.sleep(0.05)
        recording.arrived([(TAG, reading(7.0))])
        time.sleep(0.5)  # noqa: ASYNC251 (the loop stands still, as under SIGSTOP)
        await asyncio.sleep(0.0)
        recording.arrived([(TAG, reading(7.0))])
    with closing(sqlite3.connect(tmp_path / HISTORY_FILE)) as connection:
        spans = connection.execute("SELECT begin_us, end_us FROM recording").fetchall()
    assert any(after[0] - before[1] > 400_000 for before, after in pairwise(spans))


# --- what nobody expects ------------------------------------------------------------------------


async def test_a_batch_that_cannot_be_written_is_left_out_and_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(recorder, "_WRITE_S", 0.02)
    caplog.set_level(logging.WARNING)
    async with Recorder(tmp_path) as recording:
        for value in range(5):
            recording.arrived([(TAG if value % 2 else "A\udcff", reading(float(value)))])
            await asyncio.sleep(0.03)
    assert [each.getMessage()[:26] for each in caplog.records] == ["samples cannot be recorded"]
    assert recording.dropped == 3
    assert recording.fault == ""
    with closing(sqlite3.connect(tmp_path / HISTORY_FILE)) as connection:
        rows = connection.execute("SELECT value FROM sample ORDER BY at_us").fetchall()
    assert rows == [(1.0,), (3.0,)]


def test_tables_that_are_not_ours_and_what_is_no_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / HISTORY_FILE
    HistoryWriter(path, {}).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "DROP TABLE sample; CREATE TABLE sample(tag, at_us, value, status);"
            "INSERT INTO tag VALUES (1, 'PT-102.pv', '');"
            "INSERT INTO sample VALUES (1, 'yesterday', x'ff', 'Good')"
        )
    for opened in (lambda: HistoryReader(tmp_path), lambda: HistoryWriter(path, {})):
        with pytest.raises(HistoryError, match="its tables are not ours; move it away"):
            opened()
    path.unlink()
    os.mkfifo(path)
    for opened in (lambda: HistoryReader(tmp_path), lambda: HistoryWriter(path, {})):
        with pytest.raises(HistoryError, match="is no regular file; move it away"):
            opened()
