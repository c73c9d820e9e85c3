"""A heartbeat goes only within a signed hand-over that names it, and ends with it by itself."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from handwheel.connectors.site import Site
from handwheel.tools.errors import InvalidArguments, LedgerError
from handwheel.tools.guardrails.authority import TakenMode, hand_over, take_over
from handwheel.tools.guardrails.decisions import DecisionRefused, Reason, Signed
from handwheel.tools.guardrails.gate.carry_out import carry_out
from handwheel.tools.guardrails.heartbeats import heartbeat_of, heartbeats_of
from handwheel.tools.guardrails.lockouts import lockout_file
from handwheel.tools.requests.stamps import stamp

from .handover import give, signed_hand_over
from .paper_heartbeat import BEAT, HEAD, PUMP, BeatingRoom, at_once, make_beating_site
from .paper_plant import Frame

HOUR_S = 3600.0
Event = Callable[[BeatingRoom], object]


@pytest.fixture(scope="module")
def beating_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return make_beating_site(tmp_path_factory.mktemp("site"))


@pytest.fixture
async def room(beating_site: Site, tmp_path: Path) -> AsyncGenerator[BeatingRoom]:
    room = BeatingRoom(replace(beating_site, state=tmp_path))
    await room.start_gate()
    yield room
    room.close()


def take(scope: str, mode: TakenMode) -> Event:
    return lambda room: take_over(
        room.desk.database, room.site, scope, mode, "dora", room.clock.now()
    )


def lock_out(scope: str) -> Event:
    return lambda room: room.desk.lock_out(scope)


def suspend(scope: str) -> Event:
    return lambda room: room.post.suspensions.note(scope, "test", "a test", room.clock.now())


def switch(value: int) -> Event:
    return lambda room: room.plant.values.update({"P-101A.mode": value})


def another_gate(room: BeatingRoom) -> None:
    with room.desk.database.transaction(room.clock.now()) as transaction:
        transaction.change("INSERT INTO gate(pid, boot_id) VALUES (?, ?)", (1, "boot-1"))


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
    assert not room.faults()


@pytest.mark.parametrize("event", GO_ON)
async def test_what_is_no_concern_of_it_does_not_stop_it(room: BeatingRoom, event: str) -> None:
    room.give()
    await room.pass_s(1.0, 1.0)
    GO_ON[event](room)
    await room.pass_s(1.0, 1.0)
    assert room.counts == [0, 1, 2, 3]
    assert [kind for kind, _ in room.told()] == ["started"]
    assert not room.faults()


LATE_GIVING = sorted(ENDS.keys() - {"it expires", "it is taken over", "a hand-over without it"})


@pytest.mark.parametrize("event", LATE_GIVING)
async def test_it_does_not_begin_under_what_would_stop_it(room: BeatingRoom, event: str) -> None:
    room.give()
    ENDS[event][0](room)
    await room.pass_s(0.1, 1.0, 1.0)
    assert (room.counts, room.told()) == ([], [])
    assert not room.faults()


async def test_it_begins_again_when_what_stopped_it_is_over(room: BeatingRoom) -> None:
    room.give()
    await room.pass_s(1.0, 1.0)
    switch(0)(room)
    await room.pass_s(1.0)
    switch(1)(room)
    await room.pass_s(1.0, 1.0)
    assert room.counts == [0, 1, 2, 3]
    assert [kind for kind, _ in room.told()] == ["started", "stopped", "started"]
    assert not room.faults()


async def test_a_signature_on_another_hand_over_is_none_on_this(room: BeatingRoom) -> None:
    """Word for word somebody's own, and with the heartbeat: only for another generation."""
    bench, now = room.desk.bench, room.clock.now()
    until, named = stamp(now.wall + timedelta(hours=1)), heartbeats_of(room.site, PUMP)

    def signed(generation: int) -> Signed:
        return signed_hand_over(
            bench, PUMP, now, until=until, generation=generation, heartbeats=named
        )

    with pytest.raises(DecisionRefused, match=str(Reason.NOT_APPROVED)):
        hand_over(bench, PUMP, until, 1, signed(2), now)
    await room.pass_s(1.0)
    assert room.counts == []
    hand_over(bench, PUMP, until, 1, signed(1), now)
    await room.pass_s(1.0)
    assert room.counts == [0]
    assert not room.faults()


