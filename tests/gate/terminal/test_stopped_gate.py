"""A gate that has gone: its write is told as neither sent nor unsent, and what waits for people."""

import json
from pathlib import Path
from typing import Self

import pytest

from handwheel.hmi.processes.gate import print_open
from handwheel.hmi.requests import command as commands
from handwheel.hmi.requests import follow as following
from handwheel.hmi.requests import resolve as resolving
from handwheel.hmi.requests.follow import follow
from handwheel.hmi.requests.request_text import request_line
from handwheel.hmi.requests.request_view import whole_request
from handwheel.hmi.shift.changes import ChangeTracker
from handwheel.hmi.shift.summary import summarize, summary_lines
from handwheel.tools.guardrails.gate.monitoring.crash_recovery import MAYBE_SENT
from handwheel.tools.guardrails.ledger.listing import listed
from handwheel.tools.requests.request import ActionRequest

from ...attacks.sql_shell import shell_of
from ..leases.test_display import picture_of
from ..testbed.terminals import giving
from ..testbed.with_oracle import Watched

NO_GATE = "no gate is running, {}; next: handwheel gate"
UNKNOWN_IF_SENT = NO_GATE.format("the action may have been sent")
STUCK = [("frame leaves", "SENDING", UNKNOWN_IF_SENT),
         ("fresh look", "CLAIMED", NO_GATE.format("the action waits"))]  # fmt: skip


@pytest.fixture
def terminal(room: Watched, monkeypatch: pytest.MonkeyPatch) -> Watched:
    """A room whose commands find its site, its people and its clock."""

    monkeypatch.setattr(commands, "open_site", giving(room.site))
    monkeypatch.setattr(commands, "find_operator", giving(room.desk.operator("anna")))
    monkeypatch.setattr(commands, "open_signer", giving(room.desk.signer("anna")))
    for module in (commands, following, resolving):
        monkeypatch.setattr(module, "instant_now", room.clock.now)
    return room


async def stopped(room: Watched, at: str, *, is_gone: bool = True) -> ActionRequest:
    """A request whose gate has ended at a point of its way, six seconds ago or just now."""
    request = room.approved()
    picture_of(room)
    room.fuse.arm(0)
    await room.end_at(at)
    room.clock.forward(6.0 if is_gone else 1.0)
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
    assert ChangeTracker(room.site, room.desk.database).overview(room.clock.now())[0] == line
    record = room.desk.record(request.request_id)
    assert line in whole_request(room.desk.decision_context, record, None, room.clock.now())
    shift = summarize(room.desk.decision_context, "anna", "bert", None, room.clock.now())
    assert any(line in each for each in summary_lines(shift))


async def test_a_list_says_nothing_of_that_while_a_gate_is_there(
    terminal: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    room = terminal
    request = await stopped(room, "frame leaves", is_gone=False)
    why = "enough people have signed"
    line = f"{request.request_id}  APPROVED    R2  P-101A.run_cmd = true  {why}"
    assert listed_lines(capsys) == [line]
    fresh = listed(room.desk.record(request.request_id))
    assert request_line(fresh, room.clock.now()) == line
    assert ChangeTracker(room.site, room.desk.database).overview(room.clock.now())[0] == line


class ThreeRounds:
    """Waits three times and then no more, as somebody does who presses Ctrl-C."""

    def __init__(self, _: Path) -> None:
        self._left = 3

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def wait(self, _: float) -> None:
        self._left -= 1
        if not self._left:
            raise KeyboardInterrupt


@pytest.mark.parametrize(("point", "state", "words"), STUCK)
@pytest.mark.parametrize("is_gone", [True, False])
async def test_who_follows_is_told_once_that_no_gate_is_running_and_follows_on(
    terminal: Watched, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    point: str, state: str, words: str, is_gone: bool,
) -> None:  # fmt: skip
    room = terminal
    request = await stopped(room, point, is_gone=is_gone)
    monkeypatch.setattr(following, "WakeupListener", ThreeRounds)
    with pytest.raises(KeyboardInterrupt):
        follow(room.desk.database, request.request_id, room.site.state)
    first, *more = capsys.readouterr().out.splitlines()
    name = f"{request.request_id}/c1"
    assert first.startswith(f"{name}  {state}")
    assert more == ([f"{name}  {state}  {words}"] if is_gone else [])
    await room.start_gate()
    assert not follow(room.desk.database, request.request_id, room.site.state)
    last = capsys.readouterr().out.splitlines()[-1]
    ends = "HELD" if state == "SENDING" else "INVALIDATED"
    assert last.startswith(f"{request.request_id}  {ends}  ")


async def test_a_gate_that_starts_says_what_is_held(
    room: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    print_open(room.desk.decision_context, as_json=False)
    assert capsys.readouterr().out == ""
    request = await stopped(room, "frame leaves")
    await room.start_gate()
    print_open(room.desk.decision_context, as_json=False)
    print_open(room.desk.decision_context, as_json=True)
    said, programs = capsys.readouterr().out.splitlines()
    name = request.request_id
    hint = f"look at the plant, then: handwheel requests resolve {name}"
    assert said == f"{name}  HELD  {name}/c1 is UNKNOWN: {MAYBE_SENT}; {hint}"
    assert json.loads(programs) == {
        "held": {"request_id": name, "actions": {f"{name}/c1": "UNKNOWN"}}
    }
    room.desk.resolve(f"{name}/c1", "resolve-applied")
    print_open(room.desk.decision_context, as_json=False)
    assert capsys.readouterr().out == ""


async def test_what_the_table_alone_says_is_listed_and_contradicted(
    terminal: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    room = terminal
    request = await stopped(room, "frame executed")
    await room.start_gate()
    name = request.commands[0].action_id
    with shell_of(room.site.state) as shell:
        shell.execute("UPDATE action SET state = 'RESOLVED_NOT_APPLIED'")
    capsys.readouterr()
    commands.list_requests(every=False, site=None, as_json=False)
    is_held = f"HELD  {name} is RESOLVED_NOT_APPLIED, and no entitled person has signed"
    assert capsys.readouterr().out.startswith(is_held)
    commands.resolve(name, True, "anna", Path("anna.pass"), None)
    said, table, _ = capsys.readouterr().out.splitlines()[-3:]
    assert said == f"{name}  RESOLVED_APPLIED  by anna"
    told = f"{name}  the ledger's table says RESOLVED_NOT_APPLIED; next: handwheel journal verify"
    assert table == told
    commands.list_requests(every=False, site=None, as_json=False)
    assert capsys.readouterr().out.startswith("no open requests")
