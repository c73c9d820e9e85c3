"""What the screens show, as text: the live table, the trend."""

import asyncio
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from handwheel.connectors.historian.definitions import definitions
from handwheel.connectors.historian.recorder import Recorder
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.values import (
    BAD_NO_COMMUNICATION,
    GOOD,
    UNCERTAIN_LAST_USABLE,
    StatusCode,
    Value,
)
from handwheel.connectors.session.supervisor import ConnectionState, Gap
from handwheel.hmi.shell.charts.chart import Axis
from handwheel.hmi.shell.charts.terminal_chart import TrendScale, sparkline, terminal_chart
from handwheel.hmi.site.tags import watch_table
from handwheel.hmi.site.tags.connection_text import ScanRates, reading_lines
from handwheel.hmi.site.tags.sample_buffer import SampleBuffer, recorded_trends
from handwheel.hmi.site.tags.watch_table import render

from ..screen_text import DOWN, Readings, connections_of, readings_of, text_of


def table_of(
    site: Site, readings: Readings, width: int, height: int, *, is_lost: bool = True
) -> list[str]:
    tags = site.find_tags(list(readings))
    history = SampleBuffer(readings, 240, 1.0)
    for _ in range(3):
        history.add(readings)
    down = {"pkg": DOWN["pkg"]} if is_lost else {}
    connections = connections_of(site, list(readings), down)
    table = render(connections, ScanRates(), tags, readings, history, width, height)
    return text_of(table, width, height).splitlines()


BAD_INDEX_RANGE_NO_DATA = StatusCode(0x80370000)
WATCHED = ("PT-102.pv", "P-101A.running")
TABLES = {
    80: [
        "tag             value  unit  trend 1 min          quality                    age",
        "PT-102.pv         350  kPa                   ▅▅▅  good                     0.0 s",
        "P-101A.running   true                             ! BadNoCommunication     0.0 s",
    ],
    60: [
        "tag             value  unit  quality                     age",
        "PT-102.pv         350  kPa   good                      0.0 s",
        "P-101A.running   true        ! BadNoCommunication      0.0 s",
    ],
    34: [
        "tag     value  unit  quality",
        "PT….pv    350  kPa   good",
        "P-…ing   true        ! BadNoCommu…",
    ],
}


@pytest.mark.parametrize("width", TABLES)
def test_a_narrow_table_drops_the_trend_then_the_age(
    site: Site, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch_table, "monotonic", lambda: 100.0)
    readings = {n: each._replace(received_s=100.0) for n, each in readings_of(WATCHED).items()}
    readings["P-101A.running"] = readings["P-101A.running"].with_status(BAD_NO_COMMUNICATION)
    *table, dcs, pkg = table_of(site, readings, width, 15)
    assert table == TABLES[width]
    assert dcs == "dcs connected  5 scans"
    assert pkg.startswith("pkg disconnected: modbus://")


LONG_NAMES = [f"AreaNorth-{n}{'X' * (length - 25)}.outlet_temp_{n}" for length in (40, 64)
              for n in (1, 2)]  # fmt: skip


@pytest.mark.parametrize("width", [80, 60])
def test_a_long_name_takes_neither_the_status_nor_a_digit(site: Site, width: int) -> None:
    tags = [replace(site.tags["PT-102.pv"], name=name) for name in LONG_NAMES]
    tags[1:] = [replace(tag, kind="int", unit="µg/m³ (dry, 273 K)") for tag in tags[1:]]
    assert [len(tag.name) for tag in tags] == [40, 40, 64, 64]
    values = (-1234567.0, -(2**63), 18446744073709551615, 7)
    steady = readings_of(["PT-102.pv"])["PT-102.pv"]
    readings = {t.name: steady._replace(value=v) for t, v in zip(tags, values, strict=True)}
    for number, status in ((0, BAD_NO_COMMUNICATION), (2, BAD_INDEX_RANGE_NO_DATA)):
        name = LONG_NAMES[number]
        readings[name] = readings[name].with_status(status)
    table = render([], ScanRates(), tags, readings, SampleBuffer(readings, 9), width, 24)
    _, *rows = text_of(table, width).splitlines()
    shown = ["-1.2346e+06", "-9223372036854775808", "18446744073709551615", "7"]
    for row, tag, value in zip(rows, tags, shown, strict=True):
        name = row.split()[0]
        assert tag.name.startswith(name.partition("…")[0])
        assert tag.name.endswith(name.partition("…")[2])
        assert f" {value} " in row
    assert [row.rstrip("0.s ").endswith("good") for row in rows] == [False, True, False, True]
    assert "  ! BadNoCommunication" in rows[0]
    assert "  ! BadIndexRangeNoData" in rows[2]
    # Where even the number has no room, no part of it is shown.
    table = render([], ScanRates(), tags, readings, SampleBuffer(readings, 9), 44, 24)
    assert "  ##########  " in text_of(table, 44).splitlines()[2]


