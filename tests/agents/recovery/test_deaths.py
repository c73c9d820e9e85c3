"""Agents that die at each moment of a change-over: nothing is sent unasked, and nothing twice."""
# pyright: reportPrivateUsage=false

from collections.abc import Sequence
from typing import NamedTuple
from unittest.mock import Mock

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from handwheel.agents import site_runs
from handwheel.hmi.runs.run_view import view_run
from handwheel.playbooks.engine.requests import next_request, segments
from handwheel.tools.guardrails.approval.run_orders import Order
from handwheel.tools.guardrails.gate.steps import device_checks
from handwheel.tools.guardrails.ledger.runs import load_runs

from ..conftest import NewRoom
from ..testbed.fuse import Fuse, Killed
from ..testbed.round_faults import Death, faults_of_round
from ..testbed.stepped_agents import OUT_A, START_B, START_B_BACK, STOP_A, AgentsRoom

MID = "after step stop-duty DONE 1"  # both pumps were moved: there is much to take back
COOL_S = 12  # until a tag may be written again
UNDO = {START_B: START_B_BACK, STOP_A: "P-101A.run_cmd=1"}
FLYING = {"DUE", "CLAIMED", "SENDING"}
ENDS = {"COMPLETE", "ABORTED", "STOPPED", "NOT_STARTED"}


class Life(NamedTuple):
    """One process of the agents: what it is told about a run that it finds held, and its end."""

    order: Order = "resume"
    moment: str = ""  # at which it dies; empty for never


async def _live(room: AgentsRoom, order: Order) -> None:
    """Approves whatever waits, and orders a held run about, until it has ended or holds again."""
    is_told = False
    for _ in range(600):
        await room.scan()
        if not room.runs():
            continue
        _approve_all(room)
        if room.run.state in ENDS or (is_told and room.run.state == "HELD"):
            return
        if room.run.state == "HELD":
            await room.scan(COOL_S)
            room.order(order)
            await room.scan(2)
            is_told = True
    raise AssertionError(room.told())


def _approve_all(room: AgentsRoom) -> None:
    for record in room.requests():
        if record.state == "PENDING":
            room.desk.say("approve", record.request, "anna")


async def _look_at_death(room: AgentsRoom, moment: str, *, is_late: bool) -> Death:
    """Notes how a death left the ledger; nobody works now, and the gate is still there."""
    flying = [
        each.action_id
        for record in room.requests()
        for each in record.actions
        if each.state in FLYING
    ]
    room.watch()
    await room.act()  # the gate takes up at once what is due
    await room.kill_agents()
    head = room.desk.database.head()
    shown = [
        view_run(room.desk.database, each, room.clock.now())
        for each in load_runs(room.desk.database, only_open=True)
    ]
    state, told = (
        (shown[0].recorded.value, shown[0].run.state.value) if shown else ("no run", "no run")
    )
    if is_late:
        _approve_all(room)  # what was asked for and lives on: nothing may come of it
    room.watch()
    await room.act()
    return Death(moment, state, told, head.seq if head else 0, tuple(flying))


async def _faults(room: AgentsRoom, fuse: Fuse, lives: Sequence[Life], *, is_late: bool) -> str:
    """Plays one change-over through several lives of the agents; returns what is wrong with it."""
    deaths, saver = list[Death](), InMemorySaver()
    for life in lives:
        fuse.begin(life.moment)
        try:
            await room.start_agents(saver)
            await _live(room, life.order)
            if life.moment:
                return f"{life.moment} never came: {room.told()}"
        except Killed:
            fuse.begin("")
            deaths.append(await _look_at_death(room, life.moment, is_late=is_late))
            if room.runs() and room.run.is_closed:
                break  # it died when all was done
    end = str(room.run.state)
    rows = [dict(row.fields) for row in room.desk.database.journal()]
    faults = faults_of_round(rows, deaths, end)
    wanted = {"resume": "COMPLETE", "abort": "ABORTED", "stop": "STOPPED"}[lives[-1].order]
    # It may die when all is done, and a rested pump shows nobody any more what it was for.
    is_held = end == "HELD" and room.run.reason.startswith(("rollback: ", "evidence"))
    if end not in {wanted, "COMPLETE"} and not is_held:
        faults.append(f"it is {end}: {room.run.reason}")
    sent = [each for each in room.frames if each in {*UNDO, OUT_A}]
    is_taken_back = end == "ABORTED" and OUT_A not in sent  # a pump in maintenance cannot start
    back = [UNDO[each] for each in reversed(sent)] if is_taken_back else []
    if end != "HELD" and room.frames != [*sent, *back]:
        faults.append(f"{end}, frames: {room.frames}")
    if end == "COMPLETE" and len(sent) != 3:
        faults.append(f"complete, frames: {room.frames}")
    return f"{lives}: {faults}" if faults else ""


FEW = (
    [Life(moment="before file_segment 1"), Life()],
    [Life(moment="before filed 1"), Life()],
    [Life(moment="after set_due 1"), Life()],
    [Life(moment="before due 1"), Life("abort")],
    [Life(moment="after step settle PERFORM 1"), Life()],
    [Life(moment="before raised 1"), Life()],
    [Life(moment=MID), Life("abort", "before undone 1"), Life("abort")],
    [Life(moment=MID), Life("resume", "after checkpoint 2"), Life("stop")],
)


@pytest.mark.way_in("D2")
@pytest.mark.parametrize("lives", FEW, ids=lambda lives: lives[-2].moment)
async def test_a_run_whose_agents_die_goes_on_or_back_by_a_persons_word(
    idle: AgentsRoom, monkeypatch: pytest.MonkeyPatch, lives: Sequence[Life]
) -> None:
    assert await _faults(idle, Fuse(monkeypatch), lives, is_late=True) == ""


@pytest.mark.parametrize(
    ("module", "name", "moment", "fault"),
    [
        (site_runs, "hold_run", "after approved 1", "was sent while nobody was at work"),
        (segments, "applied_writes", "before step start-standby VERIFY 1", "was commanded twice"),
    ],
)
async def test_a_defect_of_the_agents_is_seen(
    idle: AgentsRoom, monkeypatch: pytest.MonkeyPatch, module: object, name: str, moment: str,
    fault: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(module, name, Mock(return_value=set[str]()))
    for each in (next_request, device_checks):  # each would leave out what is so already
        monkeypatch.setattr(each, "is_already", Mock(return_value=False))
    faults = await _faults(idle, Fuse(monkeypatch), [Life(moment=moment), Life()], is_late=True)
    assert fault in faults


@pytest.mark.soak
@pytest.mark.timeout(3000)
async def test_agents_die_at_every_moment(
    new_room: NewRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    fuse, faults, number = Fuse(monkeypatch), list[str](), 0
    both_moved = [Life(moment=MID)]
    ways: Sequence[tuple[Sequence[Life], Order]] = (
        ([], "resume"), (both_moved, "resume"), (both_moved, "abort"),
    )  # fmt: skip
    for before, last in ways:
        async with new_room(f"moments of {number}") as room:
            faults.append(await _faults(room, fuse, [*before, Life(last)], is_late=False))
        for moment in list(fuse.passed):
            number += 1
            order: Order = last if before else ("resume", "abort", "stop")[number % 3]
            async with new_room(str(number)) as room:
                lives = [*before, Life(last, moment), Life(order)]
                faults.append(await _faults(room, fuse, lives, is_late=number % 2 == 0))
    assert number > 100
    assert not any(faults), "\n".join(filter(None, faults))
