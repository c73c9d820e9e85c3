"""Somebody with the gate's rights edits its file: while it runs, and before the next one starts."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from handwheel.tools.errors import GuardrailError, InterlockActive, LedgerError
from handwheel.tools.guardrails.gate.monitoring.crash_recovery import NOT_SENT, RESTARTED
from handwheel.tools.guardrails.interlocks.lockout_files import lockout_file
from handwheel.tools.guardrails.signatures.decisions import Reason
from handwheel.tools.requests.request import ActionRequest

from ...attacks.edited_file import (
    anchors_of,
    look_anew,
    opened_by_another_process,
    overwrite,
    put_rows,
    rows_in,
)
from ..testbed.ledger_faults import GONE
from ..testbed.terminals import Desk
from ..testbed.with_oracle import SETPOINT, START, START_B, STOP, Watched
from ..testbed.words import decide

CHANGED = r"row \d+ was changed in the file while it was open"
DIFFERS = r"row \d+: its hash does not fit its text|rows \d+ to \d+ are missing: they were anchored"
Ending = Callable[[Watched], Awaitable[ActionRequest]]
Attempt = Callable[[Watched, ActionRequest], Awaitable[None]]


@dataclass(frozen=True)
class Case:
    """A word or an event that ends something.

    Attributes:
        comes: Lets it come, and returns the request that it ends.
        bytes: What is put in the place of what in the file.
        attempt: Tries what it forbids, which must be refused.
        stays: How its action stands from then on.
        frames: How many have left, before and after.
    """

    comes: Ending
    bytes: tuple[str, str]
    attempt: Attempt
    stays: str
    frames: int = 0


async def rejected(room: Watched) -> ActionRequest:
    request = room.desk.propose(START)
    room.desk.say("reject", request, "bert")
    return request


async def expired(room: Watched) -> ActionRequest:
    request = room.desk.propose(START)
    room.clock.forward(request.within_s + 1.0)
    room.watch()
    return request


async def revoked(room: Watched) -> ActionRequest:
    request = room.approved(START)
    room.desk.say("revoke", request, "gina")
    room.oracle.end(request, "gina has taken it back")
    return request


async def key_revoked(room: Watched) -> ActionRequest:
    request = room.approved(START)
    room.desk.revoke_key("anna")
    room.oracle.revoke_key("anna")
    return request


async def locked_out(room: Watched) -> ActionRequest:
    request = room.approved(START)
    room.desk.lock_out("P-101A")
    room.watch()
    room.oracle.end(request, "it is locked out")
    lockout_file(room.site.state, "P-101A").unlink()
    return request


async def unknown(room: Watched) -> ActionRequest:
    request = await room.carried_out(START, fault="answer lost")
    room.plant.fault = "none"
    return request


async def approve(room: Watched, request: ActionRequest) -> None:
    with pytest.raises(GuardrailError):
        room.desk.approve(request)


async def approve_another(room: Watched, _: ActionRequest) -> None:
    another = room.desk.propose(START_B)
    room.oracle.note(another)
    with pytest.raises(GuardrailError, match=str(Reason.REVOKED_KEY)):
        room.desk.approve(another)


async def ask_again(room: Watched, _: ActionRequest) -> None:
    with pytest.raises(InterlockActive, match="locked out: P-101A"):
        room.desk.propose(START)


async def write_the_same(room: Watched, _: ActionRequest) -> None:
    another = await room.carried_out(STOP)
    assert room.desk.states(another) == ["INVALIDATED"]
    (action,) = room.desk.record(another.request_id).actions
    assert "P-101A is held: " in action.reason


CASES = {
    "a signed rejection": Case(
        rejected, ("request.REJECTED", "request.APPROVED"), approve, "CANCELLED"
    ),
    "an expiry": Case(
        expired, ("request.EXPIRED", "request.WAITING"), approve, "CANCELLED"
    ),
    "an approval taken back": Case(
        revoked, ("request.REVOKED", "request.WAITING"), approve, "CANCELLED"
    ),
    "a revoked key": Case(
        key_revoked, ("revoke-key", "reveal-key"), approve_another, "INVALIDATED"
    ),
    "a latched lockout": Case(
        locked_out, ("lockout.latched", "lockout.nothing"), ask_again,
        "INVALIDATED",
    ),
    "an unknown outcome": Case(
        unknown, ("action.UNKNOWN", "action.REFUSED"), write_the_same, "UNKNOWN", 1
    ),
}  # fmt: skip


@pytest.mark.way_in("A20")
@pytest.mark.way_in("F3")
@pytest.mark.parametrize("is_edited", [True, False], ids=["edited", "twin"])
@pytest.mark.parametrize("name", CASES)
async def test_what_was_said_stays_said_whatever_the_file_says(
    room: Watched, name: str, *, is_edited: bool
) -> None:
    case = CASES[name]
    request = await case.comes(room)
    if is_edited:
        overwrite(room.site.state, *case.bytes)
        look_anew(room.desk.database)
    await room.go_round(2)
    await case.attempt(room, request)
    await room.go_round(2)
    assert room.desk.states(request) == [case.stays]
    assert len(room.plant.frames) == case.frames
    if is_edited:
        look_anew(room.desk.database)
        with pytest.raises(LedgerError, match=CHANGED):
            list(room.desk.database.journal())
    room.kill_gate()
    room.desk.database.close()
    if is_edited:
        with pytest.raises(LedgerError, match=DIFFERS):
            await room.start_gate()
        overwrite(room.site.state, *reversed(case.bytes))  # the right file again
    await room.start_gate()
    await case.attempt(room, request)
    await room.go_round(2)
    assert room.desk.states(request) == [case.stays]
    assert len(room.plant.frames) == case.frames


@pytest.mark.way_in("F3")
@pytest.mark.parametrize(
    "bytes_", [('\\"person\\":\\"anna\\"', '\\"person\\":\\"bert\\"'), ("ff00", "0000"), ("", "")],
    ids=["who approved", "what was approved", "twin"],
)  # fmt: skip
async def test_exactly_what_was_approved_leaves_and_once(
    room: Watched, bytes_: tuple[str, str]
) -> None:
    """The people have said it to the gate, and the gate does not ask the file."""
    request = room.approved(START)
    if bytes_[0]:
        overwrite(room.site.state, *bytes_)
        look_anew(room.desk.database)
    await room.go_round(2)
    assert room.desk.states(request) == ["VERIFIED"]
    assert room.wires == [request.commands[0].wire]
    room.kill_gate()
    room.desk.database.close()
    if bytes_[0]:
        with pytest.raises(LedgerError, match=DIFFERS):
            await room.start_gate()
        return
    await room.start_gate()
    await room.go_round(2)
    assert len(room.plant.frames) == 1


@pytest.mark.way_in("F6")
async def test_no_other_process_can_read_or_copy_the_ledger_of_a_gate(room: Watched) -> None:
    request = room.approved(START)
    for _ in range(2):
        assert opened_by_another_process(room.site.state) == "database is locked"
        await room.act()
    room.expect(request, "VERIFIED", frames=1)


@pytest.mark.parametrize("name", GONE)
async def test_a_gate_whose_file_is_gone_takes_nothing_up(room: Watched, name: str) -> None:
    trouble, words = GONE[name]
    request = room.approved(START)
    with trouble(room):
        await room.act()
        assert words in room.suspended[-1]
        assert room.plant.frames == []
    await room.go_round()
    room.expect(request, "ABORTED_NOT_SENT", NOT_SENT, frames=0)
    await room.go_through(START)


@pytest.mark.way_in("D16")
@pytest.mark.way_in("F4")
@pytest.mark.way_in("F5")
@pytest.mark.parametrize("is_approved", [True, False], ids=["", "signature put in again"])
@pytest.mark.parametrize("has_anchors", [True, False], ids=["both older", "older"])
async def test_an_older_ledger_makes_no_second_frame_of_one_approval(
    room: Watched, *, is_approved: bool, has_anchors: bool
) -> None:
    """The gate starts anew within the 60 s for which the approval would hold."""
    state, request = room.site.state, room.desk.propose(START)
    room.note(request, "anna")
    signed, card = room.desk.signed("approve", request, "anna"), room.desk.card(request)
    before = len(list(room.desk.database.journal()))
    decide(room.desk.decision_context, signed, card, room.clock.now())
    after = len(list(room.desk.database.journal()))
    await room.act()
    room.expect(request, "VERIFIED", frames=1)
    room.plant.values[START[0]] = False
    room.kill_gate()
    room.desk.database.close()

    rows = rows_in(state)
    put_rows(state, rows[: after if is_approved else before])
    if not has_anchors:
        with pytest.raises(LedgerError, match="are missing: they were anchored"):
            await room.start_gate()
        put_rows(state, rows)
        await room.start_gate()
        await room.go_through(START)
        return
    lines = anchors_of(state).read_text(encoding="ascii").splitlines(keepends=True)
    anchors_of(state).write_text("".join(lines[: after if is_approved else before]), "ascii")
    room.desk = Desk(room.site, room.clock, room.plant)
    await room.start_gate()
    if not is_approved:
        assert decide(room.desk.decision_context, signed, card, room.clock.now()) == "APPROVED"
    await room.go_round(2)
    room.expect(request, "INVALIDATED", RESTARTED, frames=1)
    await room.go_through(START)


@pytest.mark.way_in("D15")
@pytest.mark.way_in("G1")
async def test_a_gate_that_starts_anew_sends_nothing_a_second_time(room: Watched) -> None:
    request = room.desk.propose(START)
    room.note(request, "anna")
    signed, card = room.desk.signed("approve", request, "anna"), room.desk.card(request)
    decide(room.desk.decision_context, signed, card, room.clock.now())
    await room.act()
    for _ in range(2):
        room.plant.values[START[0]] = False
        room.clock.forward(5.0)
        await room.restart_gate()
        with pytest.raises(GuardrailError, match=str(Reason.SAME_NONCE)):
            decide(room.desk.decision_context, signed, card, room.clock.now())
        await room.go_round(2)
        room.expect(request, "VERIFIED", frames=1)
    await room.go_through(SETPOINT)
