"""Several at once: an approval put in three times, two people, two requests, two gates."""

import pytest

from handwheel.tools.errors import GuardrailError, LedgerError
from handwheel.tools.guardrails.approval.decide import decide
from handwheel.tools.guardrails.gate.monitoring.crash_recovery import RESTARTED
from handwheel.tools.guardrails.gate.steps.execute import execute_action
from handwheel.tools.guardrails.ledger.store import tables
from handwheel.tools.guardrails.ledger.store.database import LostRace
from handwheel.tools.guardrails.signatures.decisions import Reason, Signed
from handwheel.tools.requests.request import ActionRequest

from ..testbed.in_memory import Room
from ..testbed.oracle import Told
from ..testbed.with_oracle import START, START_B, STOP, Watched

Word = tuple[Signed, str]


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who finds the ledger open elsewhere is told so at once."""
    monkeypatch.setattr(tables, "BUSY_S", 0.0)


def at_once(room: Watched, *words: Word) -> list[str]:
    """Puts words in one after the other, as the gate takes them; returns what each is told."""
    said: list[str] = []
    for word in words:
        try:
            said.append(decide(room.desk.decision_context, *word, room.clock.now()))
        except GuardrailError as refusal:
            said.append(str(refusal))
    return sorted(said)


def yes(room: Watched, request: ActionRequest, person: str) -> Word:
    told = room.oracle.told.setdefault(request.request_id, Told(request))
    told.approvals[person] = room.clock.now()
    return room.desk.signed("approve", request, person), room.desk.card(request)


async def three_gates(room: Watched) -> None:
    """The gate looks three times, and two more would like to be it."""
    for _ in range(2):
        with pytest.raises(LedgerError, match="another process has it open"):
            Room(room.site)
    await room.go_round(3)


@pytest.mark.way_in("G1")
@pytest.mark.way_in("G2")
@pytest.mark.parametrize("people", [["anna"], ["anna", "bert"]])
async def test_approvals_of_one_request_at_once_are_one_frame(
    room: Watched, people: list[str]
) -> None:
    """One approval that is put in three times, or one by each of two."""
    request = room.desk.propose(START)
    words = [yes(room, request, person) for person in people]
    told = at_once(room, *(words if len(words) == 2 else words * 3))
    assert told.count("APPROVED") == 1, told
    if len(words) == 1:
        others = [each for each in told if each != "APPROVED"]
        assert all(each == Reason.SAME_NONCE or "is APPROVED" in each for each in others), told
    assert len(room.rows("decision.refused")) == len(told) - 1
    await three_gates(room)
    assert (room.desk.states(request), room.wires) == (["VERIFIED"], [request.commands[0].wire])
    assert room.faults() == ()


@pytest.mark.way_in("G2")
async def test_two_requests_for_one_tag_approved_at_once_are_one_frame(room: Watched) -> None:
    """The second finds another plant than its people were shown; on another tag it does not."""
    first, second, other = (room.desk.propose(each) for each in (START, START, START_B))
    words = yes(room, first, "anna"), yes(room, second, "bert"), yes(room, other, "anna")
    assert at_once(room, *words) == ["APPROVED"] * 3
    await three_gates(room)
    ends = sorted(state for each in (first, second) for state in room.desk.states(each))
    assert (ends, room.desk.states(other)) == (["SKIPPED", "VERIFIED"], ["VERIFIED"])
    assert len(room.plant.frames) == 2
    (skipped,) = room.rows("action.SKIPPED")
    assert skipped["reason"] == "already so; nothing was sent: P-101A.run_cmd reads true"
    assert room.faults() == ()


@pytest.mark.way_in("G3")
async def test_an_approval_does_not_outlive_the_gate_that_it_was_given_under(room: Watched) -> None:
    request = room.approved(START)
    room.kill_gate()
    await room.start_gate()
    await three_gates(room)
    room.expect(request, "INVALIDATED", RESTARTED)
    assert room.rows("action.INVALIDATED")[-1]["reason"] == RESTARTED
    assert room.plant.frames == []
    for write in (START, STOP):
        twin = await room.carried_out(write)
        assert room.desk.states(twin) == ["VERIFIED"]
    assert len(room.plant.frames) == 2


@pytest.mark.way_in("T4")
@pytest.mark.parametrize("is_started_again", [True, False])
async def test_what_was_approved_before_the_machine_was_started_again_moves_nothing(
    room: Watched, *, is_started_again: bool
) -> None:
    """Nor would a gate send it that has not noticed: the boot is another than the approval's."""
    request = room.approved(START)
    room.clock.reboot()
    if is_started_again:
        room.kill_gate()
        await room.start_gate()
    await room.act()
    assert room.rows("action.CLAIMED") == []
    told = RESTARTED if is_started_again else "the machine was restarted after the approval"
    room.expect(request, "INVALIDATED", told, frames=0)
    room.kill_gate()
    await room.start_gate()
    twin = await room.carried_out(START)
    assert (room.desk.states(twin), len(room.plant.frames)) == (["VERIFIED"], 1)


async def test_who_loses_the_claim_does_nothing_more(room: Watched) -> None:
    """Both have seen that it is due, and its request goes on when the first has done it."""
    request = room.approved(START, START_B)
    first, second = room.execution(), room.execution()
    assert first is not None
    assert second is not None
    await execute_action(first)
    room.plant.values["P-101A.run_cmd"] = False  # the plant alone would not stop the second
    told = ""
    try:
        await execute_action(second)
    except LostRace as race:
        told = str(race)
    kinds = [row.fields["kind"] for row in room.desk.database.journal()]
    assert len(room.plant.frames) == 1
    assert kinds.count("action.SENDING") == 1
    assert kinds.count("action.CLAIMED") == 1
    assert told == f"{request.commands[0].action_id} is VERIFIED, not DUE"
    assert room.desk.states(request) == ["VERIFIED", "DUE"]
    assert room.reason(request) == "P-101A.run_cmd reads true"
    await room.act()
    assert room.desk.states(request) == ["VERIFIED", "VERIFIED"]
    assert room.faults() == ()
