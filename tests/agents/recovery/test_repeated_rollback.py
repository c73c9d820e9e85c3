"""A recovery that was cut off is brought to its end: by another abort, or by a new approval."""

from typing import Any

import pytest

from handwheel.connectors.denial import Denial
from handwheel.tools.guardrails.approval.build_segment import make_segment
from handwheel.tools.guardrails.signatures.decisions import ActionVerdict

from ...plants.in_memory import Fault
from ..testbed.stepped_agents import START_B, START_B_BACK, STOP_A, AgentsRoom

START_A = "P-101A.run_cmd=1"
HOLDS = ("on_fail: {retry: 0, then: rollback}", "on_fail: {then: hold}")
COOL_S = 12
"""Until a tag may be written again."""


async def _two_steps(room: AgentsRoom) -> None:
    """Both pumps are moved; there are two steps to take back."""
    await room.approved(1, 2)
    await room.reach_step("stop-duty", "VERIFY")
    assert room.frames == [START_B, STOP_A]


async def _abort(room: AgentsRoom) -> list[str]:
    room.order("abort")
    await room.scan(2)  # it is not where it was
    assert (await room.reach("ABORTED", "HELD", within_s=120.0)).state == "ABORTED"
    return room.frames


async def _aborted(room: AgentsRoom, *frames: str) -> None:
    await room.reach("ABORTED", within_s=120.0)
    assert room.frames == [*frames]


async def _asked(room: AgentsRoom) -> None:
    """The gate was another by then: what takes back the first step waits for a decision."""
    await room.settles()
    await room.restart_gate()
    room.order("abort")
    await room.until(lambda: len(room.run.requests) == 2, "asked")


async def _lose_undo(room: AgentsRoom, fault: Fault, verdict: ActionVerdict) -> None:
    """Nobody knows what came of the first undo, until a person has looked."""
    await _two_steps(room)
    room.plant.fault = fault
    await room.ordered("abort", "HELD")
    assert room.frames == [START_B, STOP_A, START_A]
    room.desk.resolve(next(each for each in reversed(room.due()) if "/r" in each), verdict)


async def test_an_undo_of_which_nobody_knew_is_resolved(room: AgentsRoom) -> None:
    await _lose_undo(room, "answer lost", "resolve-applied")
    await room.restart_agents()
    await room.scan(COOL_S)
    assert await _abort(room) == [START_B, STOP_A, START_A, START_B_BACK]


async def test_a_lost_undo_that_took_no_effect_is_asked_for_anew(room: AgentsRoom) -> None:
    await _lose_undo(room, "frame lost", "resolve-not-applied")
    await room.scan(COOL_S)
    room.order("abort")
    await _decide(room, 3, ["P-101A.run_cmd"])
    await _aborted(room, START_B, STOP_A, START_A, START_A, START_B_BACK)


async def test_a_step_that_was_repeated_is_taken_back_once(idle: AgentsRoom) -> None:
    await idle.start_with(HOLDS)
    await idle.reach_request(1)
    idle.plant.lies["P-101B.speed"] = 10.0
    idle.say("approve")
    await idle.reach("HELD")
    idle.plant.simulation.plant.write("P-101B.run_cmd", False)  # somebody stops it meanwhile
    await idle.scan(120)  # until the header is calm again
    idle.order("resume")
    await idle.approved(2)
    await idle.scan(COOL_S)
    assert idle.frames == [START_B, START_B]
    assert await _abort(idle) == [START_B, START_B, START_B_BACK]
    await idle.until(lambda: not idle.value("P-101B.running"), "at rest")


async def _decide(room: AgentsRoom, number: int, tags: list[str]) -> None:
    """The run asks for what takes it back, and somebody approves it."""

    def waits() -> bool:
        if len(room.run.requests) < number:
            return False
        return str(room.request(number).state) in {"PENDING", "PARTIAL"}

    await room.until(waits, f"request {number}")
    assert [each.tag for each in room.request(number).request.commands] == tags
    before = list(room.frames)
    await room.scan(3)
    assert room.frames == before
    room.say("approve", number)


async def test_what_a_new_gate_does_not_take_back_is_asked_for_step_by_step(
    room: AgentsRoom,
) -> None:
    await _two_steps(room)
    await room.restart_gate()
    await room.scan(COOL_S)
    room.order("abort")
    await _decide(room, 3, ["P-101A.run_cmd"])
    await _decide(room, 4, ["P-101B.run_cmd"])
    await _aborted(room, START_B, STOP_A, START_A, START_B_BACK)


async def test_what_is_approved_too_soon_is_held_and_asked_for_again(room: AgentsRoom) -> None:
    """What is asked anew is a command, and the gate's cool-down holds for it."""
    await _two_steps(room)
    await room.restart_gate()
    room.order("abort")
    await _decide(room, 3, ["P-101A.run_cmd"])
    await room.reach("HELD")
    assert "cool-down" in room.run.reason
    assert room.frames == [START_B, STOP_A]
    await room.scan(COOL_S)
    room.order("abort")
    await _decide(room, 4, ["P-101A.run_cmd"])
    await _decide(room, 5, ["P-101B.run_cmd"])
    await _aborted(room, START_B, STOP_A, START_A, START_B_BACK)


async def test_an_undo_when_the_policy_denied_it_once_is_asked_for_by_the_next_abort(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*inputs: Any) -> tuple[object, Denial]:
        return make_segment(*inputs)[0], Denial("max_step", "it is too far away")

    await room.settles()
    await room.restart_gate()
    with monkeypatch.context() as patch:
        patch.setattr("handwheel.playbooks.execution.ledger_port.make_segment", denied)
        await room.ordered("abort", "HELD")
    assert room.run.reason.endswith("it is too far away")
    await room.scan(COOL_S)
    room.order("abort")
    await _decide(room, 2, ["P-101B.run_cmd"])
    await _aborted(room, START_B, START_B_BACK)


async def test_a_death_while_it_is_asked_what_takes_back(room: AgentsRoom) -> None:
    await _asked(room)
    await room.kill_agents()
    room.say("approve", 2)
    await room.start_agents()
    await room.scan(COOL_S)
    assert (room.run.state, room.frames) == ("HELD", [START_B])
    room.order("abort")
    await room.scan(3)
    if len(room.run.requests) == 3:
        await _decide(room, 3, ["P-101B.run_cmd"])
    await _aborted(room, START_B, START_B_BACK)


async def test_a_gate_that_dies_in_the_middle_of_a_rollback(room: AgentsRoom) -> None:
    await _two_steps(room)
    room.order("abort")
    await room.until(lambda: len(room.frames) == 3, "the first undo")
    await room.restart_gate()
    await room.scan(COOL_S)
    if room.run.state == "HELD":
        room.order("abort")
    await _decide(room, 3, ["P-101B.run_cmd"])
    await _aborted(room, START_B, STOP_A, START_A, START_B_BACK)
