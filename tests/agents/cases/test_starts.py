"""What may start a run, and when one may not start any more."""

from dataclasses import replace
from pathlib import Path

from handwheel.agents.deviations.case import load_case
from handwheel.playbooks.binding.bind import bind
from handwheel.playbooks.language.loader import Playbook
from handwheel.tools.guardrails.approval.session import current_card
from handwheel.tools.guardrails.ledger.journal_rows import subjects_of

from ...playbooks.sample_playbook import loaded
from ...sites.released import release_library
from ..testbed.stepped_agents import AgentsRoom

LIMITS = "limits: {max_writes: 6"
DEADLINE = (LIMITS, f"deadline: {{from: trigger, within: 5 min}}\n{LIMITS}")

WAITS = """\
schema: playbook/1
id: test/{name}
version: 1.0.0
title: Wait for a minute
owner: tests
style: computer-assisted
parameters:
  pump: {{type: asset, class: pump, default: P-101A}}
  low: {{type: quantity, unit: kPa, default: 1 kPa, min: 0 kPa, max: 9 kPa}}
trigger: {{any: [{any}]}}
concurrency: {{key: [{key}], {policy}}}
steps:
  - {{id: look, wait: {{until: "PT-102.pv < low", within: 1 min}}, on_fail: {{then: continue}}}}
limits: {{max_writes: 0, max_duration: 30 min}}
"""
FULL = "permissives: [{id: full, that: 'LT-101.pv > 90 %'}]\n"


def waiting(
    folder: Path, name: str, any_: str, policy: str, key: str = "PUMPS-101", more: str = ""
) -> Playbook:
    text = WAITS.format(name=name, any=any_, policy=policy, key=key) + more
    return loaded(folder, text, f"{name}.yaml")


async def test_a_queue_starts_in_the_order_of_its_triggers(
    idle: AgentsRoom, tmp_path: Path
) -> None:
    level = '{{when: "LT-101.pv > {} %", for: 1 s}}'
    late = waiting(tmp_path, "late", level.format(92), "policy: queue, max: 1")
    early = waiting(tmp_path, "early", level.format(90), "policy: queue")
    idle.library = [late, early, idle.changed()]
    await idle.start_agents()
    await idle.settles()
    for percent in (91.0, 95.0):
        idle.plant.lies["LT-101.pv"] = percent
        await idle.scan(4)
    (first,) = idle.runs()
    queued = idle.cases()[1].judgement["candidates"]
    assert [each["code"] for each in queued] == ["queue", "queue"]
    assert queued[0]["reason"] == f"it is number 1 in the queue for PUMPS-101; before it {first}"
    assert queued[1]["reason"].startswith("it is number 2 in the queue for PUMPS-101; before it ")
    await idle.ordered("stop", "STOPPED")
    await idle.until(lambda: len(idle.runs()) == 3, "both have begun", 400.0)
    assert [idle.runs(each) for each in ("early", "late")] == [[idle.runs()[1]], [idle.runs()[2]]]


async def test_a_waiting_run_gives_way_and_one_that_has_written_does_not(
    idle: AgentsRoom, tmp_path: Path
) -> None:
    rule = '{when: "LT-101.pv > 90 %", for: 1 s}', "policy: preempt_lower, priority: 1"
    idle.library = [idle.changed(), waiting(tmp_path, "urgent", *rule)]
    await idle.start_agents()
    await idle.reach_request(1)
    lower = idle.run_id
    idle.plant.lies["LT-101.pv"] = 95.0
    await idle.until(lambda: idle.runs("urgent"), "the urgent one")
    reason = "it gives way to test/urgent (P-101A), of priority 1 before 4"
    assert [row.body["reason"] for row in idle.rows("stopped", lower)] == [reason]
    assert idle.frames == []
    await idle.reach("COMPLETE")
    idle.plant.lies.clear()
    await idle.wait(620.0)
    await idle.approved(1)  # the case of the lower one was given back
    idle.plant.lies["LT-101.pv"] = 95.0
    await idle.scan(30)
    assert (len(idle.runs("urgent")), idle.run.state) == (1, "RUNNING")
    assert idle.cases()[-1].judgement["candidates"][0]["code"] == "owner"