def test_readings_stand_in_columns_as_wide_as_they_must_be(site: Site) -> None:
    tag = site.tags["PT-102.pv"]
    tags = [tag, replace(tag, name="A.pv", unit="µg/m³"), replace(tag, name="B.pv", kind="string")]
    values: tuple[Value, ...] = (-1234567.0, 5.0, "温度 low")
    steady = readings_of(["PT-102.pv"])["PT-102.pv"]._replace(received_s=0.0)
    readings = {t.name: steady._replace(value=v) for t, v in zip(tags, values, strict=True)}
    readings["A.pv"] = readings["A.pv"].with_status(StatusCode(0x80320000))
    assert list(reading_lines(tags, readings, 12.0)) == [
        "PT-102.pv  -1.2346e+06 kPa    Good                      12.00 s old",
        "A.pv                 5 µg/m³  BadWaitingForInitialData  12.00 s old",
        "B.pv          温度 low kPa    Good                      12.00 s old",
    ]
    assert list(reading_lines([], {}, 0.0)) == []


def test_where_not_all_tags_fit_those_that_are_not_good_come_first(site: Site) -> None:
    names = [tag.name for tag in site.measured(site.tags.values())]
    readings = dict(readings_of(names))
    *_, more, _, _ = table_of(site, readings, 60, 15)
    assert more == "and 86 more, all good"
    bad = [names[0], *names[-3:]]
    for name in bad:
        readings[name] = readings[name].with_status(BAD_NO_COMMUNICATION)
    _, *rows, more, _, _ = table_of(site, readings, 60, 15)
    assert [row.split()[0] for row in rows] == [*names[:8], *names[-3:]]  # in their order
    assert [row.split()[0] for row in rows if "! BadNoCommunication" in row] == bad
    assert more == "and 86 more, all good"
    readings = {name: each.with_status(BAD_NO_COMMUNICATION) for name, each in readings.items()}
    *rows, more, _, _ = table_of(site, readings, 60, 15)
    assert len(rows) == 12
    assert more == "and 86 more, 86 not good"


def test_a_table_shows_what_was_lost_and_no_part_for_the_whole(site: Site) -> None:
    tag = replace(site.tags["PT-102.pv"], is_array=True, unit="[red]k\x1b[2J[/]")
    values = tuple(n + 0.25 for n in range(50))
    readings = {tag.name: readings_of([tag.name])[tag.name]._replace(value=values)}
    (connection,) = connections_of(site, [tag.name], {})
    rates, now = ScanRates(), datetime.now(UTC)
    for second in range(30):
        connection.scans = 2 * second
        rates.add([connection], float(second))
    connection.state, connection.reason = ConnectionState.DEGRADED, "unit 3: no\x1b answer"
    connection.overflows = 7
    connection.gaps += [
        Gap(now - timedelta(hours=3), "refused", now - timedelta(hours=2)),
        Gap(now - timedelta(seconds=750), f"{connection.where}: cut", now - timedelta(minutes=8)),
    ]
    table = render([connection], rates, [tag], readings, SampleBuffer(readings, 9), 80, 24)
    _, row, *below = text_of(table).splitlines()
    assert row.startswith("PT-102.pv  [0.25, 1.25, …] 50  [red]k\\x1b[2J[/]")
    assert below == [
        "dcs degraded  58 scans, 2.0 a second  unit 3: no\\x1b answer",
        "  7 lost by overflow; 2 gaps, the last of 4 min, 8 min ago: cut",
    ]
    connection.gaps[-1] = Gap(now - timedelta(minutes=12), "cut")
    connection.state, connection.reason, connection.overflows = (
        ConnectionState.CONNECTING,
        "refused",
        0,
    )
    table = render([connection], rates, [tag], readings, SampleBuffer(readings, 9), 80, 24)
    assert text_of(table).splitlines()[2:] == [
        "dcs connecting: refused",
        "  2 gaps, the last of 12 min so far: cut",
    ]


