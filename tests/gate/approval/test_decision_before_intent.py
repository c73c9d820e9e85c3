"""Somebody acts between a look of the gate and its transaction: what they said stands."""
# The gate's watching half is run by itself.
# pyright: reportPrivateUsage=false

import asyncio
from collections.abc import Callable

import pytest

from handwheel.connectors.model.values import DataValue
from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.gate import gate
from handwheel.tools.guardrails.gate.steps.lease_expiry import note_seen_back, set_undos_due
from handwheel.tools.guardrails.ledger.lifecycle import sweep
from handwheel.tools.guardrails.ledger.store.database import Database, LostRace
from handwheel.tools.guardrails.ledger.write_leases import open_writes
from handwheel.tools.requests.request import ActionRequest
from handwheel.tools.requests.timestamps import Instant

from ..leases.test_expiry import FOR_S, WHILE, in_lease, pass_time, standing
from ..leases.test_own_writes import forge
from ..testbed.runner import wires
from ..testbed.with_oracle import SETPOINT, START, Watched

NO_ANSWER = "actuation is suspended: pkg: no answer"


def faster(room: Watched, happen: Callable[[], object]) -> None:
    """Lets somebody act just before the gate's next transaction."""
    room.fuse.arm(1, happen)
    reach = room.fuse.reach

    def reach_transaction(point: str) -> None:
        if point == "before transaction":
            del room.fuse.reach
            reach(point)

    room.fuse.reach = reach_transaction  # type: ignore[method-assign]


def ended_by(room: Watched, request: ActionRequest) -> list[str]:
    """The kinds of the rows with which a request came to its end."""
    ends = {"request.REVOKED", "request.INVALIDATED", "request.CLOSED"}
    rows = [row.fields for row in room.desk.database.journal()]
    about = [row["kind"] for row in rows if row["subject"] == request.request_id]
    return [kind for kind in about if kind in ends]


@pytest.mark.parametrize("is_faster", [True, False])
async def test_what_a_person_took_back_is_not_ended_again_by_a_suspension(
    room: Watched, *, is_faster: bool
) -> None:
    request = room.approved(START)
    room.context.suspensions.note("pkg", "connection", "no answer", room.clock.now())
    if is_faster:
        faster(room, lambda: room.desk.say("revoke", request, "anna"))
    assert room.gate is not None
    room.gate._lookout.tell()
    record = room.desk.record(request.request_id)
    assert ended_by(room, request) == ["request.REVOKED" if is_faster else "request.INVALIDATED"]
    assert (record.reason == NO_ANSWER) is not is_faster
    assert [each["reason"] for each in room.rows("gate.suspended")] == ["no answer"]
    await room.act()
    assert room.plant.frames == []
    assert room.faults() == ()


async def test_a_lease_that_a_person_ends_as_its_time_comes_is_not_taken_back(
    room: Watched,
) -> None:
    request = await in_lease(room)
    room.clock.forward(FOR_S)
    faster(room, lambda: room.desk.say("revoke", request, "anna"))
    set_undos_due(room.context)
    assert standing(room, request) == "REVOKED VERIFIED CANCELLED"
    assert len(room.rows("action.DUE")) == 1  # the command's own
    await pass_time(room, 1.0)
    assert room.wires == wires(request, "c1")
    assert ended_by(room, request) == ["request.REVOKED"]
    assert [each["tag"] for each in room.rows("lease.open")] == ["PIC-102.sp"]
    assert room.faults() == ()


@pytest.mark.parametrize("is_faster", [True, False])
async def test_a_lease_that_a_person_ends_is_not_given_up_as_well(
    room: Watched, *, is_faster: bool
) -> None:
    request = await room.carried_out(START, SETPOINT, terms=WHILE)
    with room.desk.database.transaction(room.clock.now()) as forger:
        forge(forger, f"{request.request_id}/c2", "CANCELLED")
    if is_faster:
        faster(room, lambda: room.desk.say("revoke", request, "anna"))
    set_undos_due(room.context)
    assert ended_by(room, request) == ["request.REVOKED" if is_faster else "request.INVALIDATED"]
    reason = "a command of it was ended, and not by this gate"
    assert (room.desk.record(request.request_id).reason == reason) is not is_faster
    assert [each["tag"] for each in room.rows("lease.open")] == ["P-101A.run_cmd"]
    assert room.wires == wires(request, "c1")


async def test_a_write_that_is_open_no_more_is_not_seen_back_a_second_time(room: Watched) -> None:
    """The list of what is open is as old as the gate's look into the ledger."""
    request = await in_lease(room)
    room.desk.say("revoke", request, "anna")
    left_open = open_writes(room.desk.database)
    assert [each.tag for each in left_open] == ["PIC-102.sp"]
    room.plant.values["PIC-102.sp"] = 350.0
    readings: dict[str, DataValue] = room.plant.read(list(room.site.tags.values()))
    for _ in range(2):
        note_seen_back(room.context, left_open, readings)
        assert [(each["of"], each["reason"]) for each in room.rows("lease.seen_back")] == [
            (f"{request.request_id}/c1", "PIC-102.sp reads 350 again")
        ]
    assert open_writes(room.desk.database) == []


@pytest.mark.parametrize(
    ("trouble", "is_told"), [(LostRace("somebody was faster"), False), (LedgerError("full"), True)]
)
async def test_a_round_in_which_a_person_was_faster_suspends_nothing(
    room: Watched,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    trouble: LedgerError,
    *,
    is_told: bool,
) -> None:
    request, rounds = room.approved(START), asyncio.Semaphore(0)

    def swept(*arguments: object) -> bool:
        monkeypatch.setattr(gate, "sweep", sweep_and_count)
        raise trouble

    def sweep_and_count(database: Database, now: Instant) -> bool:
        rounds.release()
        return sweep(database, now)

    for name in ("_POLL_S", "_AFTER_FAULT_S"):
        monkeypatch.setattr(gate, name, 0.0)
    monkeypatch.setattr(gate, "sweep", swept)
    assert room.gate is not None
    watching = asyncio.create_task(room.gate._watch())
    async with asyncio.timeout(50):
        for _ in range(3):
            await rounds.acquire()
    watching.cancel()
    await asyncio.wait([watching])
    assert watching.cancelled()
    assert ("watching: suspended: full" in caplog.messages) is is_told
    assert [each["reason"] for each in room.rows("gate.suspended")] == ["full"] * is_told
    assert room.desk.states(request) == ["INVALIDATED" if is_told else "DUE"]
    await room.act()
    assert room.wires == ([] if is_told else wires(request, "c1"))
