"""Agents that die while one run is within another: both stand as they stood, and go on once."""

from collections.abc import Sequence

import pytest

from handwheel.playbooks.execution.event_log import load_run
from handwheel.tools.guardrails.approval.run_orders import Order

from ...playbooks.sample_playbook import loaded
from ..conftest import NewRoom
from ..testbed.fuse import Fuse, Killed
from ..testbed.nested_playbooks import INNER, OUTER, START_A
from ..testbed.stepped_agents import START_B, START_B_BACK, STOP_A, AgentsRoom

FEW = ("before opened 2", "after ran 1")


async def _live(room: AgentsRoom, order: Order) -> None:
    """Approves whatever waits, and orders held runs about, the outer one first, until the end."""
    for _ in range(900):
        await room.scan()
        for record in room.requests():
            if record.state == "PENDING":
                room.desk.say("approve", record.request, "anna")
        runs = {each: load_run(room.desk.database, each) for each in room.runs()}
        outer = room.runs("outer")[-1:]
        ended = [runs[each] for each in outer if runs[each].goal or runs[each].is_closed]
        if ended and ended[0].state != "ABORTING":
            return
        held = [each for each, run in runs.items() if run.state == "HELD"]
        if held and (held[0] in outer or runs[outer[0]].state == "RUNNING"):
            await room.scan(12)  # until a tag may be written again
            room.desk.order_run(
                held[0], order if held[0] in outer else "resume", "anna", ["operator"]
            )
    raise AssertionError(room.told())


async def _round(room: AgentsRoom, fuse: Fuse, moment: str, order: Order) -> list[str]:
    """Plays the nested pair with a death, and returns the ends of the runs."""
    state = room.site.state
    room.library = [loaded(state, OUTER, "outer.yaml"), loaded(state, INNER, "inner.yaml")]
    fuse.begin(moment)
    try:
        await room.start_agents()
        await _live(room, order)
    except Killed:
        fuse.begin("")
        await room.kill_agents()
        started = {each.body["run_id"] for run in room.runs() for each in room.rows("ran", run)}
        assert started == set(room.runs("inner"))  # both are recorded, or none
        await room.start_agents()
        await _live(room, order)
    return [str(load_run(room.desk.database, each).state) for each in room.runs()]


@pytest.mark.parametrize("moment", FEW)
async def test_a_death_between_two_runs_leaves_both_or_none(
    idle: AgentsRoom, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    assert await _round(idle, Fuse(monkeypatch), moment, "resume") == ["COMPLETE", "COMPLETE"]
    assert idle.frames == [START_B, STOP_A]


@pytest.mark.soak
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("order", ["resume", "abort"])
async def test_the_agents_of_two_runs_die_at_every_moment(
    new_room: NewRoom, monkeypatch: pytest.MonkeyPatch, order: Order
) -> None:
    fuse, wrong = Fuse(monkeypatch), list[str]()
    async with new_room("whole") as room:
        await _round(room, fuse, "", order)
    moments: Sequence[str] = list(fuse.passed)
    for number, moment in enumerate(moments):
        async with new_room(str(number)) as room:
            ends = await _round(room, fuse, moment, order)
            sent = [each for each in (START_B, STOP_A) if each in room.frames]
            back = {START_B: START_B_BACK, STOP_A: START_A}
            undone = [back[each] for each in reversed(sent)]
            # Without the pump that a complete nested run has stopped, the other one must run.
            is_over = ends == ["HELD", "COMPLETE"] or ends[0] in {"COMPLETE", "ABORTED"}
            if not is_over or room.frames not in (sent, [*sent, *undone]):
                wrong.append(f"{moment}: {ends} {room.frames}")
    assert len(moments) > 50
    assert not wrong, "\n".join(wrong)