def test_a_trend_begins_with_what_the_historian_has(site: Site, tmp_path: Path) -> None:
    site = replace(site, state=tmp_path)
    tags = site.find_tags(["PT-102.pv", "P-101A.running", "LT-101.pv"])
    assert recorded_trends(site, tags, 240, 1.0) == {}  # there is no history yet
    asyncio.run(_record(site, readings_of(["PT-102.pv"], {"PT-102.pv": 350.0})))
    recorded = recorded_trends(site, tags, 240, 1.0)
    assert recorded.keys() == {"PT-102.pv", "LT-101.pv"}  # the trends are of numbers
    assert {value for value in recorded["PT-102.pv"] if value is not None} == {350.0}
    history = SampleBuffer([tag.name for tag in tags], 240, 1.0)
    history.begin(recorded)
    assert history.series("PT-102.pv")[0] == 350.0
    lengths = {len(history.series(tag.name)) for tag in tags}
    assert len(lengths) == 1  # so that they stand below each other
    assert max(lengths) < 120  # what nobody knows is not shown as a hole
    assert set(history.series("LT-101.pv")) == {None}


async def _record(site: Site, readings: Readings) -> None:
    async with Recorder(site.state, definitions=definitions(site)) as recorder:
        for _ in range(3):
            recorder.arrived(list(readings.items()))
            await asyncio.sleep(0.05)


def test_history_keeps_good_numbers_and_leaves_gaps() -> None:
    history = SampleBuffer(["PT-102.pv"], 3)
    good = readings_of(["PT-102.pv"])
    for status in (GOOD, GOOD, BAD_NO_COMMUNICATION, UNCERTAIN_LAST_USABLE):
        history.add({"PT-102.pv": good["PT-102.pv"].with_status(status)})
    assert history.series("PT-102.pv") == [pytest.approx(350.0, abs=0.5), None, None]


SCALE = TrendScale(Axis(0.0, 8.0), (7.0,))
SPIKE = [*[4.0] * 20, 8.0, *[4.0] * 59]
BAD = [1.0, 2.0, None, math.nan, 7.0, 8.0]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param(
            [1.0, 2.0, None, math.nan, 7.0, 8.0], ["8┼┈┈┈┈┈┈⡠⠄", " │", " │ ⡠", "0┤⠈"], id="gap"
        ),
        pytest.param(
            [4.0] * 20 + [8.0] + [4.0] * 59,
            ["8┼┈┈⡄┈┈┈┈┈", " │  ⡇", " │⠈⠉⠉⠉⠉⠉⠉⠁", "0┤"],
            id="extreme",
        ),
        pytest.param([-5.0, 99.0], ["8┼┈┈┈┈┈┈⡠⠄", " │    ⡠⠊", " │  ⡠⠊", "0┤⠐⠊"], id="outside"),
        pytest.param([math.inf, None, math.nan], ["8┼┈┈┈┈┈┈┈┈", " │", " │", "0┤"], id="nothing"),
        pytest.param([], ["8┼┈┈┈┈┈┈┈┈", " │", " │", "0┤"], id="empty"),
    ],
)
def test_a_trend_shows_gaps_extremes_and_the_limit(
    values: list[float | None], expected: list[str]
) -> None:
    title, *lines = terminal_chart("title", values, (10, 4), SCALE)
    assert title == "title"
    assert lines == expected


def test_a_trend_has_marks_and_another_series_and_fills_from_its_end() -> None:
    values = [1.0, 7.0, 1.0, 7.0]
    marked = terminal_chart("", values, (10, 4), SCALE, marks=[(1, 4.0)], dotted=[4.0] * 4, span=8)
    assert marked == ["", "8┼┈┈┈┈┈⡀┈⡀", " │     ⣿ ⡇", " │    ⢹×⣿⠁", "0┤    ⠁ ⠁"]


def test_a_trend_leaves_nothing_to_the_next_one() -> None:
    first = terminal_chart("a", [1.0, 2.0], (20, 5), SCALE, marks=[(0, 3.0)])
    terminal_chart("b", [8.0] * 300, (90, 9), TrendScale(Axis(-5.0, 50.0), (1.0, 2.0), 9))
    assert terminal_chart("a", [1.0, 2.0], (20, 5), SCALE, marks=[(0, 3.0)]) == first


def test_a_sparkline_has_a_block_for_each_value_and_gaps() -> None:
    axis = Axis(0.0, 7.0)
    assert sparkline([None, 0.0, 3.0, 9.0], 6, axis) == "   ▁▄█"
    assert sparkline([1.0] * 50 + [7.0] * 50, 4, axis) == "▂▂██"
