"""What the screens show, as text: the demo's picture, the live table, the trend."""

import re
from collections.abc import Mapping, Sequence
from io import StringIO
from time import monotonic

import pytest
from rich.console import Console, RenderableType

from handwheel.connectors.connection import Connection, State
from handwheel.connectors.reader import SiteReader
from handwheel.connectors.site import Site
from handwheel.connectors.values import (
    BAD_NO_COMMUNICATION,
    BAD_WAITING,
    GOOD,
    UNCERTAIN_LAST_USABLE,
    DataValue,
    StatusCode,
    Value,
    never_read,
)
from handwheel.hmi import watch
from handwheel.hmi.demo_screen import Frame, render
from handwheel.hmi.demo_story import SHOWN, STORIES, Timeline
from handwheel.hmi.history import History
from handwheel.hmi.sitefiles import Link
from handwheel.hmi.trend import Scale, labelled, trend
from handwheel.sim_plant.cw100.alarms import ALARMS
from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.simulation import Simulation

from ..served import site_of, warm

Readings = Mapping[str, DataValue]
STEADY: Mapping[str, Value] = Simulation(warm(), Scenario()).values()
TREND = ("VT-101A.pv", "PT-102.pv")
LOST = "opc.tcp://127.0.0.1:4840: connection refused"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return site_of(tmp_path_factory.mktemp("site"), Link())


def readings_of(
    names: Sequence[str], changed: Mapping[str, Value] | None = None, status: StatusCode = GOOD
) -> Readings:
    """The steady state, with some values changed."""
    values = {name: STEADY[name] for name in names} | dict(changed or {})
    now = monotonic()
    return {name: DataValue(value, status, None, None, now) for name, value in values.items()}


def connections_of(
    site: Site, names: Sequence[str], reasons: Mapping[str, str]
) -> list[Connection]:
    """Connections as they stand after a while; the ones with a reason are down."""
    reader = SiteReader(site, site.find_tags(names))
    for connection in reader.connections:
        connection.scans = 5
        connection.reason = reasons.get(connection.name, "")
        is_up = not connection.reason
        connection.state = State.CONNECTED if is_up else State.DISCONNECTED
    return reader.connections


def text_of(picture: RenderableType, width: int = 80, height: int = 24) -> str:
    """Plain text; every line that does not fit would wrap, and so be counted."""
    console = Console(width=width, height=height, file=StringIO(), record=True)
    console.print(picture)
    return "\n".join(line.rstrip() for line in console.export_text().splitlines())


def styled(picture: RenderableType) -> str:
    console = Console(width=80, file=StringIO(), force_terminal=True, color_system="standard")
    with console.capture() as captured:
        console.print(picture)
    return captured.get()


def picture_of(
    site: Site,
    readings: Readings,
    reasons: Mapping[str, str] | None = None,
    *,
    width: int = 80,
    height: int = 24,
) -> RenderableType:
    timeline, history = Timeline(), History(TREND, 400)
    timeline.add(readings)
    history.add(readings)
    timeline.entries += [(60.0 * n, "P-101A.tripped", f"event {n}") for n in range(6)]
    connections = connections_of(site, SHOWN, reasons or {})
    return render(
        Frame(STORIES["F01"], site.tags, readings, history, timeline, connections, width, height)
    )


ALARM: Mapping[str, Value] = {"VAH-101A.active": True}
ALL_ALARMS = {f"{alarm.tag}.active": True for alarm in ALARMS}
TRIPPED: Mapping[str, Value] = {
    **ALARM,
    "P-101A.running": False, "P-101A.tripped": True, "P-101A.trip_cause": 2,
    "P-101B.running": True, "PAL-102.active": True, "PDAH-101.active": True,
}  # fmt: skip
NEVER: Readings = {name: never_read(BAD_WAITING, 0.0) for name in SHOWN}
DOWN = {"dcs": LOST, "pkg": "modbus://127.0.0.1:5020/1: no answer within 2 s"}
PICTURES: dict[str, tuple[Readings, dict[str, str]]] = {
    "normal": (readings_of(SHOWN), {}),
    "alarm": (readings_of(SHOWN, ALARM), {}),
    "every alarm": (readings_of(SHOWN, ALL_ALARMS), {}),
    "tripped": (readings_of(SHOWN, TRIPPED), {}),
    "half": (readings_of(SHOWN, ALARM), {"pkg": DOWN["pkg"]}),
    "stale": (readings_of(SHOWN, TRIPPED, UNCERTAIN_LAST_USABLE), DOWN),
    "no data": (NEVER, DOWN),
}
NORMAL = """\
HANDWHEEL demo  cw-100 simulated 0×  plant time 0:00:00  pkg ok  dcs ok
A bearing of P-101A wears out; strainer clean, standby ready.

VT-101A vibration, mm/s (alarm 5)       PT-102 header pressure, kPa (alarm 290)
10│                                     500│
  │                                        │                                  ⢀
  │                                     290│┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄
 5│┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄    │
  │                                        │
 0│                                   ⠈   0│

           P-101A running     P-101B standby
speed          88.8 %             0.00 %         header pressure     350.0 kPa
current        9.33 A             0.00 A         water flow           36.6 m3/h
vibration      1.13 mm/s          0.10 mm/s      product out          48.0 degC
bearing        38.7 degC          25.0 degC      strainer dp          4.19 kPa
                                                 basin level          70.0 %

alarms  none
0:02:00  event 2
0:03:00  event 3
0:04:00  event 4
0:05:00  event 5
Ctrl-C ends the demo"""

