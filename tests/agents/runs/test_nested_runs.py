"""A run that runs another playbook, and what becomes of one when the other rests."""

from handwheel.hmi.runs.run_screen import render_run
from handwheel.hmi.runs.run_view import view_run
from handwheel.playbooks.engine.run import Run
from handwheel.playbooks.execution.event_log import load_run
from handwheel.tools.guardrails.approval.run_orders import Order
from handwheel.tools.guardrails.ledger.runs import asset_owners, load_runs

from ...playbooks.sample_playbook import loaded
from ..testbed.nested_playbooks import INNER, OUTER, START_A
from ..testbed.stepped_agents import START_B, START_B_BACK, STOP_A, AgentsRoom


async def _started(room: AgentsRoom, outer: str = OUTER, inner: str = INNER) -> None:
    """Starts agents, and approves the first write of the outer run."""
    state = room.site.state
    room.library = [loaded(state, outer, "outer.yaml"), loaded(state, inner, "inner.yaml")]
    await room.start_agents()
    await room.approved(1)


def _of(room: AgentsRoom, playbook: str) -> Run:
    return load_run(room.desk.database, room.runs(playbook)[-1])


async def _nested(room: AgentsRoom) -> tuple[str, str]:
    """Lets time pass until the nested run waits for its own approval."""
    await room.until(lambda: room.runs("inner"), "nested run")
    await room.reach_request(1)
    return room.runs("outer")[-1], room.runs("inner")[-1]


async def _at_work(room: AgentsRoom) -> tuple[str, str]:
    """Lets the nested run stop its pump, and wait then."""
    found = await _nested(room)
    room.say("approve")
    await room.reach_step("calm", "PERFORM")
    return found


def _order(room: AgentsRoom, run_id: str, order: Order) -> None:
    room.desk.order_run(run_id, order, "anna", ["operator"])


async def test_a_nested_run_is_one_of_its_own_and_ends_the_step(idle: AgentsRoom) -> None:
    await _started(idle)
    outer, inner = await _nested(idle)
    assert idle.run.ancestors == (outer,)
    assert _of(idle, "outer").nested == {"rest": inner}
    database = idle.desk.database
    assert asset_owners(database)["P-101A"] == outer
    assert asset_owners(database)["E-101"] == inner
    views = [view_run(database, each, idle.clock.now()) for each in load_runs(database)]
    drawn = ["\n".join(render_run(each, {}, "test", idle.clock.now())) for each in views]
    assert views[0].waits_for(idle.clock.now()).startswith(inner)
    assert f"rest runs test/inner as {inner}" in drawn[0]
    assert f"within {outer}" in " ".join(drawn[1].split())
    request = idle.request(1)
    assert request.request.run is not None
    assert (request.request.run.playbook, request.request.quorum) == ("test/inner", 1)
    idle.say("approve")
    await idle.until(lambda: _of(idle, "outer").state == "COMPLETE", "outer run")
    assert _of(idle, "inner").state == "COMPLETE"
    assert idle.frames == [START_B, STOP_A]
    assert asset_owners(database) == {}
    assert idle.cases() == []


async def test_a_held_outer_run_holds_the_nested_one_until_it_goes_on(idle: AgentsRoom) -> None:
    await _started(idle)
    outer, inner = await _nested(idle)
    _order(idle, outer, "hold")
    await idle.reach("HELD")
    assert _of(idle, "outer").state == "HELD"
    assert idle.run.reason.startswith(f"{outer}, which runs it, is HELD: hold ordered by anna")
    assert idle.request(1).state == "INVALIDATED"
    idle.order("resume")  # before the outer run
    await idle.scan(3)
    assert (idle.run.state, idle.run.restarts) == ("HELD", 1)
    _order(idle, outer, "resume")
    await idle.until(lambda: _of(idle, "outer").state == "RUNNING", "outer run")
    idle.order("resume")
    await idle.reach("WAITING_APPROVAL")
    idle.order("hold")  # it holds nothing else
    await idle.reach("HELD")
    await idle.scan(3)
    assert _of(idle, "outer").state == "RUNNING"
    idle.order("resume")
    await idle.reach("WAITING_APPROVAL")
    idle.say("approve")
    await idle.until(lambda: _of(idle, "outer").state == "COMPLETE", "outer run")
    assert idle.runs() == [outer, inner]
    assert idle.frames == [START_B, STOP_A]


