"""Each step from the intent on is needed, and stands where it does: one that is missing shows."""

from collections.abc import Callable, Mapping

import pytest

from handwheel.connectors.actuation.device_writer import Refusal
from handwheel.tools.guardrails.gate.state.execution import Execution, GateStep
from handwheel.tools.guardrails.gate.steps import all_steps as steps
from handwheel.tools.guardrails.gate.steps.execute import execute_action

from ...plants.in_memory import MemoryWriter
from ..flood.flood import altered
from ..flood.forged import also_expects
from ..testbed.with_oracle import SETPOINT, START, START_B, Watched

Change = Callable[[list[GateStep]], list[GateStep]]
NO_INTENT = "there is no intent on disk"


async def nothing(_: Execution) -> None:
    """A step that is not there."""


def without(number: int) -> Change:
    return lambda way: [*way[: number - 1], nothing, *way[number:]]


def swapped(one: int, other: int) -> Change:
    def change(way: list[GateStep]) -> list[GateStep]:
        way[one - 1], way[other - 1] = way[other - 1], way[one - 1]
        return way

    return change


def twice(number: int) -> Change:
    return lambda way: [*way[:number], way[number - 1], *way[number:]]


def untouched(way: list[GateStep]) -> list[GateStep]:
    return way


async def act(room: Watched, patch: pytest.MonkeyPatch, change: Change) -> tuple[str, str, int]:
    """Takes one approved action a changed way: its state, the journal's reason, the frames."""
    request = room.approved()
    with patch.context() as changed:
        changed.setattr(steps, "STEPS", tuple(change(list(steps.STEPS))))
        await room.act()
    return room.desk.states(request)[0], room.reason(request), len(room.plant.frames)


def test_the_steps_stand_in_this_order() -> None:
    assert [each.__name__ for each in steps.STEPS] == [
        "check_gate", "check_request", "check_signatures", "check_validity", "check_policy",
        "check_configuration", "check_interlocks", "open_device", "check_plant",
        "check_encoding", "commit_intent", "check_before_send", "send_frame", "check_answer",
        "read_back", "record_outcome",
    ]  # fmt: skip


CHANGES: Mapping[str, tuple[Change, str, str, int]] = {
    "nothing changed": (untouched, "VERIFIED", "P-101A.run_cmd reads true", 1),
    "no write session": (without(8), "INVALIDATED", "the way to the device is not open", 0),
    "no look at the plant": (
        without(9), "INVALIDATED", "the clock was set after the plant was read", 0,
    ),
    "the intent before the look": (
        swapped(9, 11), "INVALIDATED", "the clock was set after the plant was read", 0,
    ),
    "no intent": (without(11), "INVALIDATED", NO_INTENT, 0),
    "the frame before its intent": (swapped(11, 13), "INVALIDATED", NO_INTENT, 0),
    "no frame": (without(13), "UNKNOWN", "the answer of the device was not evaluated", 0),
    "two frames": (twice(13), "UNKNOWN", "its frame has left", 1),
    "no echo": (without(14), "UNKNOWN", "the answer of the device was not evaluated", 1),
    "no read-back": (without(15), "UNKNOWN", "it was not read back", 1),
    "no outcome": (without(16), "SENDING", "every check has passed", 1),
}  # fmt: skip


@pytest.mark.parametrize(("change", "state", "reason", "frames"), CHANGES.values(), ids=CHANGES)
async def test_a_way_that_was_changed_is_never_verified(
    room: Watched,
    monkeypatch: pytest.MonkeyPatch,
    change: Change,
    state: str,
    reason: str,
    frames: int,
) -> None:
    assert await act(room, monkeypatch, change) == (state, reason, frames)


async def test_an_approval_that_is_too_old_opens_no_session(
    room: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time is looked at twice: the fourth step stops what the eleventh would stop later."""
    for change, is_connected in ((untouched, False), (without(4), True)):
        request = await room.carried_out(START, SETPOINT)
        execution = room.execution()
        assert execution is not None
        room.clock.forward(601.0)
        room.fuse.arm(0)
        with monkeypatch.context() as patch:
            patch.setattr(steps, "STEPS", tuple(change(list(steps.STEPS))))
            await execute_action(execution)
        assert room.desk.states(request) == ["VERIFIED", "INVALIDATED"]
        reason = room.desk.record(request.request_id).actions[1].reason
        assert reason == "the approval is 601 s old; it holds for 600 s"
        assert ("connect" in room.fuse.points) is is_connected
        room.plant.values["P-101A.run_cmd"] = False
    assert len(room.plant.frames) == 2


async def test_an_answer_that_says_no_is_kept_as_the_devices_no(
    room: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an OPC UA server answers: with a status code, in an answer of the right form."""

    def judge(*_: object) -> None:
        raise Refusal("BadNotWritable", was_sent=True)

    request = room.approved(START_B, SETPOINT)
    with monkeypatch.context() as patch:
        patch.setattr(MemoryWriter, "judge", judge)
        await room.act()
    assert room.desk.states(request) == ["REFUSED", "CANCELLED"]
    assert "refused by the device: BadNotWritable" in room.reason(request)
    assert [each["sent"] for each in room.rows("action.REFUSED")] == [True]
    assert room.wires == [request.commands[0].wire]
    assert room.faults() == ()
    room.plant.values["P-101B.run_cmd"] = False
    await room.go_through(START_B)


@pytest.mark.parametrize("tag", ["X-9.pv", "PT-102.pv"])
async def test_the_look_at_the_plant_asks_for_no_tag_that_the_site_does_not_know(
    room: Watched, monkeypatch: pytest.MonkeyPatch, tag: str
) -> None:
    """The sixth step stops what expects one; behind it stands the look itself."""
    request = altered(room.desk.request([START])[0], also_expects(tag, 349.0))
    room.desk.file(request)
    room.oracle.note(request)
    room.oracle.approve(request, "anna")
    room.fuse.arm(0)
    monkeypatch.setattr(steps, "STEPS", tuple(without(6)(list(steps.STEPS))))
    await room.act()
    is_known = tag == "PT-102.pv"
    assert room.desk.states(request) == ["VERIFIED" if is_known else "INVALIDATED"]
    assert is_known or room.reason(request) == "X-9.pv is no tag of this site"
    assert ("fresh look" in room.fuse.points) is is_known
    assert len(room.plant.frames) == is_known
