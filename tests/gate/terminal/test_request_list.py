"""Requests as a list and as programs read them, and what is said of them when the gate is gone."""

import json
from contextlib import nullcontext
from typing import Any
from unittest.mock import MagicMock

import pytest

from handwheel.hmi.processes.gate import print_open
from handwheel.hmi.requests import approve as following
from handwheel.hmi.requests import command as commands
from handwheel.hmi.requests import resolve as resolving
from handwheel.hmi.requests.approve import follow
from handwheel.hmi.requests.request_text import request_line
from handwheel.hmi.requests.request_view import whole_fields, whole_request
from handwheel.hmi.shift.changes import ChangeTracker
from handwheel.hmi.shift.summary import summarize, summary_lines
from handwheel.tools.guardrails.client import connect
from handwheel.tools.guardrails.client.request_fields import request_fields
from handwheel.tools.guardrails.gate.monitoring.crash_recovery import MAYBE_SENT
from handwheel.tools.guardrails.ledger.lifecycle import sweep
from handwheel.tools.guardrails.ledger.listing import ListedRequest, listed, load_listed
from handwheel.tools.guardrails.ledger.records import load_requests
from handwheel.tools.requests.request import ActionRequest

from ..leases.test_display import picture_of
from ..testbed.runner import Runner
from ..testbed.terminals import giving
from ..testbed.with_oracle import SETPOINT, START, Watched


def found_in(room: Watched, *, every: bool = False) -> list[ListedRequest]:
    return load_listed(room.desk.database, every=every)


def test_a_glance_finds_what_judging_in_full_finds(room: Watched, runner: Runner) -> None:
    runner.approved()
    room.desk.propose(SETPOINT)
    found = found_in(room)
    in_full = [listed(each) for each in load_requests(room.desk.database)]
    assert found == [each for each in in_full if each in found]
    assert len(found) == 2
    assert {each.sent for each in found} == {""}
    now = room.clock.now()
    assert "P-101A.run_cmd = true, PIC-102.sp = 360 kPa" in request_line(found[0], now)
    values = [each["value"] for each in json.loads(json.dumps(request_fields(found[0])))["actions"]]
    assert values == [True, 360.0, 350.0, False, True]


def test_what_the_gate_has_ended_since_it_waited_too_long_is_listed_as_expired(
    room: Watched,
) -> None:
    request = room.desk.propose(START)
    assert [each.request_id for each in found_in(room)] == [request.request_id]
    room.clock.forward(request.within_s + 1.0)
    sweep(room.desk.database, room.clock.now())
    assert found_in(room) == []
    (over,) = [each for each in found_in(room, every=True) if each.filed_at == request.filed_at]
    assert over.status == ("EXPIRED", "no decision within 1800 s")


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
    assert fields["gate"] == {"running": True, "epoch": room.gate.epoch}
    room.desk.say("reject", request, "anna")
    after = fields_of(room, request)
    assert (after["still_to_sign"], after["left_s"]) == (0, None)


async def test_programs_read_that_no_gate_is_running_and_what_is_held(room: Watched) -> None:
    request = await stopped(room, "frame leaves")
    fields = fields_of(room, request)
    assert fields["gate"] == {"running": False, "epoch": None}
    assert (fields["state"], fields["held"]) == ("APPROVED", False)
    await room.start_gate()
    assert fields_of(room, request)["held"] is True


NO_GATE = "no gate is running, {}; next: handwheel gate"
UNKNOWN_IF_SENT = NO_GATE.format("the action may have been sent")
STUCK = [("frame leaves", "SENDING", UNKNOWN_IF_SENT),
         ("fresh look", "CLAIMED", NO_GATE.format("the action waits")),
         ("", "DUE", NO_GATE.format("the action is not sent"))]  # fmt: skip


