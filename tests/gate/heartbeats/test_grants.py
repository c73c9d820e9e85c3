"""A heartbeat goes only within a signed hand-over that names it, and ends with it by itself."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import pytest

from handwheel.tools.errors import InvalidArguments, LedgerError
from handwheel.tools.guardrails.signatures.heartbeat_grants import heartbeat_of

from ..testbed.authority_grant import give
from ..testbed.heartbeat import (
    BEAT,
    PUMP,
    BeatingRoom,
    Event,
    lock_out,
    once_at,
    suspend,
    switch,
    take,
)

HOUR_S = 3600.0


ENDS: Mapping[str, tuple[Event, str]] = {
    "it expires": (lambda room: room.clock.forward(HOUR_S), "it ended 2026-"),
    "the key is revoked": (lambda room: room.desk.revoke_key("anna"), "the key is revoked"),
    "it is taken over": (take(PUMP, "OPERATOR"), "P-101A is OPERATOR, set by dora"),
    "somebody works there": (take(PUMP, "MAINTENANCE"), "P-101A is MAINTENANCE, set by dora"),
    "somebody works at the whole": (take("PUMPS-101", "LOCAL"), "PUMPS-101 is LOCAL"),
    "it is locked out": (lock_out(PUMP), "locked out: P-101A"),
    "a mistyped lockout": (lock_out("P-1O1A"), "locked out: P-1O1A"),
    "the site is suspended": (suspend("site"), "actuation is suspended: site: a test"),
    "its connection is": (suspend("pkg"), "actuation is suspended: pkg: a test"),
    "the clock is set": (lambda room: room.clock.set(60.0), "the wall clock was set"),
    "the pump goes to local": (switch(0), "not true: P-101A.mode == 'remote'"),
    "a hand-over without it": (lambda room: room.give(named=False), "does not name the heartbeat"),
}
GO_ON: Mapping[str, Event] = {
    "nothing": lambda room: None,
    "another key is revoked": lambda room: room.desk.revoke_key("gina"),
    "the other pump is taken": take("P-101B", "MAINTENANCE"),
    "the other pump is locked out": lock_out("P-101B"),
    "another connection is suspended": suspend("dcs"),
}


@pytest.mark.parametrize("event", ENDS)
async def test_it_stops_within_one_interval(room: BeatingRoom, event: str) -> None:
    happen, reason = ENDS[event]
    room.give()
    await room.pass_s(1.0, 1.0, 1.0)
    assert room.counts == [0, 1, 2]
    happen(room)
    await room.pass_s(0.5, 1.0, 1.0, 5.0)
    assert room.counts == [0, 1, 2]
    (started, first), (stopped, last) = room.told()
    assert (started, first["tag"], first["count"]) == ("started", BEAT, 0)
    assert (stopped, last["tag"], last["count"]) == ("stopped", BEAT, 2)
    assert reason in last["reason"]


@pytest.mark.parametrize("event", GO_ON)
async def test_what_is_no_concern_of_it_does_not_stop_it(room: BeatingRoom, event: str) -> None:
    room.give()
    await room.pass_s(1.0, 1.0)
    GO_ON[event](room)
    await room.pass_s(1.0, 1.0)
    assert room.counts == [0, 1, 2, 3]
    assert [kind for kind, _ in room.told()] == ["started"]


async def test_a_hand_over_anew_is_told(room: BeatingRoom) -> None:
    room.give()
    await room.pass_s(1.0, 1.0)
    room.give()
    await room.pass_s(1.0, 1.0)
    assert room.counts == [0, 1, 2, 3]
    assert [(kind, body["reason"]) for kind, body in room.told()] == [
        ("started", "granted: P-101A"), ("stopped", "it was granted anew"),
        ("started", "granted: P-101A"),
    ]  # fmt: skip
    assert [body["generation"] for _, body in room.told("started")] == [1, 2]


async def test_nobody_has_handed_it_over(room: BeatingRoom) -> None:
    await room.pass_s(1.0, 1.0)
    room.give("P-101B")
    room.give(named=False)
    await room.pass_s(1.0, 1.0)
    assert (room.counts, room.told()) == ([], [])
    room.give("PUMPS-101")  # the narrower word on the pump itself still decides
    await room.pass_s(1.0)
    assert room.counts == []
    room.give()
    await room.pass_s(1.0)
    assert room.counts == [0]


async def test_a_hand_over_of_the_whole_names_the_heartbeats_of_its_members(
    room: BeatingRoom,
) -> None:
    room.give("PUMPS-101")
    await room.pass_s(1.0, 1.0)
    assert room.counts == [0, 1]
    assert room.told("started")[0][1]["scope"] == "PUMPS-101"


async def test_another_heartbeat_than_the_signed_one(room: BeatingRoom) -> None:
    """Tag, address or interval were changed in the site's files since it was signed."""
    honest = heartbeat_of(room.site, PUMP)
    assert honest is not None
    others = replace(honest, every_ms=500), replace(honest, mark="0" * 32)
    for other in (*others, replace(honest, tag="P-101A.mode")):
        give(room.desk.decision_context, PUMP, room.clock.now(), heartbeats=(other,))
        await room.pass_s(1.0, 1.0)
        assert (room.counts, room.told()) == ([], []), other
    room.give()
    await room.pass_s(1.0)
    assert room.counts == [0]


