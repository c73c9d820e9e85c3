"""What a step was before it began, and whether it is done, decide about later steps."""

import pytest

from handwheel.hmi.runs.orders import meaning_lines
from handwheel.hmi.runs.run_view import find_run, view_run
from handwheel.playbooks.binding.bind import bind

from ..testbed.stepped_agents import OUT_A, START_B, STOP_A, AgentsRoom

_BEFORE = ("abs(PT-102.pv - PIC-102.sp) < 15 kPa", "PT-102.pv > before(PT-102.pv) - 30 kPa")
_DONE = ("  - id: inhibit\n", '  - id: inhibit\n    if: "done(stop-duty)"\n')
_HOLD_POINT = (
    "    write: {duty.mode: maintenance}",
    '    hold_point: {role: operator, prompt: "It was {before(start-standby, PT-102.pv)}", '
    "within: 10 min, on_timeout: hold}\n    write: {duty.mode: maintenance}",
)


async def test_a_value_from_before_a_step_is_recorded_as_it_begins(idle: AgentsRoom) -> None:
    await idle.start_with(_BEFORE)
    await idle.approved(1)
    await idle.reach_step("settle", "DONE")
    (begun,) = [each.body for each in idle.rows("step") if each.body.get("recorded")]
    assert (begun["step"], begun["to"]) == ("settle", "PERFORM")
    assert 300.0 < next(iter(begun["recorded"].values())) < 420.0
    await idle.restart_agents()
    assert dict(idle.run.recorded) == begun["recorded"]  # it outlives its process


async def test_done_of_an_earlier_segment_is_written_out_for_the_gate(idle: AgentsRoom) -> None:
    await idle.start_with(_DONE, _HOLD_POINT)
    await idle.approved(1, 2)
    third = await idle.reach_request(3)
    (command,) = third.request.commands
    assert [each.text for each in command.requires if each.why == "if"] == ["true"]
    assert "It was 3" in third.request.reason
    idle.say("approve")
    await idle.reach("COMPLETE")
    assert idle.frames == [START_B, STOP_A, OUT_A]


async def test_done_of_the_same_segment_cannot_be_asked_for(idle: AgentsRoom) -> None:
    await idle.start_with(_DONE)
    await idle.approved(1)
    await idle.reach("HELD")
    assert "done(stop-duty) is not known before stop-duty has ended" in idle.run.reason
    assert idle.frames == [START_B]


_COMPUTED = (
    ("    write: {duty.mode: maintenance}", '    write: {FIC-201.sp: "FIC-201.sp * 90 %"}'),
    ("verify: {that: \"duty.mode == 'maintenance'\", within: 10 s}",
     'verify: {that: "FIC-201.sp < 37 m3/h", within: 10 s}'),
    ("    undo: none  ", '    undo: {write: {FIC-201.sp: "before(FIC-201.sp)"}}  '),
)  # fmt: skip


async def test_a_computed_value_is_fixed_as_it_is_requested(idle: AgentsRoom) -> None:
    await idle.start_with(*_COMPUTED)
    await idle.approved(1)
    second = await idle.reach_request(2)
    load = second.request.commands[-1]
    (undo,) = [each for each in second.request.recovery if each.undoes == load.action_id]
    assert (load.tag, load.value, undo.value) == ("FIC-201.sp", 36.0, 40.0)
    assert "FIC-201.sp = 36 m3/h = FIC-201.sp * 90 %" in second.request.reason
    idle.say("approve")
    await idle.reach("COMPLETE")
    assert idle.frames[-1] == "FIC-201.sp=36"


async def test_a_computed_value_is_not_sent_after_its_tag_moved(idle: AgentsRoom) -> None:
    await idle.start_with(*_COMPUTED)
    await idle.approved(1)
    await idle.reach_request(2)
    idle.plant.simulation.plant.write("FIC-201.sp", 45.0)
    idle.say("approve")
    await idle.reach("HELD")
    assert "FIC-201.sp reads 45 m3/h; 40 was expected" in idle.run.reason
    assert idle.frames == [START_B, STOP_A]


_RAMP = (
    ("    write: {duty.mode: maintenance}",
     '    write: {FIC-201.sp: "FIC-201.sp - 4 m3/h"}\n    ramp: {rate: 1 m3/h/min}'),
    ("verify: {that: \"duty.mode == 'maintenance'\", within: 10 s}",
     'verify: {that: "FIC-201.sp < 35 m3/h", within: 10 s}'),  # it never is
    ("    undo: none  ", '    undo: {write: {FIC-201.sp: "before(FIC-201.sp)"}}  '),
    ("{then: continue, notify: maintenance-planner}", "{then: rollback}"),
)  # fmt: skip


def _loads(room: AgentsRoom) -> list[float]:
    return [float(each.partition("=")[2]) for each in room.frames if each.startswith("FIC-201.sp")]


