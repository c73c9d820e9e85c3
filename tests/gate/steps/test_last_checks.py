"""What the steps before the intent still see: a key, a policy, a reading, other bytes, an order."""

from collections.abc import Callable, Mapping
from functools import partial
from time import monotonic

import pytest

from handwheel.connectors.actuation.write_session import OTHER_BYTES
from handwheel.connectors.model.values import Value
from handwheel.tools.guardrails.gate.state.execution import Execution
from handwheel.tools.guardrails.gate.steps import all_steps as steps
from handwheel.tools.guardrails.gate.steps import device_checks
from handwheel.tools.guardrails.gate.steps.device_checks import check_encoding
from handwheel.tools.guardrails.policy.policy import Policy
from handwheel.tools.requests.canonical import parse_canonical
from handwheel.tools.requests.request import ActionRequest

from ...attacks.cases import tried
from ..flood.flood import altered
from ..flood.forged import also_expects
from ..testbed.with_oracle import SETPOINT, START, START_B, Watched


async def stands(room: Watched, request: ActionRequest) -> tuple[str, str, int]:
    """One round of the gate: where the first command stands then, why, and all frames."""
    await room.act()
    return room.desk.states(request)[0], room.reason(request), len(room.plant.frames)


@pytest.mark.way_in("A12")
@pytest.mark.parametrize("error", [RuntimeError, ZeroDivisionError, RecursionError])
async def test_a_policy_that_raises_denies(
    room: Watched, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise error

    request = room.approved(START)
    with monkeypatch.context() as patch:
        patch.setattr(Policy, "_judged", broken)
        told = f"the policy cannot be evaluated here: {error.__name__}"
        assert await stands(room, request) == ("INVALIDATED", told, 0)
        asked = room.desk.propose(START)
        assert room.desk.record(asked.request_id).state == "DENIED"
    assert (await stands(room, room.approved(START)))[::2] == ("VERIFIED", 1)


def at_each(room: Watched, point: str, *events: Callable[[], object]) -> None:
    """Lets something happen each time the gate comes to a point, as long as there is something."""
    reach, left = room.fuse.reach, list(events)

    def reach_and_do(passed: str) -> None:
        reach(passed)
        if passed == point and left:
            left.pop(0)()

    room.fuse.arm(0)
    room.fuse.reach = reach_and_do  # type: ignore[method-assign, assignment]


TOO_OLD = "the plant reading is too old"


@pytest.mark.parametrize(
    ("slow", "takes_s", "looks", "reason"),
    [(1, 1.9, 1, ""), (1, 2.1, 2, ""), (2, 2.1, 3, ""), (3, 2.1, 3, TOO_OLD)],
    ids=["in time", "once", "twice", "always"],
)
async def test_a_look_that_was_too_slow_is_taken_again_twice(
    room: Watched, slow: int, takes_s: float, looks: int, reason: str
) -> None:
    """What the device says may have been so when it was asked, not when it answered."""
    request = room.approved(START_B)
    at_each(room, "fresh look", *[partial(room.clock.forward, takes_s)] * slow)
    await room.act()
    room.expect(request, "INVALIDATED" if reason else "VERIFIED", reason, frames=not reason)
    assert room.fuse.points.count("fresh look") == looks
    assert len(room.rows("action.intent")) == (not reason)


@pytest.mark.way_in("T5")
@pytest.mark.way_in("C17")
@pytest.mark.parametrize(
    ("takes_s", "value", "reason"),
    [
        (2.1, 325.0, "PIC-102.sp reads 325 kPa; 350 was expected"),
        (6.0, 350.0, TOO_OLD),
    ],
)
async def test_a_slow_look_is_not_taken_again_until_it_pleases(
    room: Watched, takes_s: float, value: float, reason: str
) -> None:
    def answer() -> None:
        room.clock.forward(takes_s)
        room.plant.values["PIC-102.sp"] = value

    request = room.approved(SETPOINT)
    at_each(room, "fresh look", answer)
    await room.act()
    room.expect(request, "INVALIDATED", reason, frames=0)
    assert room.fuse.points.count("fresh look") == 1
    room.plant.values["PIC-102.sp"] = 350.0
    await room.go_through()


@pytest.mark.parametrize(
    ("failures", "takes_s", "connects"),
    [
        (2, 2.0, 2 + 3),  # the third time, and then to another device and to read back
        (3, 2.0, 3),
        (1, 0.1, 1),
        (1, 6.0, 1),
    ],
)
async def test_only_a_device_that_was_silent_is_reached_for_again(
    room: Watched, failures: int, takes_s: float, connects: int
) -> None:
    def fail() -> None:
        room.clock.forward(takes_s)
        room.plant.is_down = True

    def answer() -> None:
        room.plant.is_down = False

    request = room.approved(START_B)
    at_each(room, "connect", *[fail] * failures, answer)
    await room.act()
    is_sent = failures == 2
    assert room.desk.states(request) == ["VERIFIED" if is_sent else "INVALIDATED"]
    assert len(room.plant.frames) == is_sent
    assert room.fuse.points.count("connect") == connects


@pytest.mark.parametrize(("slow", "looks"), [(1, 2), (3, 3)])
async def test_a_reading_within_the_budget_still_has_its_own_limit(
    room: Watched, slow: int, looks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The age that was signed may be less than the gate's two seconds."""
    request = altered(
        room.desk.request([START_B])[0], also_expects(START_B[0], False, max_age_s=0.5)
    )
    room.signed_through(request)
    passed_s = [0.0, 0.6] * slow
    at_each(room, "fresh look")
    monkeypatch.setattr(
        device_checks, "monotonic", lambda: monotonic() + (passed_s.pop(0) if passed_s else 0.0)
    )
    await room.act()
    is_sent = slow < looks
    assert room.desk.states(request) == ["VERIFIED" if is_sent else "INVALIDATED"]
    late = "the plant could not be read in time: P-101B.run_cmd"
    assert is_sent or room.reason(request) == late
    assert room.fuse.points.count("fresh look") == looks


Case = tuple[tuple[str, Value], str]
FUNCTIONS: Mapping[str, Case] = {
    "5, as it is": (START, ""),
    "16, as it is": (SETPOINT, ""),
    "15 of one coil": (START, "01 0f 0000 0001 01 01"),
    "16 over the next register": (SETPOINT, "01 10 000a 0003 06 43b40000 0001"),
    "22, a mask": (SETPOINT, "01 16 000a 0000 43b4"),
    "23, with a read": (SETPOINT, "01 17 0002 0002 000a 0002 04 43b40000"),
    "two requests in one": (START, "01 05 0000 ff00 01 05 0010 ff00"),
}


@pytest.mark.parametrize("is_compared", [True, False])
@pytest.mark.parametrize(("write", "wire"), tried(FUNCTIONS, dict.fromkeys(FUNCTIONS, "A14")))
async def test_another_modbus_function_than_the_tags_own_is_not_sent(
    room: Watched,
    monkeypatch: pytest.MonkeyPatch,
    write: tuple[str, Value],
    wire: str,
    *,
    is_compared: bool,
) -> None:
    """The tenth step compares the bytes; then the session finds them to be no write of the tag."""
    if not is_compared:
        way = [nothing if each is check_encoding else each for each in steps.STEPS]
        monkeypatch.setattr(steps, "STEPS", tuple(way))
    request = made_up(room, write, wire.replace(" ", ""))
    state, reason, frames = await stands(room, request)
    if not wire:
        assert (state, frames) == ("VERIFIED", 1)
    elif is_compared:
        assert (state, frames) == ("INVALIDATED", 0)
        assert "gives other bytes" in reason
    else:
        assert (state, frames) == ("REFUSED", 0)
        assert OTHER_BYTES.reason in reason
        assert room.rows("action.REFUSED")[-1]["sent"] is False


async def nothing(_: Execution) -> None:
    """A step that is not there."""


def made_up(room: Watched, write: tuple[str, Value], wire: str) -> ActionRequest:
    """A request that gina files and anna approves, with bytes that no program of ours has made."""
    draft = parse_canonical(room.desk.request([write])[0].text)
    if wire:
        draft["commands"][0]["wire"] = wire
    request = ActionRequest.model_validate(draft)
    room.signed_through(request)
    return request
