"""History: what is kept, what is a gap, and nothing of which it is not known what it was."""

import math
import os
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from handwheel.connectors.historian.database import HISTORY_FILE
from handwheel.connectors.historian.definitions import definitions
from handwheel.connectors.historian.errors import HistoryError, NoHistory
from handwheel.connectors.historian.reader import HistoryReader
from handwheel.connectors.historian.time_slots import Slot
from handwheel.connectors.historian.writer import REPEAT_US, HistoryWriter, SampleBatch
from handwheel.connectors.model.endpoints import ModbusConnection, OpcuaConnection
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import NodeAddress, RegisterAddress, Tag
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

TAG = "PT-102.pv"
T0_S = 1_790_000_040
SECOND_US = 1_000_000


def sample(value: Value | Array | None, status: StatusCode = GOOD, tag: str = TAG) -> Sample:
    return tag, DataValue(value, status, None, None, 0.0)


def batch(at_s: float, *samples: Sample, gap: bool = False) -> SampleBatch:
    return SampleBatch(round((T0_S + at_s) * SECOND_US), samples, gap)


def written(state: Path, *batches: SampleBatch, unit: str = "") -> None:
    state.mkdir(exist_ok=True)
    with closing(HistoryWriter(state / HISTORY_FILE, {}, {TAG: unit})) as writer:
        writer.write(batches)


def stored(state: Path, question: str) -> list[Any]:
    with closing(sqlite3.connect(state / HISTORY_FILE)) as connection:
        return connection.execute(question).fetchall()


def trend(state: Path, since_s: float, until_s: float, count: int, tag: str = TAG) -> list[Slot]:
    with HistoryReader(state) as reader:
        return reader.trend(tag, T0_S + since_s, T0_S + until_s, count)


def means(slots: Sequence[Slot]) -> list[float | None]:
    return [None if each.mean is None else round(each.mean, 6) for each in slots]


def looked(
    state: Path, since_s: float, until_s: float, step_s: float = 1.0, unit: str | None = None
) -> list[object]:
    """What somebody who looked so often would have seen of the tag."""
    with HistoryReader(state, None if unit is None else {TAG: unit}) as reader:
        scans = reader.scans({TAG: T0_S + since_s}, T0_S + until_s, step_s)
        return [(scan.readings[TAG].value if TAG in scan.readings else "gap") for scan in scans]


def test_a_value_comes_back_as_it_was(tmp_path: Path) -> None:
    values: list[Value | None] = [0.1, -0.0, 1e300, math.inf, 3, -(2**63), 2**63 - 1, 1, True, 1.0]
    values += ["remote", "", "ä\0b", None]
    cases = [(each, GOOD) for each in values]
    cases += [(1.5, StatusCode(0x00960000)), (1.5, BAD_NO_COMMUNICATION)]
    for at_s, (value, status) in enumerate(cases):
        written(tmp_path, batch(at_s, sample(value, status)))
        with HistoryReader(tmp_path) as reader:
            found = reader.newest(TAG)
            assert found is not None
            assert found[0] == T0_S + at_s
            assert (found[1].value, type(found[1].value)) == (value, type(value))
            assert (found[1].status, type(found[1].status)) == (status, StatusCode)
            assert reader.newest("another") is None


def test_what_cannot_be_kept_is_none_or_near_and_an_array_is_left_out(tmp_path: Path) -> None:
    cases: list[tuple[Value | Array, list[object]]] = [
        (math.nan, [None, "gap"]),
        (2**64 - 1, [2.0**64, "gap"]),
        (10**400, [None, "gap"]),
        ("x" * 1001, [None, "gap"]),
        ("\udc80", [None, "gap"]),
        ((1.0, 2.0), []),
    ]
    for number, (value, kept) in enumerate(cases):
        written(tmp_path / str(number), batch(0, sample(value)))
        assert looked(tmp_path / str(number), 0, 1) == kept


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


def test_nothing_of_before_the_clock_was_set_back_stands_after_it_has_passed(
    tmp_path: Path,
) -> None:
    written(tmp_path, *(batch(second, sample(99.0)) for second in range(1000, 2000)))
    assert looked(tmp_path, 1400, 1500) == []  # set back, and nothing is recorded since
    # One value, which is written each five minutes.
    written(tmp_path, *(batch(second, sample(1.0)) for second in range(1500, 2300)))
    found = looked(tmp_path, 1900, 2299)
    assert set(found) == {"gap", 1.0}
    assert found.count(1.0) == pytest.approx(2299 - 2101, abs=2)
    assert found[-1] == 1.0


def test_what_was_recorded_under_another_definition_is_not_seen(tmp_path: Path) -> None:
    written(tmp_path, *(batch(second, sample(2.0)) for second in range(60)), unit="bar")
    assert looked(tmp_path, 0, 60, unit="kPa") == []
    written(tmp_path, *(batch(second, sample(200.0)) for second in range(61, 70)), unit="kPa")
    assert set(looked(tmp_path, 0, 70, unit="kPa")) == {"gap", 200.0}
    with HistoryReader(tmp_path, {TAG: "kPa"}) as reader:
        slots = reader.trend(TAG, T0_S, T0_S + 70, 7)
        assert [slot.low for slot in slots] == [None] * 6 + [200.0]
    assert set(looked(tmp_path, 0, 70, unit="bar")) == {2.0, "gap"}  # it is there again
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


def test_what_is_no_history_of_ours_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / HISTORY_FILE
    for _ in range(2):
        with pytest.raises(NoHistory, match="nothing is recorded yet"):
            HistoryReader(tmp_path)
        path.touch()
    for script, words in (
        ("CREATE TABLE a(b)", "is another program's database; move it away"),
        ("PRAGMA application_id = 1213679665; PRAGMA user_version = 7", "is of version 7"),
    ):
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(script)
        _assert_refused(path, words)
    path.unlink()
    HistoryWriter(path, {}).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "DROP TABLE sample; CREATE TABLE sample(tag, at_us, value, status);"
            "INSERT INTO tag VALUES (1, 'PT-102.pv', '');"
            "INSERT INTO sample VALUES (1, 'yesterday', x'ff', 'Good')"
        )
    _assert_refused(path, "its tables are not ours; move it away")
    path.unlink()
    os.mkfifo(path)
    _assert_refused(path, "is no regular file; move it away")


def _assert_refused(path: Path, words: str) -> None:
    for opened in (lambda: HistoryReader(path.parent), lambda: HistoryWriter(path, {})):
        with pytest.raises(HistoryError, match=words):
            opened()
