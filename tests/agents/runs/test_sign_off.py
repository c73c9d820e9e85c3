"""Steps that people sign off or approve alone, and what follows if they do not."""

from functools import partial

import pytest

from handwheel.hmi.runs.orders import check_order_signer
from handwheel.hmi.runs.run_view import find_run, view_run
from handwheel.tools.errors import PermitRefused

from ..testbed.stepped_agents import OUT_A, START_B, STOP_A, AgentsRoom

_INHIBIT = "    write: {duty.mode: maintenance}"
_LOCAL = (
    "    title: Take the duty pump out of auto-start\n"
    "    write: {duty.mode: maintenance}\n"
    "    verify: {that: \"duty.mode == 'maintenance'\", within: 10 s}\n"
    "    undo: none                      # it stays in maintenance until repaired\n"
    "    on_fail: {then: continue, notify: maintenance-planner}\n"
)


def _manual(on_timeout: str = "hold", people: int = 2) -> tuple[str, str]:
    """Has the pump taken out by hand instead, with its vibration in the instructions."""
    return _LOCAL, (
        '    manual: {role: operator, instructions: ["Lock {duty.mode} off", "Hang the tag"], '
        f"sign_off: {people}, within: 30 min, on_timeout: {on_timeout}}}\n"
        '    verify: {that: "not duty.running", within: 60 s}\n'
        "    on_fail: {then: escalate, retry: 1, notify: maintenance-planner}\n"
    )


async def _reach_sign_off(room: AgentsRoom) -> None:
    await room.approved(1, 2)
    await room.until(lambda: room.run.awaits == "inhibit", "signoff")


async def test_a_manual_step_goes_on_after_two_people_signed_it_off(idle: AgentsRoom) -> None:
    await idle.start_with(_manual())
    await _reach_sign_off(idle)
    assert idle.run.asked["inhibit"].text == "1. Lock remote off\n2. Hang the tag"
    idle.order("signoff")
    await idle.scan()
    idle.order("signoff")  # the same person
    await idle.scan(3)
    desk, now = idle.desk, idle.clock.now()
    view = view_run(desk.database, find_run(desk.database, idle.run_id), now)
    assert view.waits_for(now) == "a person: signoff as operator; signed by anna so far"
    check = partial(check_order_signer, desk.decision_context, view, "signoff", ["operator"])
    with pytest.raises(PermitRefused, match="anna has signed inhibit off already"):
        check(desk.operator("anna"))
    check(desk.operator("bert"))
    assert idle.run.signed_off == {"inhibit": ("anna",)}
    idle.order("signoff", "bert")
    await idle.reach("COMPLETE")
    assert idle.frames == [START_B, STOP_A]
    with pytest.raises(PermitRefused):
        idle.order("signoff")


@pytest.mark.parametrize(
    ("on_timeout", "state", "step"),
    [("hold", "HELD", "PERFORM"), ("stop", "STOPPED", "PERFORM"), ("skip", "COMPLETE", "SKIPPED")],
)
async def test_a_manual_step_that_nobody_signs_off_ends_as_it_says(
    idle: AgentsRoom, on_timeout: str, state: str, step: str
) -> None:
    await idle.start_with(_manual(on_timeout), ("max_duration: 30 min", "max_duration: 2 h"))
    await _reach_sign_off(idle)
    await idle.wait(1800.0)
    await idle.reach(state)
    assert idle.run.step("inhibit") == step


async def test_a_failed_manual_step_is_tried_again_then_escalates(idle: AgentsRoom) -> None:
    never = ('{that: "not duty.running", within: 60 s}', '{that: "duty.running", within: 60 s}')
    await idle.start_with(_manual(people=1), never)
    await _reach_sign_off(idle)
    idle.order("signoff")
    await idle.reach_step("inhibit", "VERIFY")
    await idle.until(lambda: idle.run.awaits == "inhibit", "second attempt")
    idle.order("signoff")
    await idle.reach("HELD")
    assert idle.run.reason.startswith("step inhibit failed: not within 1 min")
    assert idle.notices()[-2:] == ["maintenance-planner", "shift-supervisor"]


_ALONE = (
    _INHIBIT,
    f"    approval: {{role: operator, within: 5 min, on_timeout: skip}}\n{_INHIBIT}",
)


async def test_a_step_with_an_approval_of_its_own_is_a_request_alone(idle: AgentsRoom) -> None:
    await idle.start_with(_ALONE)
    await idle.approved(1, 2)
    third = await idle.reach_request(3)
    assert [each.tag for each in third.request.commands] == ["P-101A.mode"]
    idle.say("approve")
    await idle.reach("COMPLETE")
    assert idle.frames == [START_B, STOP_A, OUT_A]


