"""`handwheel status`: one page for a site, whatever of it is at work."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from handwheel.hmi.people.lockout import run_lockout
from handwheel.hmi.shift.site_status import (
    ConnectionStatus,
    SiteStatus,
)
from handwheel.hmi.shift.status_text import status_lines
from handwheel.hmi.shift.waiting import Waiting
from handwheel.hmi.site.files.site_template import PlantEndpoints
from handwheel.tools.append_only_store import IF_DAMAGED
from handwheel.tools.errors import LedgerError, NoGate, Unanswered
from handwheel.tools.guardrails.approval.plant_snapshot import make_snapshot
from handwheel.tools.guardrails.client import connect
from handwheel.tools.guardrails.interlocks.authority import AuthorityStatus
from handwheel.tools.guardrails.interlocks.suspension import Suspension
from handwheel.tools.maintenance.work_order_database import WORKORDERS_FILE, WorkOrders
from handwheel.tools.notices.attempt_database import NOTICES_FILE
from handwheel.tools.requests.timestamps import Instant

from ...plants.served import site_of
from ..command_in_process import said_by

NOWHERE = PlantEndpoints(1, 1, "500 ms", 1)  # ports at which nothing listens
PAGE = """\
cw, 2026-11-29T08:00:00Z: 3 wait for a person
processes    gate    actuation is suspended: site: the disk is full
             agents  at work, process 77
             plant   simulated, answers, plant time 12 min 00 s
connections  dcs  answers, 56 of 68 tags read (alarms, clock and the first 20 others), 55 good
             pkg  DOWN: no answer\\x1b[2J
authority    AGENT by anna, until 2026-11-29T09:00:00Z: P-101A
             OPERATOR, never granted to agents: P-101B
alarms       VAH-101A.active  VT-101A high
             34 alarms not known, since unread or not good
waiting      U-1  HELD
               next: handwheel runs resume U-1
             LOCKED OUT: P-101B
               next: handwheel release P-101B
             W-1  repair
               next: handwheel workorders close W-1
last hour    3 requests: 2 CLOSED, 1 INVALIDATED; 1 of them ended early, after writes had been sent
             0 runs"""


def test_a_page_shows_all_parts_with_what_answers_them(tmp_path: Path) -> None:
    site = site_of(tmp_path / "cw", NOWHERE)
    suspended = Suspension(scope="site", reason="the disk is full", since="")
    never = AuthorityStatus("P-101B", "OPERATOR", "", None, True, None)
    status = SiteStatus(
        site=site,
        at=Instant(datetime(2026, 11, 29, 8, tzinfo=UTC), "boot", 0),
        gate=make_snapshot(3, frozenset(), site, {}, [suspended]),
        agents_pid=77,
        connections=[
            ConnectionStatus("dcs", True, "", 68, 56, 55),
            ConnectionStatus("pkg", True, "no answer\x1b[2J", 29, 0, 0),
        ],
        plant_time_s=720.0,
        authority={
            "P-101A": AuthorityStatus(
                "P-101A", "AGENT", "anna", "2026-11-29T09:00:00.000Z", True, None
            ),
            "P-101B": never,
        },
        alarms=[site.tags["VAH-101A.active"]],
        unknown_alarms=34, has_alarms=True,
        waiting=[
            Waiting("run", "U-1", "U-1  HELD", "", (), ("handwheel runs resume U-1",)),
            Waiting("lockout", "P-101B", "LOCKED OUT: P-101B", "", (),
                    ("handwheel release P-101B",)),
            Waiting("work_order", "W-1", "W-1  repair", "", (),
                    ("handwheel workorders close W-1",)),
        ],
        requests={"CLOSED": 2, "INVALIDATED": 1},
        sent=1,
        runs={},
    )  # fmt: skip
    assert "\n".join(status_lines(status)) == PAGE
    at_work = replace(status, gate=make_snapshot(3, frozenset(), site, {}), agents_pid=None)
    page = "\n".join(status_lines(replace(at_work, site=replace(site, tags={}))))
    assert "gate    at work\n             agents  not running\n" in page
    assert "site    only reads: no tag is writable" in page
    page = "\n".join(status_lines(replace(status, gate=None)))
    step = "; next: handwheel gate"
    assert f"gate    not running{step}\n             agents  not known without a gate\n" in page


def test_a_site_that_never_ran_is_told_with_its_lockout_and_damaged_notices(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place, said = str(tmp_path / "cw"), said_by(capsys)
    state = site_of(tmp_path / "cw", NOWHERE).state
    WorkOrders(state).close()
    (state / NOTICES_FILE).write_bytes(b"damaged" * 1000)
    with (tmp_path / "cw" / "site.yaml").open("a", encoding="utf-8") as file:
        file.write("notices: {channels: {horn: {kind: command, run: [x]}}, to: {ben: {horn: x}}}\n")
    code, page, errors = said("status", "--site", place)
    assert (code, errors) == (0, "")
    assert f"notices      not known: {state / NOTICES_FILE}: file is not a database" in page
    assert page.splitlines()[0].endswith(": nothing waits for a person")
    assert f"gate    not running; next: handwheel gate --site {place}" in page
    assert "dcs  DOWN: opc.tcp://127.0.0.1:1: connection refused" in page
    run_lockout(["P-101B", "--site", place])
    code, text, errors = said("status", "--json", "--site", place)
    (waits,) = json.loads(text)["waiting"]
    assert (code, errors, waits["kind"]) == (4, "", "lockout")
    assert waits["commands"] == []  # none works without a gate
    lists = ["requests list", "authority list", "runs list", "cases list", "lockouts list"]
    told = "handwheel: no gate is running, so nothing changes; next: handwheel gate --site"
    for each in (*lists, "journal tail"):
        code, _, errors = said(*each.split(), "--site", place)
        assert (code, errors.split()) == (0, [*told.split(), place]), each
    (state / WORKORDERS_FILE).write_bytes(b"damaged" * 1000)
    code, page, errors = said("status", "--site", place)
    reason = f"not known: {state / WORKORDERS_FILE}: file is not a database; {IF_DAMAGED}"
    assert (code, errors) == (4, "")
    assert f"\n             work orders  {reason}\n" in page
    assert f"\nnotices      {reason}\n" in page
    assert "LOCKED OUT: P-101B" in page
    assert said("notices", "list", "--site", place)[2].startswith(
        f"handwheel: notices are {reason}"
    )


@pytest.mark.parametrize(
    ("error", "ends"),
    [(NoGate("its ledger, another user's, cannot be read"), 3), (Unanswered("it hangs"), 1)],
)
def test_where_the_ledger_cannot_be_read_lockouts_are_told_by_their_files(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    error: LedgerError,
    ends: int,
) -> None:
    place, said = str(tmp_path / "cw"), said_by(capsys)
    site_of(tmp_path / "cw", NOWHERE)
    run_lockout(["P-101B", "--site", place])

    def refuse(_: object) -> None:
        raise error

    monkeypatch.setattr(connect, "open_ledger", refuse)
    for words in (["status"], ["lockouts", "list"]):
        code, text, errors = said(*words, "--site", place)
        assert (code, text) == (ends, "LOCKED OUT: P-101B  by its file\n")
        assert errors.split() == f"handwheel: {error}".split()
