"""Work orders and notices: opened once, never changed, and shown without what could deceive."""

import json
import re
import sqlite3
from contextlib import closing
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from handwheel.tools.errors import InvalidArguments, ToolFailed
from handwheel.tools.maintenance.work_order_database import (
    Addition,
    Notice,
    WorkOrder,
    WorkOrders,
)
from handwheel.tools.requests.ids import new_id
from handwheel.tools.requests.proposer import agent_proposer, guest_proposer

from ...hmi.command_in_process import said_by
from ...sites import site_text

AT = "2026-11-25T08:50:25.123Z"
SAID: dict[str, Any] = {
    "workorder_id": "W-7K3MQ2XA", "key": "U-7K3MQ2XA/raise", "site": "works-7",
    "asset": "P-101A", "class": "corrective", "priority": 2, "title": "Bearing of P-101A",
    "due": "2026-11-28T08:50:25.123Z", "opened_at": AT, "run_id": "U-7K3MQ2XA",
    "playbook": "cw/pump-bearing-changeover", "evidence": ["vibration 9.1 mm/s > 7.1 mm/s"],
    "trend": [{"tag": "VT-101A.pv", "unit": "mm/s", "points": [[0, 4.5], [60, 9.1]]}],
}  # fmt: skip
NOTICE: dict[str, Any] = {
    "key": "U-7K3MQ2XA/told", "at": AT, "to": "operator", "text": "Standby runs",
    "run_id": "U-7K3MQ2XA",
}  # fmt: skip

MODES = """\
schema: failure-modes/1
modes:
  - {id: too-hot, title: Too hot, prior_db: -10, signs: [
      {id: s, that: VT-101A.pv > 7 mm/s, met_db: 20, not_met_db: -20}]}
"""


def order_of(**changes: Any) -> WorkOrder:
    return WorkOrder.model_validate(SAID | changes)


def test_work_orders_and_notices_are_left_once_and_kept(tmp_path: Path) -> None:
    first, second = order_of(), order_of(workorder_id="W-7K000000", key="other")
    with WorkOrders(tmp_path / "var") as store, WorkOrders(tmp_path / "var") as other:
        assert store.all() == []
        assert store.raise_order(first) == first
        again = order_of(workorder_id=new_id("W"), title="a node that runs again")
        assert other.raise_order(again) == first
        assert store.raise_order(second) == second
    with WorkOrders(tmp_path / "var") as store:
        assert store.all() == [first, second]
        notice = Notice.model_validate(NOTICE)
        assert store.notify(notice) == notice
        assert store.notify(notice.model_copy(update={"text": "again"})) == notice
        assert store.notices() == [notice]


def test_order_is_of_a_run_or_of_a_guest_whose_name_is_a_claim() -> None:
    guest = guest_proposer("anna", "lab")
    of_guest = order_of(run_id="", playbook="", guest=guest)
    assert of_guest.origin == "unverified guest program “anna”, account lab"
    assert order_of().origin == "cw/pump-bearing-changeover, run U-7K3MQ2XA"
    for wrong in ({"guest": guest}, {"run_id": ""}, {"guest": agent_proposer("x"), "run_id": ""}):
        with pytest.raises(ValidationError, match="a work order is of a run"):
            order_of(**wrong)


def test_the_version_of_a_store_changes_with_what_it_or_another_process_adds(
    tmp_path: Path,
) -> None:
    with WorkOrders(tmp_path) as store, WorkOrders(tmp_path) as other:
        versions = [store.version(), store.version()]
        for one, key in ((store, "own"), (other, "other's")):
            one.raise_order(order_of(workorder_id=new_id("W"), key=key))
            versions.append(store.version())
        assert versions[0] == versions[1]
        assert len(set(versions)) == 3


def test_a_work_order_is_found_by_its_beginning(tmp_path: Path) -> None:
    first, second = order_of(), order_of(workorder_id="W-7K000000", key="other")
    with WorkOrders(tmp_path) as store:
        store.raise_order(first)
        store.raise_order(second)
        assert store.find("w-7k3") == first
        assert store.find("W-7K000000") == second
        for name, reason in (
            ("W-7K", "'W-7K' begins more than one work order: W-7K3MQ2XA, W-7K000000"),
            ("W-9", "'W-9' is no work order of this site"),
            ("", "'' is no work order of this site"),
            ("\x1b[2J", r"'\\x1b\[2J' is no work order"),
        ):
            with pytest.raises(InvalidArguments, match=reason):
                store.find(name)