async def test_a_hand_over_anew_is_told(room: BeatingRoom) -> None:
    room.give()
    await room.pass_s(1.0, 1.0)
    room.give()
    await room.pass_s(1.0, 1.0)
    assert room.counts == [0, 1, 2, 3]
    assert [(kind, body["reason"]) for kind, body in room.told()] == [
        ("started", "handed over: P-101A"), ("stopped", "it was handed over anew"),
        ("started", "handed over: P-101A"),
    ]  # fmt: skip
    assert [body["generation"] for _, body in room.told("started")] == [1, 2]
    assert not room.faults()


async def test_a_file_taken_away_unlocks_nothing(room: BeatingRoom) -> None:
    room.give()
    await room.pass_s(1.0)
    room.desk.lock_out(PUMP)
    await room.pass_s(1.0)
    lockout_file(room.site.state, PUMP).unlink()
    await room.pass_s(1.0, 1.0)
    assert room.counts == [0]
    room.desk.release(PUMP)  # the twin: an administrator's word does
    await room.pass_s(1.0)
    assert room.counts == [0, 1]
    assert not room.faults()


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
    assert not room.faults()


async def test_a_hand_over_of_the_whole_names_the_heartbeats_of_its_members(
    room: BeatingRoom,
) -> None:
    room.give("PUMPS-101")
    await room.pass_s(1.0, 1.0)
    assert room.counts == [0, 1]
    assert room.told("started")[0][1]["scope"] == "PUMPS-101"
    assert not room.faults()


@pytest.mark.parametrize("change", [{"every_ms": 500}, {"mark": "0" * 32}, {"tag": "P-101A.mode"}])
async def test_another_heartbeat_than_the_signed_one(
    room: BeatingRoom, change: Mapping[str, object]
) -> None:
    """Tag, address or interval were changed in the site's files since it was signed."""
    honest = heartbeat_of(room.site, PUMP)
    assert honest is not None
    other = replace(honest, **change)  # type: ignore[arg-type]
    give(room.desk.bench, PUMP, room.clock.now(), heartbeats=(other,))
    await room.pass_s(1.0, 1.0)
    assert (room.counts, room.told()) == ([], [])
    give(room.desk.bench, PUMP, room.clock.now(), heartbeats=heartbeats_of(room.site, PUMP))
    await room.pass_s(1.0)
    assert room.counts == [0]
    assert not room.faults()


async def test_nobody_can_ask_for_it(room: BeatingRoom) -> None:
    with pytest.raises(InvalidArguments, match=r"P-101A.hb cannot be written at this site"):
        room.desk.propose((BEAT, 1))
    ruling = room.desk.bench.policy.judge(room.site.tags[BEAT], 1, None)
    assert (ruling.is_allowed, ruling.risk_class) == (False, "R4")
    assert ruling.reasons == ("it is the heartbeat of P-101A",)
    assert room.desk.bench.policy.judge(room.site.tags["P-101A.run_cmd"], True, None).is_allowed


async def test_it_lets_an_action_go_first_and_does_not_stop_for_it(room: BeatingRoom) -> None:
    room.give()
    await room.pass_s(1.0)
    request = room.desk.propose(("P-101A.run_cmd", True))
    room.desk.approve(request)
    points: list[str] = []
    room.clock.forward(1.0)  # it is due, and stays so

    def reach(point: str) -> None:
        if point in {"connect", "fresh look", "frame leaves", "read"}:
            points.append(point)
            del room.fuse.reach  # what the heartbeat itself passes
            before = len(room.plant.frames)
            at_once(room.heartbeat.look())
            points.extend(["beat"] * (len(room.plant.frames) - before))
            room.fuse.reach = reach  # type: ignore[method-assign]

    room.fuse.reach = reach  # type: ignore[method-assign]
    passage = room.passage()
    assert passage is not None
    await carry_out(passage)
    del room.fuse.reach
    assert points == [
        "connect", "fresh look", "connect", "read", "frame leaves",  # until then it keeps away
        "connect", "beat", "read",  # while the action is read back it need not
    ]  # fmt: skip
    assert room.desk.states(request) == ["VERIFIED"]
    assert room.counts == [0, 1]
    assert not room.faults()