@pytest.fixture
def terminal(room: Watched, monkeypatch: pytest.MonkeyPatch) -> Watched:
    """A room whose commands find its site, its people and its clock."""

    monkeypatch.setattr(connect, "open_ledger", giving(nullcontext(room.desk.database)))
    monkeypatch.setattr(commands, "open_site", giving(room.site))
    monkeypatch.setattr(commands, "find_operator", giving(room.desk.operator("anna")))
    monkeypatch.setattr(commands, "open_signer", giving(room.desk.signer("anna")))
    for module in (commands, following, resolving):
        monkeypatch.setattr(module, "instant_now", room.clock.now)
    return room


async def stopped(room: Watched, at: str) -> ActionRequest:
    """A request whose gate has ended at a point of its way.

    Args:
        at: Empty for a gate that ends before it takes the request up.
    """
    request = room.approved()
    if at:
        room.fuse.arm(0)
        await room.end_at(at)
    else:
        room.kill_gate()
    return request


def listed_lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What `handwheel requests list` says."""
    capsys.readouterr()
    commands.list_requests(every=False, site=None, as_json=False)
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(("point", "state", "words"), STUCK)
async def test_a_list_says_what_stands_still_without_a_gate(
    terminal: Watched, capsys: pytest.CaptureFixture[str], point: str, state: str, words: str
) -> None:
    room = terminal
    request = await stopped(room, point)
    line = f"{request.request_id}  {state:<11} R2  P-101A.run_cmd = true  {words}"
    assert listed_lines(capsys) == [line]
    changes = ChangeTracker(room.site, room.desk.database)
    assert changes.overview(room.clock.now())[0] == line
    record = room.desk.record(request.request_id)
    assert line in whole_request(room.desk.decision_context, record, None, room.clock.now())
    shift = summarize(room.desk.decision_context, "anna", "bert", None, room.clock.now())
    assert any(line in each for each in summary_lines(shift))


@pytest.mark.parametrize(("point", "state", "words"), STUCK)
async def test_who_follows_is_told_once_that_no_gate_is_running_and_follows_on(
    terminal: Watched, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    point: str, state: str, words: str,
) -> None:  # fmt: skip
    room = terminal
    request = await stopped(room, point)
    wait = MagicMock(side_effect=[None, None, KeyboardInterrupt])  # Ctrl-C at the third round
    monkeypatch.setattr(following, "wait_for_change", wait)
    with pytest.raises(KeyboardInterrupt):
        follow(room.desk.database, request.request_id)
    first, *more = capsys.readouterr().out.splitlines()
    name = f"{request.request_id}/c1"
    assert first.startswith(f"{name}  {state}")
    assert more == [f"{name}  {state}  {words}"]
    await room.start_gate()
    assert not follow(room.desk.database, request.request_id)
    last = capsys.readouterr().out.splitlines()[-1]
    ends = "HELD" if state == "SENDING" else "INVALIDATED"
    assert last.startswith(f"{request.request_id}  {ends}  ")


async def test_a_gate_that_starts_says_what_is_held(
    room: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    print_open(room.desk.database, as_json=False)
    assert capsys.readouterr().out == ""
    request = await stopped(room, "frame leaves")
    await room.start_gate()
    print_open(room.desk.database, as_json=False)
    print_open(room.desk.database, as_json=True)
    said, programs = capsys.readouterr().out.splitlines()
    name = request.request_id
    hint = f"look at the plant; next: handwheel requests resolve {name}"
    assert said == f"{name}  HELD  {name}/c1 is UNKNOWN: {MAYBE_SENT}; {hint}"
    (held,), now = found_in(room), room.clock.now()
    assert request_line(held, now).endswith(hint)
    assert request_line(held, now, has_gate=False).endswith(MAYBE_SENT + "; look at the plant")
    assert json.loads(programs) == {
        "held": {"request_id": name, "actions": {f"{name}/c1": "UNKNOWN"}}
    }
    room.desk.resolve(f"{name}/c1", "resolve-applied")
    print_open(room.desk.database, as_json=False)
    assert capsys.readouterr().out == ""