async def test_nobody_can_ask_for_it(room: BeatingRoom) -> None:
    with pytest.raises(InvalidArguments, match=r"^P-101A.hb .*: it is the heartbeat of P-101A$"):
        room.desk.propose((BEAT, 1))
    policy = room.desk.decision_context.policy
    ruling = policy.judge(room.site.tags[BEAT], 1, None)
    assert (ruling.is_allowed, ruling.risk_class) == (False, "R4")
    assert ruling.reasons == ("it is the heartbeat of P-101A",)
    assert policy.judge(room.site.tags["P-101A.run_cmd"], True, None).is_allowed


@pytest.mark.parametrize("event", [*ENDS, *GO_ON])
async def test_what_comes_while_the_way_is_opened(room: BeatingRoom, event: str) -> None:
    happen = ENDS[event][0] if event in ENDS else GO_ON[event]

    def come() -> None:
        happen(room)
        room.watch()

    room.give()
    room.clock.forward(1.0)
    room.on_open = come
    await room.heartbeat.look()
    assert room.counts == ([] if event in ENDS else [0])


async def test_nothing_goes_while_the_ledger_cannot_be_believed(
    room: BeatingRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.give()
    await room.pass_s(1.0)

    def fail() -> None:
        raise LedgerError("it was replaced")

    with monkeypatch.context() as patch:
        patch.setattr(room.context.database, "check_file", fail)
        await room.pass_s(1.0, 1.0)
    assert room.counts == [0]
    await room.pass_s(1.0)
    assert room.counts == [0, 1]
    assert [kind for kind, _ in room.told()] == ["started"]


async def test_a_lockout_in_the_last_moment(room: BeatingRoom) -> None:
    """It comes when the ledger has been asked, and the frame has not left."""
    room.give()
    await room.pass_s(1.0)
    take(PUMP, "OPERATOR")(room)
    await room.pass_s(1.0)
    room.give()
    # The journal has it by then that the heartbeat begins.
    once_at(room, "anchored", partial(room.desk.lock_out, PUMP))
    room.clock.forward(1.0)
    await room.heartbeat.look()
    assert room.counts == [0]
    assert [kind for kind, _ in room.told()] == ["started", "stopped", "started", "stopped"]


@pytest.mark.parametrize("at", ["before transaction", "anchored"])
async def test_a_take_over_while_its_first_row_is_written(room: BeatingRoom, at: str) -> None:
    """Whoever takes it over has the ledger first, or has it before the frame leaves."""
    room.give()
    once_at(room, at, partial(take(PUMP, "LOCAL"), room))
    room.clock.forward(1.0)
    await room.heartbeat.look()
    assert room.counts == []
    kinds = ["started", "stopped"] if at == "anchored" else []
    assert [kind for kind, _ in room.told()] == kinds
    reasons = [body["reason"] for _, body in room.told("stopped")]
    assert reasons == ["P-101A is LOCAL, set by dora"] * (at == "anchored")


async def test_it_is_shown_the_plant_whatever_is_suspended(room: BeatingRoom) -> None:
    """Else nobody could see that the pump is in remote when that is over."""
    await room.pass_s(1.0)
    assert room.heartbeat.tags == frozenset()
    room.give()
    await room.pass_s(1.0)
    suspend("pkg")(room)
    await room.pass_s(1.0)
    assert room.heartbeat.tags == {"P-101A.mode"}
    room.context.suspensions.note("pkg", "test", "", room.clock.now())
    await room.pass_s(1.0)
    assert room.counts == [0, 1]
    take(PUMP, "OPERATOR")(room)
    await room.pass_s(1.0)
    assert room.heartbeat.tags == frozenset()
