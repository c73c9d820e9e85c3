"""`handwheel notices`: what was delivered, what waits, and a test of every channel."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from handwheel.connectors.model.site import load_site
from handwheel.hmi.notices.deliveries import delivery_lines, site_deliveries
from handwheel.hmi.site.commissioning.file_check import (
    notice_warnings,
    unknown_recipients,
    warn_of_notices,
)
from handwheel.hmi.site.files.site_template import PlantEndpoints
from handwheel.tools.maintenance.work_order_database import Notice, WorkOrders
from handwheel.tools.notices.attempt_database import Attempt, Attempts
from handwheel.tools.requests.timestamps import instant_now, stamp

from ...plants.served import site_of
from ..command_in_process import said_by

NOWHERE = PlantEndpoints(1, 1, "500 ms", 1)  # ports at which nothing listens
NOTICES = """
notices:
  channels:
    horn: {kind: command, run: ["true"]}
    pager: {kind: command, run: ["false"]}
  to:
    shift-supervisor: {horn: hall, pager: shift}
    bne: {horn: hall}
"""


def site_with_notices(folder: Path, notices: str) -> str:
    site_of(folder, NOWHERE)
    path = folder / "site.yaml"
    path.write_text(path.read_text(encoding="utf-8") + notices, encoding="utf-8")
    return str(folder)


def test_check_tells_unknown_recipients_with_place_and_warns_of_those_without_a_channel(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said, place = said_by(capsys), site_with_notices(tmp_path / "cw", NOTICES)
    line = (tmp_path / "cw" / "site.yaml").read_text(encoding="utf-8").count("\n")
    (problem,) = unknown_recipients(load_site(tmp_path / "cw"), ())
    place_and_key = f"site.yaml:{line}:5: notices.to.bne: is no role of policy.yaml, no person"
    assert place_and_key in str(problem)
    code, _, errors = said("check", "--site", place)
    assert code == 2
    assert place_and_key in errors
    (warning, *_) = notice_warnings(load_site(tmp_path / "cw"))
    assert warning.startswith("operations, a recipient of cw/")


def test_check_and_run_warn_of_a_secret_that_others_can_read_and_a_missing_program(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "cw"
    site_with_notices(
        place,
        "notices:\n  channels:\n    horn: {kind: command, run: [./no-horn]}\n"
        '    pager: {kind: webhook, url: "https://pager", secret: "file:pager"}\n'
        "  to:\n    bne: {horn: hall}\n",
    )
    (place / "pager").write_text("secret", encoding="utf-8")
    (place / "pager").chmod(0o644)
    warn_of_notices(load_site(place), ())
    unknown, horn, pager = capsys.readouterr().err.splitlines()
    assert "notices.to.bne: is no role" in unknown
    nothing = "of notices will deliver nothing:"
    no_horn = "there is no program ./no-horn that can be executed"
    assert horn == f"handwheel: command horn {nothing} {no_horn}"
    is_open = f"the secret {place}/pager is open to others: chmod 600 it"
    assert pager == f"handwheel: webhook pager {nothing} {is_open}"


def test_a_test_message_goes_through_every_channel_and_one_that_fails_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said, place = said_by(capsys), site_with_notices(tmp_path / "cw", NOTICES)
    code, told, _ = said("notices", "test", "shift-supervisor", "--site", place)
    assert code == 1
    assert told == "horn  hall  true ended with 0\npager  shift  FAILED: false ended with 1\n"
    code, told, _ = said("notices", "test", "bne", "--json", "--site", place)
    assert (code, json.loads(told)[0]["taken"]) == (0, True)
    code, _, errors = said("notices", "test", "anna", "--site", place)
    assert code == 2
    assert "anna has no channel in notices of site.yaml; known: shift-supervisor, bne" in errors


def test_list_and_status_tell_what_was_delivered_waits_or_failed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said, place = said_by(capsys), site_with_notices(tmp_path / "cw", NOTICES)
    assert said("notices", "list", "--site", place)[:2] == (0, "no notices\n")
    now, state = instant_now().wall, tmp_path / "cw" / "var"
    at = stamp(now)
    with WorkOrders(state) as orders, Attempts(state) as attempts:
        for number, to in enumerate(("shift-supervisor", "operations")):
            key = f"U-1/{number}"
            orders.notify(Notice(key=key, at=at, to=to, text="held\x1b[2J", run_id="U-1"))
        attempts.add(Attempt(notice="U-1/0", channel="horn", at=at, outcome="delivered", answer=""))
        later = stamp(now + timedelta(seconds=60))
        tried = Attempt(
            notice="U-1/0", channel="pager", at=at, outcome="tried", answer="connection refused",
            next_at=later,
        )  # fmt: skip
        attempts.add(tried)
    _, told, _ = said("notices", "list", "--site", place)
    lines = [line.partition("  ")[2] for line in told.replace("\n    ", " ").splitlines()]
    waits = f"waiting, connection refused, tried 1 time, next at {later[11:19]} UTC"
    assert lines == [
        f"shift-supervisor  horn  delivered {at[11:19]} UTC: held\\x1b[2J",
        f"shift-supervisor  pager  {waits}: held\\x1b[2J",
        "operations  screens only  no channel: held\\x1b[2J",
    ]
    _, told, _ = said("notices", "list", "--json", "-n", "2", "--site", place)
    assert [each["state"] for each in json.loads(told)] == ["waiting", "no channel"]
    _, page, _ = said("status", "--site", place)
    assert "notices      last 24 hours: 1 delivered, 1 waiting\n" in page
    stopped = delivery_lines(site_deliveries(load_site(tmp_path / "cw")), now, has_agents=False)
    assert next(stopped).endswith("; the agents are not running, so nothing is delivered")
    assert f"shift-supervisor  pager  {waits}" in page
