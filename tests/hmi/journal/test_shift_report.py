"""Report of a shift: what happened is told, plant text is text, the page is whole."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from handwheel.connectors.historian.definitions import definitions
from handwheel.connectors.historian.recorder import Recorder
from handwheel.hmi.journal.shift_report.build_report import build_report, written_report
from handwheel.hmi.journal.shift_report.maintenance import read_work
from handwheel.hmi.journal.shift_report.model import Item, Section, ShiftReport, Trend
from handwheel.hmi.journal.shift_report.shift_times import shift_times
from handwheel.hmi.site.files.site_template import PlantEndpoints
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.maintenance.work_order_database import (
    WORKORDERS_FILE,
    Addition,
    Closing,
    Notice,
    WorkOrder,
    WorkOrders,
)
from handwheel.tools.requests.timestamps import instant_now, stamp

from ...gate.testbed.with_oracle import Watched
from ...plants.served import site_of
from ...sites.site_text import load
from ..command_in_process import said_by
from ..golden import check_golden
from ..screen_text import readings_of

GOLDEN = Path(__file__).parent / "golden"
NOON = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
BEGIN = datetime(2026, 11, 25, tzinfo=UTC)
HASH = re.compile(r"head [0-9a-f]{16}|\b[0-9a-f]{64}\b")
EVIL = "<script src=//x>*b*</script> [a](http://x) | _i_ `c` &amp; \\ 1. -"


class Page(HTMLParser):
    """Checks that each element is closed in order, and notes names and attributes."""

    VOID = frozenset({"meta", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open, self.seen, self.links = list[str](), set[str](), list[str]()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.links += [name for name, _ in attrs if name in {"src", "href", "xlink:href"}]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_shift_reads_as_it_did(day: Watched) -> None:
    report, is_sound = build_report(day.desk.database, day.site, BEGIN, NOON, NOON)
    assert is_sound
    drawn = HASH.sub("x", written_report(report, "md"))
    check_golden(GOLDEN / "shift.md", drawn)
    assert all(each.isprintable() for each in drawn.split("\n"))
    page = Page(written_report(report, "html"))
    assert (page.open, page.links) == ([], [])


def test_orders_read_as_they_stood_and_damaged_ones_as_not_known(
    tmp_path: Path,
) -> None:
    site = load(tmp_path)
    fields: dict[str, Any] = {
        "run_id": "U-1", "playbook": "cw/x", "priority": 3, "due": stamp(NOON + timedelta(days=9)),
    }  # fmt: skip
    order = fields | {
        "workorder_id": "W-7K3MQ2XA", "key": "U-1/order", "site": "s", "asset": "P-101A",
        "class": "corrective", "title": "Bearing", "opened_at": stamp(BEGIN),
    }  # fmt: skip
    with WorkOrders(site.state) as store:
        store.raise_order(WorkOrder.model_validate(order))
        for days, priority in ((1, 2), (5, 1)):
            at = BEGIN + timedelta(days=days)
            due = stamp(at + timedelta(days=2))
            added = {"key": f"U-{days}", "workorder_id": "W-7K3MQ2XA", "at": stamp(at)}
            more = {"priority": priority, "due": due}
            store.add(Addition.model_validate(fields | added | more))
    (line,) = read_work(site, NOON).open_lines(NOON)
    assert line == "W-7K3MQ2XA, corrective, priority 2, P-101A: Bearing, due 2026-11-28"
    (site.state / WORKORDERS_FILE).write_bytes(b"damaged" * 1000)
    work = read_work(site, NOON)
    (item,), (line,) = work.items(BEGIN), work.open_lines(NOON)
    assert item.text == line == f"not known: {site.state / WORKORDERS_FILE}: file is not a database"


def test_a_quiet_shift_fits_on_one_page(day: Watched) -> None:
    until = BEGIN + timedelta(hours=8)
    report, _ = build_report(day.desk.database, day.site, BEGIN, until, NOON)
    lines = written_report(report, "md").splitlines()
    assert len(lines) <= 24
    assert dict(report.figures)["median to decide"] == "none decided"


def test_text_of_plants_and_people_is_no_markup_in_either_form() -> None:
    part = Section(
        EVIL,
        [
            Item(
                EVIL,
                [
                    f"- {EVIL}",
                    "# head",
                    "46.5 degC",
                    "46. degC",
                    "2) two " + "word " * 20 + "+ plus",
                ],
            )
        ],
    )
    report = ShiftReport(
        EVIL, EVIL, [EVIL], [("asked", "1")], [part], [Trend(EVIL, [1.0, None, 2.0])]
    )
    page = Page(written_report(report, "html"))
    assert page.seen.isdisjoint({"script", "a", "img"})
    assert "svg" in page.seen
    written = written_report(report, "md")
    assert not re.search(r"(?<!\\)[<>`*]", written.replace(f"**{'x'}", "").replace("**", ""))
    assert "\\[a\\](http\\://x)" in written
    assert "  - 46.5 degC\n  - 46\\. degC\n" in written
    assert all(
        re.match(r"#{1,2} |\*\*|\||None|$| *- (?![#+-])|  +[^#+-]", line)
        for line in written.splitlines()
    )


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [
        (None, None, (NOON - timedelta(hours=8), NOON)),
        ("06:00", "10:00", (NOON.replace(hour=6), NOON.replace(hour=10))),
        ("22:00", "06:00", (datetime(2026, 11, 26, 22, tzinfo=UTC), NOON.replace(hour=6))),
        (
            "2026-11-26",
            "14:00",
            (datetime(2026, 11, 26, tzinfo=UTC), NOON.replace(day=26, hour=14)),
        ),
    ],
)
def test_a_time_of_day_is_the_last_one(
    since: str | None, until: str | None, found: tuple[datetime, datetime]
) -> None:
    assert shift_times(since, until, NOON) == found


def test_a_shift_that_ends_before_it_begins_in_the_future_or_at_no_time_is_refused() -> None:
    with pytest.raises(ValueError, match="would begin at"):
        shift_times("2026-11-27", "2026-11-26", NOON)
    with pytest.raises(ValueError, match="not ended yet"):
        shift_times(None, "2026-11-28", NOON)
    with pytest.raises(ValueError, match=r"'25:00' is no date and no time; write .*, or 06:00"):
        shift_times("25:00", None, NOON)


CASE = "C-00000001"
ROWS: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "opened",
        {"condition": f"PT-102.pv < 300 kPa {EVIL}", "playbook": "", "deviation": "alarm X"},
    ),
    ("judged", {"diagnosis": {"line": f"strainer {EVIL}"}, "reason": "none", "candidates": []}),
    ("measured", {"text": "the gain came: 12 kW"}),
    ("closed", {"reason": "its deviation is over"}),
)


async def test_a_shift_tells_cases_work_orders_alarms_and_notices_of_a_site(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = site_of(tmp_path / "cw", PlantEndpoints(1, 1, "500 ms", 1))
    at = stamp(instant_now().wall)
    with Database(site.state, site.id) as database:
        for kind, body in ROWS:
            with database.transaction(instant_now()) as transaction:
                transaction.record(f"case.{kind}", CASE, body)
    with WorkOrders(site.state) as orders:
        said = {"site": "cw", "run_id": "U-1", "playbook": "cw/x 1", "opened_at": at, "due": at}
        order = {"class": "corrective", "priority": 2, "title": EVIL, "asset": "F-101"}
        for name in ("W-00000001", "W-00000002"):
            orders.raise_order(
                WorkOrder.model_validate({**said, **order, "workorder_id": name, "key": name})
            )
        closed = {"key": "W-00000001", "at": at, "by": "ben", "found": "strainer-plugged"}
        orders.close_order(Closing.model_validate(closed))
        orders.notify(Notice(key="U-1/1", at=at, to="ben", text=EVIL, run_id="U-1"))
    readings = readings_of(["PT-102.pv", "PAL-102.active"], {"PAL-102.active": True})
    async with Recorder(site.state, definitions=definitions(site)) as recorder:
        recorder.arrived(list(readings.items()))
        recorder.arrived(list(readings.items()))
    said_by_command, place = said_by(capsys), str(tmp_path / "cw")
    code, told, _ = await asyncio.to_thread(said_by_command, "journal", "shift", "--site", place)
    written = " ".join(told.split())
    assert code == 0
    assert re.search(rf"- {CASE} since .{{16}}, closed: PT-102.pv \\< 300 kPa", written)
    assert "cause: strainer" in written
    assert "measured: the gain came: 12 kW" in written
    assert "closed by ben, found: strainer-plugged" in written
    assert re.search(r"work orders - W-00000002, corrective, priority 2, F-101: .*OVERDUE", written)
    assert "to the end of the shift: PAL-102.active" in written
    assert "ben screens only no channel" in written
    assert max(map(len, told.splitlines())) <= 80
    page = tmp_path / "shift.html"
    words = ("journal", "shift", "--format", "html", "-o", str(page), "--site", place)
    assert (await asyncio.to_thread(said_by_command, *words))[:2] == (0, "")
    seen = Page(page.read_text(encoding="utf-8"))
    assert (seen.open, seen.links) == ([], [])
    assert seen.seen.isdisjoint({"script", "a", "img"})
    assert "polyline" in seen.seen