async def test_a_step_that_nobody_approves_is_left_out_if_it_says_so(idle: AgentsRoom) -> None:
    """The next request takes over what was approved before."""
    point = '{PT-102.pv}", within: 10 min, on_timeout: '
    skip = (f"{point}hold", f"{point}skip")
    await idle.start_with(_ALONE, skip)
    await idle.approved(1)
    await idle.reach_request(2)
    await idle.wait(600.0)
    third = await idle.reach_request(3)
    assert third.request.supersedes == idle.request(1).request.request_id
    await idle.wait(300.0)
    await idle.reach("COMPLETE")
    assert [idle.run.step(each) for each in ("stop-duty", "inhibit")] == ["SKIPPED", "SKIPPED"]
    assert idle.run.step("work-order") == "DONE"
    assert idle.frames == [START_B]


async def test_a_hold_point_without_writes_is_signed_off(idle: AgentsRoom) -> None:
    point = "    hold_point: {role: operator, prompt: Shall it be repaired?, within: 10 min, "
    order = "    title: Raise the work order\n"
    await idle.start_with((order, f"{order}{point}on_timeout: hold}}\n"))
    await idle.approved(1, 2)
    await idle.until(lambda: idle.run.awaits == "work-order", "hold point")
    assert len(idle.run.requests) == 2
    idle.order("signoff")
    await idle.reach("COMPLETE")


async def test_a_hold_point_asks_even_if_its_write_is_so(idle: AgentsRoom) -> None:
    """It asks with the next writes of its segment, and is signed off if none is open."""
    point = (
        "    hold_point: {role: operator, prompt: Is it well?, within: 10 min, on_timeout: hold}"
    )
    write = "    write: {PIC-102.sp: 350 kPa}\n    undo: none\n    on_fail: {then: hold}\n"
    so = f"{point}\n{write}"
    await idle.start_with(
        ("  - id: inhibit\n", f"  - id: keep\n{so}  - id: inhibit\n"),
        ("  - id: work-order\n", f"  - id: keep-on\n{so}  - id: work-order\n"),
    )
    await idle.approved(1, 2)
    third = await idle.reach_request(3)
    assert [each.tag for each in third.request.commands] == ["P-101A.mode"]
    assert "Is it well?" in third.request.reason
    idle.say("approve")
    await idle.until(lambda: idle.run.awaits == "keep-on", "hold point")
    idle.order("signoff")
    await idle.reach("COMPLETE")
    assert idle.frames == [START_B, STOP_A, OUT_A]


async def test_a_run_held_before_any_request_is_resumed(idle: AgentsRoom) -> None:
    own = "{role: operator, within: 15 min, on_timeout: hold}"
    whole = "approval: {role: operator, not: requester, within: 15 min, on_timeout: hold, covers: "
    look = f"  - id: look\n    manual: {{instructions: [Look at it], {own[1:]}\n"
    start = "  - id: start-standby\n"
    await idle.start_with(
        (f"{whole}[steps, rollback, safe_state]}}\n", ""),
        (start, f"{look}    on_fail: {{then: hold}}\n{start}    approval: {own}\n"),
    )
    await idle.until(lambda: bool(idle.runs()) and idle.run.awaits == "look", "signoff")
    await idle.wait(900.0)
    await idle.reach("HELD")
    assert idle.run.requests == ()
    idle.order("resume")
    await idle.until(lambda: idle.run.awaits == "look", "signoff again")
    idle.order("signoff")
    await idle.approved(1)
    assert idle.frames == [START_B]


async def test_a_safe_state_beyond_the_approval_is_asked_for(idle: AgentsRoom) -> None:
    following = "\n\n  - id: stop-duty"
    covers = "on_timeout: hold, covers: [steps, rollback, safe_state]}"
    await idle.start_with(
        (covers, "on_timeout: hold, covers: [steps, rollback]}"),
        (
            f"    on_fail: {{then: rollback}}{following}",
            f"    on_fail: {{then: safe_state}}{following}",
        ),
        ("standby.vibration < 3 mm/s", "standby.vibration < 0.1 mm/s"),
    )
    await idle.approved(1)
    assert not [each for each in idle.request(1).request.recovery if each.undoes is None]
    await idle.until(lambda: len(idle.run.requests) == 2, "request of the safe state")
    assert idle.run.state == "ABORTING"
    assert [each.step for each in idle.request(2).request.commands] == ["any-pump", "trim-load"]
    idle.say("approve")
    await idle.reach("ABORTED")
    assert idle.frames == [START_B]