async def test_max_when_as_many_runs_are_open_makes_the_next_wait(
    idle: AgentsRoom, tmp_path: Path
) -> None:
    any_ = "{alarm: VAH-101A}, {alarm: VAH-101B, bind: {pump: P-101B}}"
    idle.library = [waiting(tmp_path, "one", any_, "policy: reject, max: 1", "pump")]
    await idle.start_agents()
    idle.plant.lies |= {"VAH-101A.active": True, "VAH-101B.active": True}
    await idle.until(idle.runs, "the first")
    await idle.scan(11)
    (judged,) = idle.cases()[1].judgement["candidates"]
    assert (judged["code"], len(idle.runs())) == ("max", 1)
    await idle.until(lambda: len(idle.runs()) == 2, "the second")
    assert idle.rows("completed", idle.runs()[0])


async def test_a_schedule_starts_once_whatever_happens_to_the_agents(
    idle: AgentsRoom, tmp_path: Path
) -> None:
    any_ = '{schedule: {at: ["08:52", "21:00"]}}, {when: "LT-101.pv > 99 %", for: 1 s}'
    idle.library = [waiting(tmp_path, "daily", any_, "policy: reject", more=FULL)]
    await idle.start_agents()
    await idle.scan(5)
    assert idle.cases() == []  # no moment counts from before the playbook was known
    await idle.until(idle.cases, "the moment", 150.0)
    assert idle.case.condition == "schedule 2026-11-25 08:52 UTC"
    await idle.restart_agents()
    await idle.scan(12)
    assert (len(idle.cases()), idle.judged()[-1], idle.runs()) == (1, "daily: permissive", [])
    idle.plant.lies["LT-101.pv"] = 95.0
    await idle.until(lambda: idle.runs() and idle.run.state == "COMPLETE", "complete")
    await idle.restart_agents()
    await idle.scan(30)
    assert (len(idle.runs()), idle.cases()) == (1, [])
    await idle.kill_agents()
    idle.clock.forward(86_400.0)
    await idle.start_agents()
    await idle.until(lambda: len(idle.runs()) == 2, "made up for")
    missed = "schedule 2026-11-26 08:52 UTC, which was missed while no agents ran"
    assert idle.case.condition == missed  # and not that of 21:00 as well
    await idle.ordered("stop", "STOPPED")
    await idle.scan(15)
    assert (len(idle.runs()), idle.cases()) == (2, [])  # a person has answered it


async def test_an_order_of_a_person_starts_what_they_asked_for(
    idle: AgentsRoom, tmp_path: Path
) -> None:
    playbook = waiting(tmp_path, "asked", "{manual: true}", "policy: reject", more=FULL)
    idle.library = [playbook]
    given = {"low": "5 kPa"}
    plan = bind(playbook, idle.site, {}, given)
    case_id = idle.desk.order_start(plan, given, "anna")  # before there are agents
    await idle.start_agents()
    await idle.scan(2)
    assert (idle.case.case_id, idle.case.condition) == (case_id, "ordered by anna")
    assert idle.case.playbooks == ("test/asked (P-101A, low 5 kPa)",)
    await idle.restart_agents()
    idle.plant.lies["LT-101.pv"] = 95.0
    await idle.until(idle.runs, "its run")
    assert idle.run.opening["parameters"] == {"pump": "P-101A", "low": "5 kPa"}
    await idle.ordered("stop", "STOPPED")
    await idle.scan(15)
    assert (len(idle.runs()), idle.cases()) == (1, [])
    idle.plant.lies.clear()
    late = idle.desk.order_start(plan, given, "anna")
    await idle.scan(2)
    assert idle.judged() == ["asked: permissive"]
    await idle.wait(620.0)
    assert (idle.case.case_id, idle.case.is_closed) == (late, True)  # it could not begin in time


async def test_the_request_of_an_ordered_run_names_the_person_of_the_order(
    idle: AgentsRoom,
) -> None:
    alarm = "    - {alarm: VAH-101A, bind: {duty: P-101A, standby: P-101B}}\n"
    by_hand = alarm.replace("alarm: VAH-101A", "manual: true")
    playbook = idle.changed(
        (alarm, by_hand), ('    - {when: "duty.vibration > vib_high", for: 60 s}\n', "")
    )
    idle.library, given = [playbook], {"vib_high": "0.45 cm/s"}
    await idle.start_agents()
    idle.desk.order_start(bind(playbook, idle.site, {}, given), given, "anna")
    record = await idle.reach_request(1)
    now, context = idle.clock.now(), idle.desk.decision_context
    run = current_card(context, record, now).run
    assert run
    assert run.ordered
    assert (run.ordered.person, run.ordered.given) == ("anna", given)
    release_library(idle.site, [])
    run = current_card(context, record, now).run
    assert run
    assert run.ordered is None  # of an unreleased plan the writes may be any