async def test_a_ramp_is_a_list_of_writes_and_goes_back_as_one(idle: AgentsRoom) -> None:
    verify = '"before(FIC-201.sp)"}, verify: {that: "FIC-201.sp > 39.5 m3/h", within: 9 s}}'
    await idle.start_with(*_RAMP, ('"before(FIC-201.sp)"}}', verify))
    await idle.approved(1)
    second = await idle.reach_request(2)
    listed = [each.value for each in second.request.commands if each.tag == "FIC-201.sp"]
    count = len(listed)
    assert listed == [pytest.approx(40.0 - 4.0 * n / count) for n in range(1, count + 1)]
    assert 2 <= count <= 4  # by the policy's cool-down
    assert "FIC-201.sp ramps at 1 m3/h/min" in second.request.reason
    idle.say("approve")
    await idle.until(lambda: _loads(idle), "first write")
    began = idle.clock.now().wall
    await idle.ordered("hold", "HELD")
    idle.order("resume")
    third = await idle.reach_request(3)
    assert third.request.commands[-1].value == 36.0  # as it was to be
    assert "FIC-201.sp is 40 m3/h] as the step began" in third.request.reason
    await idle.scan(70)  # the policy's cool-down
    idle.say("approve")
    await idle.reach_step("inhibit", "FAILED")
    took_s = (idle.clock.now().wall - began).total_seconds()
    assert took_s >= 240.0 * (count - 1) / count
    await idle.until(lambda: idle.plant.values["FIC-201.sp"] == 40.0, "the way back", 600.0)
    assert _loads(idle) == pytest.approx([*listed, *listed[-2::-1], 40.0], abs=1e-3)
    await idle.reach("ABORTED")


async def test_the_way_back_of_a_ramp_is_asked_for_at_once(idle: AgentsRoom) -> None:
    covers = "on_timeout: hold, covers: [steps, rollback, safe_state]}"
    await idle.start_with(*_RAMP, (covers, "on_timeout: hold, covers: [steps, safe_state]}"))
    await idle.approved(1, 2)
    await idle.until(lambda: len(idle.run.requests) == 3, "request of the way back", 600.0)
    back = [each.value for each in idle.request(3).request.commands]
    assert (len(back), back[-1]) == (len(_loads(idle)), 40.0)
    await idle.scan(70)  # the policy's cool-down
    idle.say("approve")
    await idle.until(lambda: len(idle.run.requests) == 4, "request of the next undo", 600.0)
    assert idle.plant.values["FIC-201.sp"] == 40.0


@pytest.mark.parametrize(("name", "ends"), [("load-restore", 46.0), ("shutdown", 20.0)])
async def test_a_held_ramp_of_one_write_is_completed_after_a_resume(
    sound: AgentsRoom, name: str, ends: float
) -> None:
    playbook = next(each for each in sound.library if each.id == f"cw/{name}")
    given = {next(iter(playbook.file.parameters)): f"{ends} m3/h"}
    sound.desk.order_start(bind(playbook, sound.site, {}, given), given, "anna")
    await sound.approved(1)
    await sound.until(lambda: _loads(sound), "first write")
    await sound.ordered("hold", "HELD")
    sound.order("resume")
    await sound.reach_request(2)
    await sound.scan(70)  # the policy's cool-down
    sound.say("approve")
    await sound.scan(2)
    await sound.until(lambda: sound.run.state == "HELD" or _loads(sound)[-1] == ends, "end", 900.0)
    assert (_loads(sound)[-1], sound.run.reason) == (ends, "")


async def test_an_abort_undoes_what_its_preview_names(idle: AgentsRoom) -> None:
    await idle.start_with(*_RAMP)
    await idle.approved(1, 2)
    await idle.until(lambda: _loads(idle), "first write")
    await idle.ordered("hold", "HELD")
    idle.order("resume")
    await idle.reach_request(3)  # which lists the undo anew, and is not approved
    database, now = idle.desk.database, idle.clock.now()
    view, sent = view_run(database, find_run(database, idle.run_id), now), len(idle.frames)
    plan = bind(idle.library[0], idle.site, idle.run.opening["roles"])
    assert list(meaning_lines(database, view, plan, "abort"))[3:] == [
        "  FIC-201.sp → 40 m3/h",
        "  P-101A.run_cmd → true, if not P-101A.tripped and VT-101A.pv < 8 mm/s",
        "  P-101B.run_cmd → false, if P-101A.running",
    ]
    await idle.scan(70)  # the policy's cool-down
    await idle.ordered("abort", "ABORTED")
    assert idle.frames[sent:] == ["FIC-201.sp=40", "P-101A.run_cmd=1", "P-101B.run_cmd=0"]
    view = view_run(database, find_run(database, idle.run_id), now)
    done = "  nothing to undo: what was sent has no undo, or is undone"
    assert list(meaning_lines(database, view, plan, "abort"))[3:] == [done]
