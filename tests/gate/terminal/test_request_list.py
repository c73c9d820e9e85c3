"""Requests as a list, read at a glance, and one of them as programs read it."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from handwheel.hmi.requests.request_text import request_fields, request_line
from handwheel.hmi.requests.request_view import whole_fields
from handwheel.tools.guardrails.ledger.listing import ListedRequest, list_now, listed
from handwheel.tools.guardrails.ledger.records import load_requests
from handwheel.tools.requests.canonical import digest
from handwheel.tools.requests.request import ActionRequest

from ..leases.test_display import picture_of
from ..testbed.runner import Runner
from ..testbed.with_oracle import SETPOINT, START, Watched
from .test_stopped_gate import stopped

UNGUARDED = (
    "PRAGMA writable_schema = ON",
    "DELETE FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'request'",
)


def found_in(room: Watched, *, every: bool = False) -> tuple[list[ListedRequest], dict[str, str]]:
    damaged: dict[str, str] = {}
    database = room.desk.database
    return list_now(database, damaged.__setitem__, room.clock.now(), every=every), damaged


@pytest.fixture
def shell(room: Watched) -> Iterator[sqlite3.Connection]:
    """Somebody who has taken the guards of the table away."""
    path = room.site.state / "ledger.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as shell:
        for each in UNGUARDED:
            shell.execute(each)
    with closing(sqlite3.connect(path, isolation_level=None)) as shell:
        yield shell


def test_a_glance_finds_what_judging_in_full_finds(room: Watched, runner: Runner) -> None:
    runner.approved()
    room.desk.propose(SETPOINT)
    found, damaged = found_in(room)
    in_full = [listed(each) for each in load_requests(room.desk.database)]
    assert found == [each for each in in_full if each in found]
    assert len(found) == 2
    assert not damaged
    now = room.clock.now()
    assert "P-101A.run_cmd = true, PIC-102.sp = 360 kPa" in request_line(found[0], now)
    values = [each["value"] for each in json.loads(json.dumps(request_fields(found[0])))["actions"]]
    assert values == [True, 360.0, 350.0, False, True]


def test_what_has_waited_too_long_is_listed_as_expired(room: Watched) -> None:
    request = room.desk.propose(START)
    assert [each.request_id for each in found_in(room)[0]] == [request.request_id]
    room.clock.forward(request.within_s + 1.0)
    assert found_in(room)[0] == []
    (over,) = [each for each in found_in(room, every=True)[0] if each.filed_at == request.filed_at]
    assert over.status == ("EXPIRED", "no decision within 1800 s")


@pytest.mark.parametrize("has_digest", [False, True])
@pytest.mark.parametrize("text", ["{}", "[1]", "no", '{"request_id":7}'])
def test_a_text_that_is_no_request_is_passed_by_and_told(
    room: Watched, shell: sqlite3.Connection, text: str, *, has_digest: bool
) -> None:
    request, other = room.desk.propose(START), room.desk.propose(SETPOINT)
    mark = digest("request", text) if has_digest else request.digest
    statement = "UPDATE request SET text = ?, digest = ? WHERE request_id = ?"
    shell.execute(statement, (text, mark, request.request_id))
    found, damaged = found_in(room)
    assert [each.request_id for each in found] == [other.request_id]
    assert list(damaged) == [request.request_id]
    assert f"request {request.request_id} is damaged: " in damaged[request.request_id]


def test_a_text_under_anothers_digest_waits_as_long_as_it_says_itself(
    room: Watched, shell: sqlite3.Connection
) -> None:
    """What is kept by a digest must not come from a text that does not have it."""
    request, other = room.desk.propose(START), room.desk.propose(SETPOINT)
    text = request.model_copy(update={"within_s": 60.0})
    altered = type(request).model_validate(text.model_dump(by_alias=True)).text
    statement = "UPDATE request SET text = ? WHERE request_id = ?"
    shell.execute(statement, (altered, request.request_id))
    assert [each.within_s for each in found_in(room)[0]] == [60.0, other.within_s]
    room.clock.forward(61.0)
    assert [each.request_id for each in found_in(room)[0]] == [other.request_id]


def fields_of(room: Watched, request: ActionRequest) -> dict[str, Any]:
    """What `handwheel requests show --json` says."""
    record, now = room.desk.record(request.request_id), room.clock.now()
    fields: dict[str, Any] = json.loads(
        json.dumps(whole_fields(room.desk.decision_context, record, None, now))
    )
    return fields


async def test_programs_read_who_signed_who_is_missing_and_how_long_it_waits(room: Watched) -> None:
    request = room.desk.propose(("P-101A.mode", 0))
    assert request.quorum == 2
    room.clock.forward(100.0)
    room.desk.approve(request, "anna")
    picture_of(room)
    room.clock.forward(2.0)
    fields = fields_of(room, request)
    (signed,) = fields["signed"]
    assert (signed["person"], fields["still_to_sign"]) == ("anna", 1)
    assert (fields["state"], fields["held"]) == ("PARTIAL", False)
    assert fields["left_s"] == request.within_s - 102.0
    assert room.gate is not None
    assert fields["gate"] == {"running": True, "epoch": room.gate.epoch, "age_s": 2.0}
    room.desk.say("reject", request, "anna")
    after = fields_of(room, request)
    assert (after["still_to_sign"], after["left_s"]) == (0, None)


async def test_programs_read_that_no_gate_is_running_and_what_is_held(room: Watched) -> None:
    request = await stopped(room, "frame leaves")
    fields = fields_of(room, request)
    assert fields["gate"] == {"running": False, "epoch": None, "age_s": None}
    assert (fields["state"], fields["held"]) == ("APPROVED", False)
    await room.start_gate()
    assert fields_of(room, request)["held"] is True