def test_what_is_no_work_order_is_not_made() -> None:
    cases: list[dict[str, Any]] = [
        {"workorder_id": "R-7K3MQ2XA"}, {"key": ""}, {"priority": 0}, {"priority": 5},
        {"class": "urgent"}, {"title": ""}, {"due": "tomorrow"}, {"more": 1},
        {"trend": [{"tag": "VT-101A.pv", "points": [[0.0, float("nan")]]}]},
        {"trend": [{"tag": "VT-101A.pv", "points": [[float(n), 1.0] for n in range(61)]}]},
    ]  # fmt: skip
    order_of(trend=[{"tag": "T.pv", "points": [[float(n), 1.0] for n in range(60)]}])
    for changes in cases:
        with pytest.raises(ValidationError):
            order_of(**changes)


def test_what_was_kept_is_never_changed(tmp_path: Path) -> None:
    with (
        WorkOrders(tmp_path) as store,
        closing(sqlite3.connect(tmp_path / "workorders.db")) as shell,
    ):
        store.raise_order(order_of())
        store.notify(Notice.model_validate(NOTICE))
        statements = (
            "UPDATE {} SET text = '{{}}'",
            "DELETE FROM {}",
            "INSERT OR REPLACE INTO {} SELECT number, 'new', '{{}}' FROM {}",
            "INSERT OR REPLACE INTO {} SELECT 99, key, '{{}}' FROM {}",
        )
        for table, statement in product(("workorder", "notice"), statements):
            with pytest.raises(sqlite3.IntegrityError, match=r"append-only|there already"):
                shell.execute(statement.format(table, table))
            shell.rollback()
        assert (len(store.all()), len(store.notices())) == (1, 1)
        shell.execute("INSERT INTO workorder(key, text) VALUES ('k', '{}')")
        shell.commit()
        with pytest.raises(ToolFailed, match="is not what was kept"):
            store.all()


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("", "file is not a database"),
        ("CREATE TABLE diary(text)", "is another program's database"),
        ("PRAGMA user_version = 4", "is of version 4, not 3"),
    ],
)
def test_only_our_database_opens(tmp_path: Path, statement: str, reason: str) -> None:
    path = tmp_path / "workorders.db"
    if "version" in statement:
        WorkOrders(tmp_path).close()
    with closing(sqlite3.connect(path)) as shell:
        shell.execute(statement)
    if not statement:
        path.write_text("these are the work orders of last year" * 20, encoding="utf-8")
    with pytest.raises(ToolFailed, match=reason) as told:
        WorkOrders(tmp_path)
    assert str(path) in str(told.value)


def test_the_commands_show_what_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = site_text.load(tmp_path)
    where, handwheel = f"--site={tmp_path}", said_by(capsys)
    assert handwheel("workorders", "list", where)[:2] == (0, "no work orders\n")
    assert handwheel("workorders", "show", "W-7", where)[:2] == (2, "")
    assert not (site.state / "workorders.db").exists()
    with WorkOrders(site.state) as store:
        store.raise_order(order_of(title="Bearing\x1b[2J of \u202eP-101A"))
    assert handwheel("workorders", "list", where)[1] == (
        "W-7K3MQ2XA  2  corrective  P-101A  due 2026-11-28  Bearing\\x1b[2J of \\u202eP-101A\n"
    )
    (found,) = json.loads(handwheel("workorders", "list", where, "--json")[1])
    assert (found["class"], found["priority"]) == ("corrective", 2)
    code, out, error = handwheel("workorders", "show", "w-7", where)
    lines = out.splitlines()
    assert (code, error) == (0, "")
    assert lines[:6] == [
        "W-7K3MQ2XA  Bearing\\x1b[2J of \\u202eP-101A",
        "asset     P-101A",
        "class     corrective, priority 2",
        f"due       2026-11-28T08:50:25.123Z, opened {AT}",
        "from      cw/pump-bearing-changeover, run U-7K3MQ2XA",
        "evidence  vibration 9.1 mm/s > 7.1 mm/s",
    ]
    assert lines[6:8] == ["", "VT-101A.pv mm/s, 60 s"]
    assert [re.split("[│┤]", line)[0].strip() for line in lines[8:]] == ["9.1", "", "", "4.5"]
    assert json.loads(handwheel("workorders", "show", "w-7", where, "--json")[1]) == found