# Line, from 0, to what it is or begins with where it is not as in the normal picture.
LINES: dict[str, dict[int, str]] = {
    "normal": {},
    "alarm": {18: "alarms  ◆ P2 VAH-101A"},
    "every alarm": {
        18: "alarms  ▲ P1 PAL-102  ▲ P1 FAL-103  ◆ P2 VAH-101A  ◆ P2 VAH-101B  +7",
    },
    "tripped": {
        11: "           P-101A ! TRIP I-02 P-101B running",
        18: "alarms  ▲ P1 PAL-102  ◆ P2 VAH-101A  ■ P3 PDAH-101",
    },
    "half": {
        0: "HANDWHEEL demo  cw-100 simulated 0×  plant time 0:00:00  pkg DOWN  dcs ok",
        1: "pkg: modbus://127.0.0.1:5020/1: no answer within 2 s",
        18: "alarms  ◆ P2 VAH-101A",
    },
    "stale": {
        0: "HANDWHEEL demo  cw-100 simulated ?×  plant time 0:00:00  pkg DOWN  dcs DOWN",
        1: "pkg: modbus://127.0.0.1:5020/1: no answer within 2 s",
        2: "dcs: opc.tcp://127.0.0.1:4840: connection refused",
        5: "  │                                        │",
        9: " 0│                                       0│",
        11: "           P-101A ? no data   P-101B ? no data",
        12: "speed      ? 88.795 %         ?      0 %         header pressure  ?    350 kPa",
        13: "current    ? 9.3254 A         ?      0 A         water flow       ? 36.556 m3/h",
        14: "vibration  ? 1.1271 mm/s      ?    0.1 mm/s      product out      ?     48 degC",
        15: "bearing    ? 38.719 degC      ?     25 degC      strainer dp      ? 4.1867 kPa",
        16: "                                                 basin level      ?     70 %",
        18: "alarms  ? no data  ? P1 PAL-102  ? P2 VAH-101A  ? P3 PDAH-101",
    },
}
LINES["no data"] = LINES["stale"] | {
    12: "speed      ?      - %         ?      - %         header pressure  ?      - kPa",
    13: "current    ?      - A         ?      - A         water flow       ?      - m3/h",
    14: "vibration  ?      - mm/s      ?      - mm/s      product out      ?      - degC",
    15: "bearing    ?      - degC      ?      - degC      strainer dp      ?      - kPa",
    16: "                                                 basin level      ?      - %",
    18: "alarms  ? no data",
}


@pytest.mark.parametrize("name", PICTURES)
def test_the_demos_picture_fits_and_says_what_is_wrong(site: Site, name: str) -> None:
    readings, reasons = PICTURES[name]
    lines = text_of(picture_of(site, readings, reasons)).splitlines()
    assert len(lines) == 24
    assert max(len(line) for line in lines) <= 80
    expected = dict(enumerate(NORMAL.splitlines())) | LINES[name]
    assert lines == list(expected.values())


def test_only_what_is_abnormal_has_a_colour(site: Site) -> None:
    normal = styled(picture_of(site, readings_of(SHOWN)))
    assert set(re.findall(r"\x1b\[([0-9;]+)m", normal)) == {"0", "1", "2"}  # bold and dim
    tripped = styled(picture_of(site, readings_of(SHOWN, TRIPPED)))
    for text in ("1;31m▲ P1 PAL-102", "1;33m◆ P2 VAH-101A", "1;36m■ P3 PDAH-101", "1;31mP-101A !"):
        assert f"\x1b[{text}" in tripped
    assert "\x1b[7m? no data\x1b" in styled(picture_of(site, NEVER))


