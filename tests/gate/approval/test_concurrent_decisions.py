"""A no that comes while the gate acts on the yes: before the intent it wins."""

from functools import partial

import pytest

from handwheel.tools.guardrails.signatures.decisions import RequestVerdict

from ..testbed.with_oracle import SETPOINT, START_B, Watched, nth


@pytest.mark.way_in("P13")
@pytest.mark.parametrize(("by", "verdict"), [("gina", "revoke"), ("bert", "reject")])
async def test_a_no_at_any_point_before_the_intent_lets_nothing_leave(
    room: Watched, by: str, verdict: RequestVerdict
) -> None:
    """From the first look at what is due, over the claim, up to the intent's commit."""
    way = await room.way()
    intent, claim = nth(way, "before transaction", 2), nth(way, "committed")
    word, reasons = "revoked" if verdict == "revoke" else "rejected", list[str]()
    for point in range(1, intent + 1):
        if way[point - 1] == "in transaction":
            continue  # everybody else waits for its end
        request = room.approved(START_B)
        room.fuse.arm(point, partial(room.desk.say, verdict, request, by))
        await room.act()
        record = room.desk.record(request.request_id)
        assert (record.state, record.reason) == ("REVOKED", f"{word} by {by}"), way[point - 1]
        (state,), reason = room.desk.states(request), room.reason(request)
        assert (state, point) == ("INVALIDATED" if point >= claim else "CANCELLED", point)
        reasons.append(reason)
        assert len(room.plant.frames) == 1, (point, way[point - 1])
    objection = "has taken the approval back" if verdict == "revoke" else "has rejected it"
    assert set(reasons) == {
        f"{word} by {by}",
        f"a person who may do so {objection}",
        "the request ended while the action was executed",
    }
    await room.go_through(START_B)
    assert room.faults() == ()


@pytest.mark.way_in("P13")
async def test_a_no_after_the_intent_stops_what_follows_and_says_nothing_untrue(
    room: Watched,
) -> None:
    way = await room.way()
    for point in range(nth(way, "committed", 2), nth(way, "committed", 3) - 3):
        before = len(room.plant.frames)
        room.plant.values[START_B[0]] = False
        room.clock.forward(21.0)
        request = room.approved(START_B, SETPOINT)
        room.fuse.arm(point, partial(room.desk.say, "revoke", request, "gina"))
        for _ in range(2):
            await room.act()
        assert room.desk.states(request) == ["VERIFIED", "CANCELLED"], way[point - 1]
        assert room.reason(request) == "P-101B.run_cmd reads true"
        assert room.reason(request, 2) == "revoked by gina"
        assert room.desk.record(request.request_id).state == "REVOKED"
        assert len(room.plant.frames) == before + 1
    assert room.faults() == ()