@pytest.mark.parametrize(
    ("version", "newer"),
    [(1, "DROP TABLE closing; DROP TABLE addition"), (2, "DROP TABLE addition")],
)
def test_a_work_order_is_closed_once_in_an_older_database_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], version: int, newer: str
) -> None:
    site = site_text.load(tmp_path)
    where, handwheel = f"--site={tmp_path}", said_by(capsys)
    with WorkOrders(site.state) as store:
        store.raise_order(order_of())
    with closing(sqlite3.connect(site.state / "workorders.db")) as shell:
        shell.executescript(f"{newer}; PRAGMA user_version = {version}")
    code, out, _ = handwheel("workorders", "close", "W-7", "--note", "bearing replaced", where)
    assert (code, out) == (0, "closed: W-7K3MQ2XA  Bearing of P-101A\n")
    code, _, error = handwheel("workorders", "close", "W-7", where)
    assert (code, "W-7K3MQ2XA is closed 20" in error) == (2, True)
    (listed,) = json.loads(handwheel("workorders", "list", "--json", where)[1])
    assert (listed["closed"]["note"], listed["workorder_id"]) == ("bearing replaced", "W-7K3MQ2XA")
    assert "bearing replaced" in handwheel("workorders", "show", "W-7", where)[1]
    with WorkOrders(site.state) as store:
        assert (store.open_orders(), len(store.all()), store.additions()) == ([], 1, {})


def test_an_addition_is_shown_and_the_more_urgent_time_and_priority_count(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site, handwheel = site_text.load(tmp_path), said_by(capsys)
    trend = [{"tag": "VT-101A.pv", "unit": "mm/s", "points": [[0, 9.1], [60, 10.4]]}]
    later = {
        "workorder_id": "W-7K3MQ2XA", "at": "2026-11-26T08:50:25.123Z", "run_id": "U-9K3MQ2XA",
        "playbook": "cw/pump-tripped 1.0.0", "priority": 1, "due": "2026-11-27T08:50:25.123Z",
        "evidence": ["it has tripped"], "trend": trend,
    }  # fmt: skip
    with WorkOrders(site.state) as store:
        store.raise_order(order_of())
        first = store.add(Addition.model_validate(later | {"key": "U-9/raise"}))
        assert (
            store.add(Addition.model_validate(later | {"key": "U-9/raise", "priority": 4})) == first
        )
        less = later | {"key": "U-8/raise", "priority": 3, "due": "2026-12-28T08:50:25.123Z"}
        store.add(Addition.model_validate(less))
        (order,) = store.open_orders()
        assert (order.priority, order.due) == (1, later["due"])
    lines = handwheel("workorders", "show", "W-7", f"--site={tmp_path}")[1].splitlines()
    assert "due       2026-11-27T08:50:25.123Z, opened 2026-11-25T08:50:25.123Z" in lines
    at = lines.index(
        "added     2026-11-26T08:50:25.123Z, priority 1, due 2026-11-27T08:50:25.123Z, "
        "cw/pump-tripped 1.0.0, run U-9K3MQ2XA"
    )
    assert lines[at + 1] == "          it has tripped"
    assert [re.split("[│┤]", line)[0].strip() for line in lines[-4:]] == ["10.4", "", "", "9.1"]
    document = json.loads(handwheel("workorders", "show", "W-7", f"--site={tmp_path}", "--json")[1])
    assert [each["priority"] for each in document["additions"]] == [1, 3]


def test_a_closing_says_what_was_found_if_that_is_a_failure_mode_of_the_site(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "own.yaml").write_text(MODES, encoding="utf-8")
    site = site_text.load(tmp_path, f"{site_text.SITE}failure_modes: [own.yaml]\n")
    where, handwheel = f"--site={tmp_path}", said_by(capsys)
    with WorkOrders(site.state) as store:
        store.raise_order(order_of())
        store.raise_order(order_of(workorder_id="W-9K3MQ2XA", key="other"))
    known = "known: too-hot, nothing"
    for given, hint in (("too-hott", "did you mean 'too-hot'"), ("x", known), ("", known)):
        code, _, error = handwheel("workorders", "close", "W-7", "--found", given, where)
        assert (code, hint in error) == (2, True), error
    for name, found in (("W-7", "too-hot"), ("W-9", "nothing")):
        assert handwheel("workorders", "close", name, "--found", found, where)[0] == 0
        (shown,) = (
            each for each in handwheel("workorders", "show", name, where)[1].splitlines()
            if each.startswith("state")
        )  # fmt: skip
        assert shown.endswith(f", found {found}")
    with WorkOrders(site.state) as store:
        assert [each.found for each in store.closings().values()] == ["too-hot", "nothing"]
