"""What comes between two steps of a heartbeat, and what nobody can judge: it does not go then."""
# pyright: reportPrivateUsage=false

from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from handwheel.connectors.model.site import Site
from handwheel.tools.errors import LedgerError, PermitRefused
from handwheel.tools.guardrails.gate.monitoring.heartbeat import HeartbeatWriter
from handwheel.tools.guardrails.gate.monitoring.heartbeat_permission import remote_when
from handwheel.tools.guardrails.gate.state.execution import GateContext
from handwheel.tools.guardrails.identity.roster import load_roster

from ..testbed.heartbeat import PUMP, BeatingRoom, make_beating_site, once_at, take


@pytest.fixture
async def slow_room(tmp_path: Path) -> AsyncGenerator[BeatingRoom]:
    """A heartbeat that goes so seldom that its device may end the session meanwhile."""
    room = BeatingRoom(make_beating_site(tmp_path, "11 s"))
    await room.start_gate()
    yield room
    room.close()


@pytest.mark.parametrize("at", ["before transaction", "anchored"])
async def test_a_hand_over_anew_while_its_first_row_is_written(room: BeatingRoom, at: str) -> None:
    """The frame would go with a row that names the hand-over before."""
    room.give()
    once_at(room, at, room.give)
    room.clock.forward(1.0)
    await room.heartbeat.look()
    began = at == "anchored"
    assert room.counts == []
    assert [(kind, body["generation"]) for kind, body in room.told("started")] == (
        [("started", 1)] * began
    )
    reasons = [(body["reason"], body["count"]) for _, body in room.told("stopped")]
    assert reasons == [("it was granted anew", -1)] * began
    if began:
        await room.heartbeat.look()  # at the same moment: it does not wait for the next beat
    else:
        await room.pass_s(1.0)
    assert room.counts == [0]
    assert room.told("started")[-1][1]["generation"] == 2


async def test_a_session_is_kept_for_short_intervals_only(
    room: BeatingRoom, slow_room: BeatingRoom
) -> None:
    opened: list[str] = []
    room.on_open = partial(opened.append, "1 s")
    slow_room.on_open = partial(opened.append, "11 s")
    for each in (room, slow_room):
        each.give()
        await each.pass_s(11.0, 11.0, 11.0)
        assert each.counts == [0, 1, 2]
        assert not each.faults()
    assert opened == ["1 s", "11 s", "11 s", "11 s"]
    assert room.heartbeat._session is not None
    assert slow_room.heartbeat._session is None


async def test_a_stop_that_the_ledger_does_not_take_is_told_with_the_next_look(
    room: BeatingRoom, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    room.give()
    await room.pass_s(1.0)
    take(PUMP, "OPERATOR")(room)

    def refuse(*_: object) -> Any:
        raise LedgerError("ledger.db: the disk is full")

    room.clock.forward(1.0)
    with monkeypatch.context() as patch:
        patch.setattr(room.context.database, "transaction", refuse)
        await room.heartbeat.look()
    assert room.counts == [0]
    assert room.heartbeat._session is None
    assert [kind for kind, _ in room.told()] == ["started"]
    assert caplog.messages == ["heartbeat of P-101A: ledger.db: the disk is full"]
    await room.heartbeat.look()
    assert room.counts == [0]
    reasons = [(body["reason"], body["count"]) for _, body in room.told("stopped")]
    assert reasons == [("P-101A is OPERATOR, set by dora", 0)]


def nobody_can_read_the_people(context: GateContext, folder: Path) -> GateContext:
    (folder / "operators.yaml").write_text("schema: operators/1\noperators: nobody\n", "utf-8")
    return replace(context, people=lambda: load_roster(replace(context.site, root=folder)))


def remote_names_a_lost_tag(context: GateContext, folder: Path) -> GateContext:
    return replace(context, site=with_remote(context.site, "P-101Z.mode == 'remote'"))


def with_remote(site: Site, text: str) -> Site:
    pump = site.equipment[PUMP].model_copy(update={"remote_when": text})
    return replace(site, equipment={**site.equipment, PUMP: pump})


BLIND: dict[str, tuple[Callable[[GateContext, Path], GateContext], str]] = {
    "the people": (nobody_can_read_the_people, "the person who granted it is not known: "),
    "the pump's remote": (remote_names_a_lost_tag, "remote_when of P-101A cannot be evaluated: "),
}


@pytest.mark.parametrize("what", BLIND)
async def test_what_nobody_can_judge_stops_it(room: BeatingRoom, tmp_path: Path, what: str) -> None:
    spoil, reason = BLIND[what]
    room.give()
    await room.pass_s(1.0, 1.0)
    sound = room.context
    room.heartbeat._context = spoil(sound, tmp_path)
    await room.pass_s(1.0, 1.0)
    assert room.counts == [0, 1]
    (stopped,) = room.told("stopped")
    assert stopped[1]["reason"].startswith(reason)
    room.heartbeat._context = sound
    await room.pass_s(1.0)
    assert room.counts == [0, 1, 2]


def test_equipment_without_a_heartbeat_gets_none(room: BeatingRoom) -> None:
    with pytest.raises(PermitRefused, match="P-101B has no heartbeat"):
        HeartbeatWriter(room.context, "P-101B", dict)
    assert remote_when(room.context, "P-101B") is None
    assert HeartbeatWriter(room.context, PUMP, dict).tags == frozenset()