async def test_a_device_that_refuses_is_told_once_and_tried_on(room: BeatingRoom) -> None:
    room.give()
    await room.pass_s(1.0)
    for _ in range(5):
        room.plant.fault = "refused"
        await room.pass_s(1.0)
    ((_, failed),) = room.told("failed")
    assert (failed["count"], failed["times"]) == (4, 3)
    assert "refused by the device" in failed["reason"]
    await room.pass_s(1.0)
    assert room.counts == [0, 1, 2, 3, 4, 5, 6]  # each of them once
    assert [kind for kind, _ in room.told()] == ["started", "failed"]
    assert not room.faults()


async def test_a_count_in_doubt_is_not_sent_again(room: BeatingRoom) -> None:
    room.give()
    await room.pass_s(1.0)
    room.plant.fault = "answer lost"
    await room.pass_s(1.0, 0.2)
    assert room.counts == [0, 1]
    await room.pass_s(0.8)
    assert room.counts == [0, 1, 2]
    take(PUMP, "OPERATOR")(room)
    await room.pass_s(1.0)
    assert room.told("stopped")[0][1]["unanswered"] == 1
    assert not room.faults()


async def test_a_plant_that_is_away_gets_its_heartbeat_back(room: BeatingRoom) -> None:
    room.give()
    room.plant.is_down = True
    await room.pass_s(1.0, 1.0, 1.0, 1.0)
    assert [kind for kind, _ in room.told()] == ["failed"]
    room.plant.is_down = False
    await room.pass_s(1.0, 1.0)
    assert room.counts == [0, 1]
    assert not room.faults()


async def test_another_device_gets_none_until_it_is_handed_over_anew(room: BeatingRoom) -> None:
    room.give()
    await room.pass_s(1.0)
    room.plant.names["pkg"], room.plant.fault = "somebody else's", "not sent"
    await room.pass_s(1.0, 1.0, 1.0)
    assert room.counts == [0]
    assert "its device has become another one" in room.told("stopped")[0][1]["reason"]
    room.give()
    await room.pass_s(1.0)
    assert room.counts == [0, 2]
    assert not room.faults()


async def test_a_gate_that_starts_again_begins_anew(room: BeatingRoom) -> None:
    """A hand-over outlasts a restart of the gate, whether it was killed or stopped."""
    room.give()
    await room.pass_s(1.0, 1.0)
    room.kill_gate()
    await room.start_gate()
    await room.pass_s(1.0, 1.0)
    assert room.counts == [0, 1, 0, 1]
    assert [kind for kind, _ in room.told()] == ["started", "started"]
    room.kill_gate()
    room.clock.forward(HOUR_S)  # the twin: it ended meanwhile
    await room.start_gate()
    await room.pass_s(1.0, 1.0)
    assert room.counts == [0, 1, 0, 1]
    assert not room.faults()


async def test_a_gate_that_was_replaced_counts_no_more(room: BeatingRoom) -> None:
    room.give()
    await room.pass_s(1.0)
    another_gate(room)
    await room.pass_s(1.0, 1.0)
    assert room.counts == [0]
    assert "another gate has started" in room.told("stopped")[0][1]["reason"]


async def test_a_gate_that_ends_says_so(room: BeatingRoom) -> None:
    room.give()
    running = asyncio.create_task(room.heartbeat.run())
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait([running])
    assert running.cancelled()
    assert room.counts == [0]
    assert [(kind, body["reason"]) for kind, body in room.told()] == [
        ("started", "handed over: P-101A"), ("stopped", "the gate ends"),
    ]  # fmt: skip
    assert not room.faults()


async def test_after_the_last_count_comes_the_first(room: BeatingRoom) -> None:
    room.give()
    room.heartbeat._count = 32766  # pyright: ignore[reportPrivateUsage]
    await room.pass_s(1.0, 1.0, 1.0)
    assert room.counts == [32766, 32767, 0]
    assert not room.faults()


@pytest.mark.parametrize("event", [*ENDS, *GO_ON])
async def test_what_comes_while_the_way_is_opened(room: BeatingRoom, event: str) -> None:
    happen = ENDS[event][0] if event in ENDS else GO_ON[event]
    room.give()
    room.clock.forward(1.0)
    room.on_open = lambda: (happen(room), room.watch())
    await room.heartbeat.look()
    assert room.counts == ([] if event in ENDS else [0])
    assert not room.faults()