async def test_an_aborted_outer_run_undoes_the_nested_one_first(idle: AgentsRoom) -> None:
    await _started(idle)
    outer, _ = await _at_work(idle)
    _order(idle, outer, "abort")
    await idle.until(lambda: _of(idle, "outer").state == "ABORTED", "outer run")
    assert idle.run.state == "ABORTED"
    assert idle.frames == [START_B, STOP_A, START_A, START_B_BACK]


async def test_what_is_older_than_a_complete_nested_run_is_not_undone(idle: AgentsRoom) -> None:
    never = (
        '    wait: {until: "PT-102.pv > 500 kPa", within: 1 min}\n    on_fail: {then: rollback}\n'
    )
    tell = OUTER.index("    notify:")
    outer = f"{OUTER[:tell]}{never}{OUTER[OUTER.index('limits:') :]}"
    await _started(idle, outer)
    await _at_work(idle)
    await idle.until(lambda: _of(idle, "outer").state == "HELD", "outer run", 600.0)
    assert "is complete and not undone, and step start is older" in _of(idle, "outer").reason
    assert idle.frames == [START_B, STOP_A]  # the pump that runs alone is not stopped


async def test_a_stopped_outer_run_hands_its_equipment_on(idle: AgentsRoom) -> None:
    await _started(idle)
    outer, inner = await _at_work(idle)
    _order(idle, outer, "stop")
    await idle.reach("HELD")
    assert _of(idle, "outer").state == "STOPPED"
    assert asset_owners(idle.desk.database) == {"P-101A": inner, "E-101": inner}
    idle.order("stop")
    await idle.reach("STOPPED")
    assert asset_owners(idle.desk.database) == {}


async def test_a_nested_run_that_fails_is_followed_by_another(idle: AgentsRoom) -> None:
    again = OUTER.replace("on_fail: {then: hold}", "on_fail: {retry: 1, then: hold}")
    await _started(idle, again)
    outer, first = await _nested(idle)
    idle.order("stop")
    await idle.until(lambda: len(idle.runs("inner")) == 2, "second nested run")
    _, second = await _nested(idle)
    idle.say("reject")
    await idle.until(lambda: _of(idle, "outer").state == "HELD", "outer run")
    assert _of(idle, "outer").reason.startswith(f"step rest failed: {second} is STOPPED: ")
    assert idle.runs() == [outer, first, second]
    assert idle.frames == [START_B]


async def test_a_nested_run_that_does_not_start_fails_the_step(idle: AgentsRoom) -> None:
    await _started(idle, inner=INNER.replace('PT-102.pv > 300 kPa"}', 'PT-102.pv > 590 kPa"}'))
    await idle.until(lambda: _of(idle, "outer").state == "HELD", "outer run")
    assert " is NOT_STARTED: header is not met: PT-102.pv" in _of(idle, "outer").reason


async def test_a_nested_run_that_was_checked_at_a_hold_starts_anew(idle: AgentsRoom) -> None:
    never = 'diagnosis: {for: [{id: far, that: "PT-102.pv > 590 kPa"}]}\n'
    await _started(idle, inner=INNER.replace("permissives:", f"{never}permissives:"))
    await idle.until(lambda: idle.runs("inner"), "nested run")
    outer, inner = idle.runs()
    _order(idle, outer, "hold")
    await idle.scan(3)
    assert (idle.run.state, _of(idle, "outer").state) == ("NOT_STARTED", "HELD")
    assert idle.run.reason.startswith(f"{outer}, which runs it, is HELD")
    _order(idle, outer, "resume")
    await idle.until(lambda: idle.runs("inner") != [inner], "second nested run")
    assert _of(idle, "outer").state == "RUNNING"


async def test_both_runs_are_held_after_a_restart(idle: AgentsRoom) -> None:
    await _started(idle)
    outer, inner = await _at_work(idle)
    await idle.restart_agents()
    states = [_of(idle, each).state for each in ("outer", "inner")]
    assert states == ["HELD", "HELD"]
    _order(idle, outer, "resume")
    await idle.until(lambda: _of(idle, "outer").state == "RUNNING", "outer run")
    idle.order("resume")
    await idle.until(lambda: _of(idle, "outer").state == "COMPLETE", "outer run")
    assert idle.runs() == [outer, inner]
    assert idle.frames == [START_B, STOP_A]
