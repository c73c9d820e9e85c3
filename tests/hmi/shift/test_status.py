"""`handwheel status`: one page for a site, whatever of it is at work."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from handwheel.hmi.people.lockout import run_lockout
from handwheel.hmi.shift.site_status import ConnectionStatus, GateStatus, SiteStatus
from handwheel.hmi.shift.status_text import status_lines
from handwheel.hmi.shift.waiting import Waiting
from handwheel.hmi.site.files.site_template import PlantEndpoints
from handwheel.tools.guardrails.interlocks.authority import AuthorityStatus
from handwheel.tools.requests.timestamps import Instant

from ...plants.served import site_of
from ..command_in_process import said_by

NOWHERE = PlantEndpoints(1, 1, "500 ms", 1)  # ports at which nothing listens
PAGE = """\
cw, 2026-11-29T08:00:00Z: 3 wait for a person
processes    gate    at work, heard 0.4 s ago
             agents  at work, process 77
             plant   simulated, answers, plant time 12 min 00 s
connections  dcs  answers, 19 of 20 tags read are good
             pkg  DOWN: no answer\\x1b[2J
authority    AGENT by anna, until 2026-11-29T09:00:00Z: P-101A
             OPERATOR, never granted to agents: P-101B
lockouts     LOCKED OUT: P-101B
               next: handwheel release P-101B
alarms       VAH-101A.active  VT-101A high
             34 alarms not known, since unread or not good
waiting      U-1  HELD
               next: handwheel runs resume U-1
work orders  W-1  repair
               next: handwheel workorders close W-1
last hour    3 requests: 2 CLOSED, 1 PENDING
             0 runs"""


def test_a_page_shows_all_parts_with_what_answers_them(tmp_path: Path) -> None:
    site = site_of(tmp_path / "cw", NOWHERE)
    never = AuthorityStatus("P-101B", "OPERATOR", "", None, True, None)
    status = SiteStatus(
        site=site,
        at=Instant(datetime(2026, 11, 29, 8, tzinfo=UTC), "boot", 0),
        gate=GateStatus(3, 0.4, 76),
        agents_pid=77,
        connections=[
            ConnectionStatus("dcs", True, "", 20, 19),
            ConnectionStatus("pkg", True, "no answer\x1b[2J", 0, 0),
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
        requests={"CLOSED": 2, "PENDING": 1},
        runs={},
    )  # fmt: skip
    assert "\n".join(status_lines(status)) == PAGE


def test_a_site_that_never_ran_is_told_with_its_lockout(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place, said = str(tmp_path / "cw"), said_by(capsys)
    site_of(tmp_path / "cw", NOWHERE)
    code, page, errors = said("status", "--site", place)
    assert (code, errors) == (0, "")
    assert page.splitlines()[0].endswith(": nothing waits for a person")
    assert f"gate    not running; next: handwheel gate --site {place}" in page
    assert "dcs  DOWN: opc.tcp://127.0.0.1:1: connection refused" in page
    run_lockout(["P-101B", "--site", place])
    code, text, errors = said("status", "--json", "--site", place)
    (waits,) = json.loads(text)["waiting"]
    assert (code, errors, waits["kind"]) == (4, "", "lockout")
    assert waits["commands"] == [f"handwheel release P-101B --site {place}"]