async def test_an_action_that_comes_while_the_way_is_opened(room: BeatingRoom) -> None:
    room.give()
    room.clock.forward(1.0)
    with ExitStack() as stack:
        room.on_open = lambda: stack.enter_context(room.post.turn.taken(lambda: True))
        await room.heartbeat.look()
        await room.pass_s(1.0)
        assert room.counts == []
    await room.heartbeat.look()
    assert room.counts == [0]
    assert not room.faults()


async def test_nothing_goes_while_the_ledger_cannot_be_believed(
    room: BeatingRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.give()
    await room.pass_s(1.0)

    def fail() -> None:
        raise LedgerError("an old copy")

    with monkeypatch.context() as patch:
        patch.setattr(room.post.database, "check_anchors", fail)
        await room.pass_s(1.0, 1.0)
    assert room.counts == [0]
    await room.pass_s(1.0)
    assert room.counts == [0, 1]
    assert [kind for kind, _ in room.told()] == ["started"]
    assert not room.faults()


async def test_a_lockout_in_the_last_moment(room: BeatingRoom) -> None:
    """It comes when the ledger has been asked, and the frame has not left."""
    room.give()
    await room.pass_s(1.0)
    take(PUMP, "OPERATOR")(room)
    await room.pass_s(1.0)
    room.give()

    def reach(point: str) -> None:
        if point == "anchored":  # the journal has it that the heartbeat begins
            room.desk.lock_out(PUMP)

    room.fuse.reach = reach  # type: ignore[method-assign]
    room.clock.forward(1.0)
    await room.heartbeat.look()
    del room.fuse.reach
    assert room.counts == [0]
    assert [kind for kind, _ in room.told()] == ["started", "stopped", "started", "stopped"]
    assert not room.faults()


# --- the judge ----------------------------------------------------------------------------------


async def test_the_judge_finds_what_is_no_heartbeat(room: BeatingRoom) -> None:
    room.give()
    await room.pass_s(1.0, 1.0)
    take(PUMP, "OPERATOR")(room)
    await room.pass_s(0.5)
    assert not room.faults()
    now = room.clock.now().wall
    room.log(HEAD + (2).to_bytes(2, "big"), now + timedelta(seconds=1))
    room.log(HEAD + (40000).to_bytes(2, "big"), now - timedelta(seconds=1))
    assert room.faults() == (
        "frame 4: no count of a heartbeat goes to P-101A.hb",
        "frame 3: P-101A.hb is written outside its heartbeat",
    )


async def test_the_judge_counts_and_looks_at_the_clock(room: BeatingRoom) -> None:
    """A gate that says nothing of an end, and goes on; and one that counts in its sleep."""
    room.give(lasts_s=10.0)
    await room.pass_s(1.0)
    assert not room.faults()
    now = room.clock.now().wall
    room.log(HEAD + (0).to_bytes(2, "big"), now + timedelta(seconds=1))
    room.log(HEAD + (1).to_bytes(2, "big"), now + timedelta(seconds=9.5))
    room.log(HEAD + (2).to_bytes(2, "big"), now + timedelta(seconds=10.5))
    assert room.faults() == (
        "frame 4: P-101A.hb is written outside its heartbeat: its hand-over ended more than an "
        "interval before",
        "P-101A.hb is written 0 twice: that tells nobody anything",
    )


@pytest.mark.parametrize("named", [True, False])
async def test_the_judges_know_a_heartbeat_that_nobody_signed(
    room: BeatingRoom, named: bool
) -> None:
    """A gate that does not ask whether the hand-over names it: both judges do."""
    room.give()
    await room.pass_s(1.0)
    ((_, body),) = room.told()
    take(PUMP, "OPERATOR")(room)
    await room.pass_s(1.0)
    until = room.give(named=named)
    with room.desk.database.transaction(room.clock.now()) as transaction:
        changes = {"generation": 3, "until": until}
        transaction.record("heartbeat.started", PUMP, body | changes)
    found = " ".join(room.faults())
    assert ("no hand-over names it" in found) == (not named)
    assert ("no hand-over that counts names it" in found) == (not named)
    assert named == (not found)


async def test_a_frame_without_a_heartbeat_is_foreign(room: BeatingRoom) -> None:
    await room.pass_s(1.0)
    room.plant.arrive(Frame("pkg", HEAD + b"\x00\x01"))
    assert any("foreign" in fault for fault in room.faults())
