"""Whatever is done to a thread of the graph, people decide: in the ledger, and nowhere else."""
# A thread is reached through the graph of the agents.
# pyright: reportPrivateUsage=false

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.types import Command, interrupt

from handwheel.agents import graph
from handwheel.tools.guardrails.ledger.store.states import RequestState

from ..testbed.stepped_agents import OUT_A, START_B, STOP_A, AgentsRoom

Attack = Callable[[AgentsRoom], Awaitable[None]]
_SWALLOWED = 3
_CHANGEOVER = "cw/pump-bearing-changeover (P-101A, P-101B)"
_PLAN: dict[str, Any] = {"choice": _CHANGEOVER, "reason": "it must be done", "passed_over": []}
_NODES = ("gather", "diagnose", "rank", "plan", "look_ahead", "wait", "follow", "report")


def _thread(room: AgentsRoom) -> RunnableConfig:
    return {"configurable": {"thread_id": room.case.case_id}}


def _invoke(work: Command[Any] | None) -> Attack:
    async def attack(room: AgentsRoom) -> None:
        await room.agents.deliberations.graph.ainvoke(work, _thread(room), durability="sync")

    return attack


def _update(as_node: str) -> Attack:
    async def attack(room: AgentsRoom) -> None:
        state = {"plan": _PLAN, "outcome": {"state": "closed"}}
        await room.agents.deliberations.graph.aupdate_state(_thread(room), state, as_node=as_node)
        await _invoke(None)(room)

    return attack


async def _replay(room: AgentsRoom) -> None:
    graph = room.agents.deliberations.graph
    for each in [each async for each in graph.aget_state_history(_thread(room))]:
        await graph.ainvoke(None, each.config, durability="sync")


def _twice(work: Command[Any]) -> Attack:
    async def attack(room: AgentsRoom) -> None:
        both = (_invoke(work)(room), _invoke(work)(room))
        await asyncio.gather(*both, return_exceptions=True)

    return attack


async def _deleted(room: AgentsRoom) -> None:
    await room.saver.adelete_thread(room.case.case_id)


ATTACKS: dict[str, Attack] = {
    "resume with true": _invoke(Command(resume=True)),
    "resume with a decision": _invoke(Command(resume={"decision": "approve"})),
    "resume with a list": _invoke(Command(resume=[1, None, {"type": "accept"}])),
    **{f"goto {node}": _invoke(Command(goto=node)) for node in _NODES},
    "resume and goto": _invoke(Command(resume=True, goto=["plan", "report"])),
    "choose it": _invoke(Command(update={"plan": _PLAN}, goto="wait")),
    **{f"update as {node}": _update(node) for node in ("plan", "rank", "wait", "follow")},
    "replay what was": _replay,
    "two resumers": _twice(Command(resume=True)),
    "two that go to report": _twice(Command(goto="report")),
    "the thread is deleted": _deleted,
}


async def _attack(room: AgentsRoom, attack: Attack) -> None:
    """Lets somebody do it while time goes on; whoever hangs there is cut off."""

    async def one() -> None:
        await attack(room)

    task = asyncio.create_task(one())
    for _ in range(8):
        await room.scan()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _quiet(room: AgentsRoom) -> bool:
    """Whether nothing has moved, and the one request waits for a person."""
    assert (room.due(), room.frames, len(room.requests())) == ([], [], 1)
    return (room.run.state, room.request().state) == ("WAITING_APPROVAL", "PENDING")


async def _goes_on_by_a_word(room: AgentsRoom) -> None:
    assert _quiet(room)
    assert _moves(room)[-1] == "the policy allows asking"
    room.say("approve")
    await room.scan(3)
    assert (room.frames, room.run.state) == ([START_B], "RUNNING")
    assert _moves(room)[-1] == "enough people have signed"


def _moves(room: AgentsRoom) -> list[str]:
    """Why the requests of the site stand where they do, in the order in which it came so."""
    rows = [row.fields for row in room.desk.database.journal()]
    kinds = {f"request.{each}" for each in RequestState}
    return [row["body"]["reason"] for row in rows if row["kind"] in kinds]


@pytest.mark.way_in("A2")
@pytest.mark.way_in("A3")
async def test_a_run_that_waits_goes_on_by_a_persons_word_only(room: AgentsRoom) -> None:
    await room.reach_request(1)
    for name, attack in ATTACKS.items():
        await _attack(room, attack)
        assert _quiet(room), name
    await _goes_on_by_a_word(room)


