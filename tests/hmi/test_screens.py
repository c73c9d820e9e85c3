"""What the screens show, as text: the live table, the trend."""

import pytest

from handwheel.connectors.site import Site
from handwheel.connectors.values import BAD_NO_COMMUNICATION, GOOD, UNCERTAIN_LAST_USABLE
from handwheel.hmi import watch
from handwheel.hmi.history import History
from handwheel.hmi.sitefiles import Link
from handwheel.hmi.trend import Scale, labelled, trend

from ..served import site_of
from .pictures import DOWN, Readings, connections_of, readings_of, text_of


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return site_of(tmp_path_factory.mktemp("site"), Link())


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
    assert [*more, lines[-3]] == ["and 86 more", "and 86 more, 3 not good"]
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