async def test_an_order_that_nobody_signed_or_that_fits_nothing_is_refused(
    idle: AgentsRoom, tmp_path: Path
) -> None:
    waits = waiting(tmp_path, "alarmed", "{alarm: VAH-101B}", "policy: reject")
    asked = waiting(tmp_path, "asked", "{manual: true}", "policy: reject")
    idle.library = [waits, asked]
    await idle.start_agents()
    plan = bind(asked, idle.site)
    idle.desk.order_start(plan, {}, "anna")
    with idle.desk.database.transaction(idle.clock.now()) as transaction:
        (first,) = subjects_of(transaction, "case.ordered")
        (row,) = transaction.find_rows(first)
        transaction.record("case.ordered", "C-FORGED00", row.fields["body"])
    wrong = [
        idle.desk.order_start(bind(waits, idle.site), {}, "anna"),
        idle.desk.order_start(replace(plan, digest="0" * 64), {}, "anna"),
        idle.desk.order_start(plan, {}, "anna"),  # the second of one playbook
        "C-FORGED00",
    ]
    await idle.scan(3)
    reasons = [load_case(idle.desk.database, each) for each in wrong]
    assert all(each.is_closed and not each.opened_at for each in reasons)
    assert len(idle.runs()) == 1


async def test_an_order_of_a_text_that_was_not_loaded_says_when_they_were(
    idle: AgentsRoom, tmp_path: Path
) -> None:
    asked = waiting(tmp_path, "asked", "{manual: true}", "policy: reject")
    later = waiting(tmp_path, "later", "{manual: true}", "policy: reject")
    idle.library = [asked]
    await idle.start_agents()
    loaded_at = f"{idle.clock.now().wall:%H:%M}"
    edited = replace(bind(asked, idle.site), digest="0" * 64)
    wrong = [idle.desk.order_start(each, {}, "anna") for each in (edited, bind(later, idle.site))]
    await idle.scan(60)
    for case_id, found in zip(
        wrong, (" another text of test/asked", "out test/later"), strict=True
    ):
        (row,) = idle.desk.database.find_rows(case_id, "case.closed")
        assert f"the agents loaded the playbooks at {loaded_at} UTC, with" in row.text
        assert f"{found}: stop them and order again; next: handwheel run" in row.text


async def test_nothing_begins_after_the_deadline(idle: AgentsRoom) -> None:
    await idle.start_with(DEADLINE)
    record = await idle.reach_request(1)
    begin_by = idle.run.opening["begin_by"]
    assert record.request.within_s <= 300.0  # of 15 min, since it ends with the deadline
    (candidate,) = idle.case.judgement["candidates"]
    assert candidate["begin_by"] == begin_by
    await idle.reach("HELD", within_s=320.0)
    late = f"deadline over: it had to begin by {begin_by[:19].replace('T', ' ')} UTC"
    assert (idle.run.reason, idle.request().state) == (late, "INVALIDATED")
    await idle.scan(15)
    assert idle.judged()[-1].endswith(": deadline")
    idle.order("resume")
    await idle.until(lambda: idle.run.restarts and idle.run.state == "HELD", "held again")
    assert idle.run.reason == late
    idle.order("stop")
    await idle.reach("STOPPED")
    await idle.wait(900.0)
    assert (len(idle.runs()), idle.frames) == (1, [])


async def test_what_has_begun_in_time_goes_on_after_it(idle: AgentsRoom) -> None:
    goal = "P-101B.running and PT-102.pv > 500 kPa"
    await idle.start_with(DEADLINE, ("owner:", f'achieves: "{goal}"\nowner:'))
    await idle.settles()
    await idle.scan(300)
    await idle.approved(2)
    await idle.reach("COMPLETE")
    assert idle.run.reason.startswith(f"not achieved: {goal}  [P-101B.running is true, PT-102.pv")
    assert idle.rows("expected")[-1].body["step"] == "achieves"