@pytest.mark.parametrize(("width", "height"), [(79, 24), (80, 23), (80, 24), (120, 40)])
def test_a_terminal_that_is_too_small_is_told(site: Site, width: int, height: int) -> None:
    picture = picture_of(site, readings_of(SHOWN), width=width, height=height)
    first = text_of(picture, width, height).splitlines()[0]
    assert (first == "80 x 24 needed") == (width < 80 or height < 24)


def table_of(site: Site, readings: Readings, width: int, height: int) -> list[str]:
    tags = site.find_tags(list(readings))
    history = History(readings, 32)
    for _ in range(3):
        history.add(readings)
    connections = connections_of(site, list(readings), {"pkg": DOWN["pkg"]})
    table = watch.render(connections, tags, readings, history, width=width, height=height)
    return text_of(table, width, height).splitlines()


WATCHED = ("PT-102.pv", "P-101A.running")
TABLES = {
    80: [
        "tag             value  unit  trend             quality                       age",
        "PT-102.pv         350  kPa                 ⠠⠤  good                        0.0 s",
        "P-101A.running   true                          ! BadNoCommunication        0.0 s",
    ],
    60: [
        "tag             value  unit  quality                     age",
        "PT-102.pv         350  kPa   good                      0.0 s",
        "P-101A.running   true        ! BadNoCommunication      0.0 s",
    ],
    50: [
        "tag             value  unit  quality",
        "PT-102.pv         350  kPa   good",
        "P-101A.running   true        ! BadNoCommunication",
    ],
    34: [
        "tag             value  unit  qual…",
        "PT-102.pv         350  kPa   good",
        "P-101A.running   true        ! Ba…",
    ],
}


@pytest.mark.parametrize("width", TABLES)
def test_a_narrow_table_drops_the_trend_then_the_age(site: Site, width: int) -> None:
    readings = dict(readings_of(WATCHED))
    readings["P-101A.running"] = readings["P-101A.running"].with_status(BAD_NO_COMMUNICATION)
    *table, dcs, pkg = table_of(site, readings, width, 15)
    assert table == TABLES[width]
    assert dcs == "dcs connected"
    assert pkg.startswith("pkg disconnected: modbus://")


def test_tags_that_do_not_fit_are_counted_with_how_many_are_not_good(site: Site) -> None:
    readings = dict(readings_of(list(site.tags)))
    more = [table_of(site, readings, 60, 15)[-3]]
    names = list(site.tags)
    for name in (names[0], *names[-3:]):
        readings[name] = readings[name].with_status(BAD_NO_COMMUNICATION)
    lines = table_of(site, readings, 60, 15)
    assert len(lines) == 15
    assert [*more, lines[-3]] == ["and 67 more", "and 67 more, 3 not good"]
    assert "! BadNoCommunication" in lines[1]
    assert all(" good " in line for line in lines[2:-3])
    for line, (name, tag) in zip(lines[1:-3], site.tags.items(), strict=False):
        assert line.split()[:2] == [name, tag.show(readings[name])]


def test_history_keeps_good_numbers_and_leaves_gaps() -> None:
    history = History(["PT-102.pv"], 3)
    good = readings_of(["PT-102.pv"])
    for status in (GOOD, GOOD, BAD_NO_COMMUNICATION, UNCERTAIN_LAST_USABLE):
        history.add({"PT-102.pv": good["PT-102.pv"].with_status(status)})
    assert history.series("PT-102.pv") == [pytest.approx(350.0, abs=0.5), None, None]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([1.0, 2.0, None, None, 7.0, 8.0], ["┄┄┄⠚", " ⠴  "], id="gap"),
        pytest.param([4.0] * 20 + [8.0] + [4.0] * 59, ["┄⡇┄┄", "⠉⠉⠉⠉"], id="extreme"),
        pytest.param([0.0, 8.0] * 40, ["⣿⣿⣿⣿", "⣿⣿⣿⣿"], id="extremes"),
        pytest.param([-5.0, 99.0], ["┄┄┄⢸", "   ⣸"], id="outside"),
        pytest.param([4.0] * 8, ["┄┄┄┄", "⠉⠉⠉⠉"], id="constant"),
        pytest.param([None] * 8, ["┄┄┄┄", "    "], id="nothing"),
    ],
)
def test_a_trend_shows_gaps_extremes_and_the_limit(
    values: list[float | None], expected: list[str]
) -> None:
    assert trend(values, 4, 2, Scale(0.0, 8.0, 7.0)) == expected


def test_a_trend_has_a_title_its_scale_and_its_limit() -> None:
    assert labelled("title", [1.0, 2.0, None, 7.0], 8, 3, Scale(0.0, 10.0, 5.0)) == [
        "title", "10│    ⢀", " 5│┄┄┄┄┄", " 0│   ⠴ ",
    ]  # fmt: skip
