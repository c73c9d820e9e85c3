"""A command that waits for too long, or that nobody can place, holds up no way back."""

from collections.abc import Callable

import pytest

from handwheel.tools.guardrails.ledger.lifecycle import sweep
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.write_leases import open_writes
from handwheel.tools.requests.request import ActionRequest

from ...plants.in_memory import Frame
from ..testbed.runner import wires
from ..testbed.with_oracle import SETPOINT, START, START_B, Watched
from .test_expiry import FOR_S, WHILE, pass_time, standing
from .test_own_writes import forge

LEFT = "no gate took it up within 10 s"
NOT_BY_US = "a command of it was ended, and not by this gate"


def ledger_of(room: Watched) -> Database:
    """The ledger as another process has it open."""
    return Database(room.site.state, room.site.id)


def forged(room: Watched, action_id: str, *states: str) -> None:
    """Somebody who can write into the ledger moves an action, and says nothing of it."""
    with ledger_of(room) as ledger, ledger.transaction(room.clock.now()) as forger:
        forge(forger, action_id, *states)


def is_given_up(room: Watched, request: ActionRequest, *open_tags: str) -> bool:
    """Whether a lease has ended because of what this gate did not do, and that is told."""
    ended = [each["reason"] for each in room.rows("request.INVALIDATED")]
    told = [each["tag"] for each in room.rows("lease.open")]
    state = room.desk.record(request.request_id).state
    return (state, ended, told) == ("INVALIDATED", [NOT_BY_US], [*open_tags])


@pytest.mark.parametrize("who", ["the gate", "a terminal"])
@pytest.mark.parametrize("writes", [(START, SETPOINT), (START, START_B, SETPOINT)], ids=len)
async def test_what_the_gate_was_too_busy_for_is_taken_back_at_once(
    room: Watched, writes: tuple[tuple[str, object], ...], who: str
) -> None:
    """A command that nobody took up is as good as stopped: what is written without it goes back."""
    request = room.approved(*writes, terms=WHILE)  # type: ignore[arg-type]
    for _ in writes[1:]:
        await room.act()
    room.clock.forward(10.1)
    if who == "a terminal":
        assert sweep(room.desk.database, room.clock.now())
    await pass_time(room, 0.1)
    last, count = f"c{len(writes)}", len(writes)
    back = [f"r{number}" for number in range(2, count + 1)]
    assert room.wires == wires(request, *(f"c{n}" for n in range(1, count)), *back)
    left = [each for each in room.rows("action.INVALIDATED") if each["reason"] == LEFT]
    assert [each["of"] for each in left] == [f"{request.request_id}/{last}"]
    whole = "undone: what was approved has not come about as a whole"
    assert [each["reason"] for each in room.rows("request.CLOSED")] == [whole]
    assert (room.rows("lease.open"), open_writes(room.desk.database)) == ([], [])
    assert room.faults() == ()


@pytest.mark.way_in("V7")
@pytest.mark.parametrize("after_s", [0.0, 9.9])
async def test_what_somebody_else_has_ended_in_time_sets_off_no_way_back(
    room: Watched, after_s: float
) -> None:
    """Though the half of the gate that watches hangs until its time would have been over.

    The other half was free: it would have sent the command. The twin is that nobody was.
    """
    request = await room.carried_out(START, SETPOINT, terms=WHILE)
    room.clock.forward(after_s)
    forged(room, f"{request.request_id}/c2", "INVALIDATED")
    await room.act()
    await pass_time(room, 11.0)
    assert room.wires == wires(request, "c1")
    assert is_given_up(room, request, "P-101A.run_cmd")


@pytest.mark.way_in("V7")
async def test_what_is_said_to_be_due_before_its_turn_sets_off_no_way_back(room: Watched) -> None:
    """Whoever sweeps ends it, the gate too: by a row that says it has waited since the start."""
    request = await room.carried_out(START, SETPOINT, START_B, terms=WHILE)

    def attack(_: Frame) -> None:
        forged(room, f"{request.request_id}/c3", "DUE")
        room.watch()

    room.plant.on_frame = attack
    await room.act()
    c3 = room.desk.record(request.request_id).actions[2]
    assert (c3.state, room.reason_of(c3)) == ("INVALIDATED", LEFT)
    await pass_time(room, 0.1)
    assert room.wires == wires(request, "c1", "c2")
    assert is_given_up(room, request, "PIC-102.sp", "P-101A.run_cmd")


@pytest.mark.way_in("V7")
async def test_what_is_broken_off_on_its_way_sets_off_no_way_back(
    room: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gate has taken it up in time, and would have sent it."""
    request = await room.carried_out(START, SETPOINT, terms=WHILE)
    room.clock.forward(9.5)

    def attack(_: str) -> None:
        monkeypatch.undo()
        room.clock.forward(1.0)
        forged(room, f"{request.request_id}/c2", "INVALIDATED")

    monkeypatch.setattr(room.plant, "check_reachable", attack)
    await room.act()
    assert len(room.suspended) == 1
    await pass_time(room, 0.1)
    assert room.wires == wires(request, "c1")
    assert is_given_up(room, request, "P-101A.run_cmd")


def damaged(room: Watched, request: ActionRequest) -> str:
    name = request.request_id
    with ledger_of(room) as ledger, ledger.transaction(room.clock.now()) as forger:
        forger.change(
            "INSERT INTO action(action_id, request_id, position, kind, equipment, tag) "
            "VALUES (?, ?, 9, 'command', 'x', 'x')",
            (f"{name}/c9", name),
        )
    return f"request {name} is damaged: its actions are not those that it names"


def over(room: Watched, request: ActionRequest) -> str:
    closed = "UPDATE request SET state = 'CLOSED' WHERE request_id = ?"
    with ledger_of(room) as ledger, ledger.transaction(room.clock.now()) as forger:
        forger.change(closed, (request.request_id,))
    return "its request is CLOSED"


@pytest.mark.way_in("F8")
@pytest.mark.parametrize("spoil", [damaged, over], ids=["damaged", "over"])
async def test_a_due_action_that_nobody_can_place_holds_up_no_lease(
    room: Watched, spoil: Callable[[Watched, ActionRequest], str]
) -> None:
    other = room.approved(START_B)
    why = spoil(room, other)
    request = await room.carried_out(SETPOINT, terms=WHILE)
    assert standing(room, request) == "APPROVED VERIFIED PLANNED"
    await pass_time(room, FOR_S)
    assert room.wires == wires(request, "c1", "r1")
    assert standing(room, request) == "CLOSED VERIFIED VERIFIED"
    ended = [(each["of"], each["reason"]) for each in room.rows("action.INVALIDATED")]
    assert ended == [(f"{other.request_id}/c1", why)]
    assert room.suspended == []