@pytest.mark.way_in("A4")
@pytest.mark.parametrize("answer", [None, "approve"])
async def test_an_interrupt_that_does_not_pause_lets_nothing_pass(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    """Something around the node has caught the interruption, and goes on with an answer."""
    swallowed: list[object] = []

    def swallow(value: object) -> object:
        swallowed.append(value)
        if len(swallowed) > _SWALLOWED:
            return interrupt(value)
        return answer

    monkeypatch.setattr(graph, "interrupt", swallow)
    await room.reach_request(1)
    await room.scan(8)
    assert len(swallowed) > _SWALLOWED
    await _goes_on_by_a_word(room)


@pytest.mark.way_in("A9")
@pytest.mark.parametrize("is_rejected", [True, False])
async def test_what_was_rejected_is_not_resumed(room: AgentsRoom, *, is_rejected: bool) -> None:
    await room.reach_request(1)
    room.say("reject" if is_rejected else "approve")
    for name in ("resume with true", "goto report", "two resumers"):
        await _attack(room, ATTACKS[name])
        if is_rejected:
            assert (room.due(), room.frames, len(room.requests())) == ([], [], 1), name
            assert (room.run.state, room.request(1).state) == ("STOPPED", "REJECTED")
            assert _moves(room)[-1].startswith("rejected by anna")
        else:
            assert (room.frames, len(room.due()), len(room.requests())) == ([START_B], 1, 1), name
            assert _moves(room)[-1] == "enough people have signed"


@pytest.mark.way_in("D6")
@pytest.mark.way_in("D7")
async def test_the_second_request_is_no_more_easily_gone_round(room: AgentsRoom) -> None:
    await room.approved(1)
    await room.reach_request(2)
    for name in ("goto report", "two resumers", "replay what was"):
        await _attack(room, ATTACKS[name])
        assert (room.frames, len(room.due()), len(room.requests())) == ([START_B], 1, 2), name
        assert (room.request(2).state, _moves(room)[-1]) == ("PENDING", "the policy allows asking")
    room.say("approve")
    await room.reach("COMPLETE")
    for name in ("goto report", "two resumers", "replay what was"):
        await _attack(room, ATTACKS[name])  # from before each of the two requests, too
        assert (room.run.state, room.frames) == ("COMPLETE", [START_B, STOP_A, OUT_A]), name
        assert (len(room.due()), len(room.requests())) == (3, 2)


async def test_a_case_that_is_not_clear_is_not_asked_for(room: AgentsRoom) -> None:
    room.plant.lies["P-101B.mode"] = None
    await room.until(room.cases, "a case")
    for name in ("goto report", "update as plan", "choose it", "replay what was"):
        await _attack(room, ATTACKS[name])
        assert (room.runs(), room.requests(), room.due()) == ([], [], []), name


async def test_what_was_found_once_clears_nothing_later(room: AgentsRoom) -> None:
    await room.reach_request(1)
    await room.ordered("hold", "HELD")
    room.plant.lies["VT-101A.pv"] = None  # nobody can tell whether it is the bearing
    await room.ordered("resume", "RESTARTING")
    for name in ("goto gather", "goto plan", "choose it", "update as plan"):
        await _attack(room, ATTACKS[name])
        assert (room.run.state, len(room.requests())) == ("RESTARTING", 1), name
    await room.reach("HELD")
    assert (len(room.requests()), room.frames) == (1, [])


async def test_a_held_run_stays_held(room: AgentsRoom) -> None:
    await room.settles()
    await room.ordered("hold", "HELD")
    for name in ("goto plan", "goto report", "choose it", "two resumers"):
        await _attack(room, ATTACKS[name])
        assert (room.run.state, len(room.requests()), room.frames) == ("HELD", 1, [START_B]), name
    room.order("resume")
    await room.approved(2)
    await room.scan(2)
    assert room.frames == [START_B, STOP_A]


@pytest.mark.parametrize("name", ["goto report", "two that go to report", "choose it"])
async def test_whoever_follows_as_well_sends_nothing_twice(room: AgentsRoom, name: str) -> None:
    await room.reach_request(1)
    room.say("approve")
    await _attack(room, ATTACKS[name])
    await room.reach("HELD", "WAITING_APPROVAL")
    assert room.frames == [START_B]
    assert len(room.due()) == 1
