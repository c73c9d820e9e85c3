"""Trends of work orders, drawn as text and into a file."""

import re
from pathlib import Path

import pytest
from PIL import Image

from handwheel.tools.maintenance.work_order_database import WorkOrders

from ...hmi.command_in_process import said_by
from ...sites import site_text
from .test_work_order_database import SAID, order_of


def test_trends_are_drawn_into_a_file_and_nothing_else_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site, handwheel = site_text.load(tmp_path), said_by(capsys)
    flat = {"tag": "T.pv", "points": [[30, 5.0]]}
    with WorkOrders(site.state) as store:
        store.raise_order(order_of(trend=[*SAID["trend"], flat]))
        store.raise_order(order_of(workorder_id="W-9K3MQ2XA", key="other", trend=[]))
    where, file = f"--site={tmp_path}", tmp_path / "order.png"
    assert handwheel("workorders", "show", "W-7", "--png", str(file), where)[0] == 0
    with Image.open(file) as drawn:
        assert drawn.width == 1600
    for name, given, said in (
        ("W-9", file, "W-9K3MQ2XA has no trend that could be drawn"),
        ("W-7", tmp_path / "order.gif", "the name does not end in .png"),
    ):
        code, _, error = handwheel("workorders", "show", name, "--png", str(given), where)
        assert (code, said in error) == (2, True), error


def test_a_flat_trend_is_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases: list[tuple[list[list[float]], list[str]]] = [
        ([], ["T.pv: no values"]),
        ([[0.0, 5.0]], ["T.pv, 0 s", "5.25┤", "    │", "    │", "4.75┤"]),
        ([[0.0, 0.0], [9.0, 0.0]], ["T.pv, 9 s", " 1┤", "  │", "  │", "-1┤"]),
    ]
    trends = [{"tag": "T.pv", "points": points} for points, _ in cases]
    with WorkOrders(site_text.load(tmp_path).state) as store:
        store.raise_order(order_of(trend=trends))
    lines = said_by(capsys)("workorders", "show", "W-7", f"--site={tmp_path}")[1].splitlines()
    shown = [re.split("(?<=[│┤])", line)[0] for line in lines[7:] if line]
    assert shown == [line for _, expected in cases for line in expected]
