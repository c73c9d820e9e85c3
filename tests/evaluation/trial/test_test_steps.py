"""A test step decides between two faults that look the same, and its lease takes it back."""

from pathlib import Path

from handwheel.agents.cases.field_answers import make_answer
from handwheel.connectors.model.site import Site, load_site
from handwheel.evaluation.trial.stepped import SteppedTrial
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site
from handwheel.sim_plant.cw100.plant import create
from handwheel.sim_plant.scenario import FaultEvent

LEASE_S = 900.0
LOAD = FaultEvent("D01", 60.0, {"load": 41.0})


async def verdicts(site: Site, seed: int, fault: FaultEvent) -> list[str]:
    """The verdict on a fault, the check that would decide, and what is named after the step."""
    async with SteppedTrial.open(site, create, seed=seed, faults=[fault, LOAD]) as room:
        room.scan_s = 5.0
        assert await room.until(lambda: room.waiting, within_s=1800.0)
        (case,) = room.cases.values()
        (check,) = case.judgement["diagnosis"]["checks"]
        found = [case.judgement["diagnosis"]["verdict"], check["id"]]
        request = room.waiting[0].request
        assert (request.risk_class, request.lease and request.lease.for_s) == ("R1", LEASE_S)
        room.people.approve(request, "anna")
        room.scan_s = 1.0
        assert await room.until(lambda: room.frames, within_s=30.0)
        room.scan_s = 5.0
        await room.run_for(LEASE_S - 10.0)
        room.scan_s = 1.0
        assert await room.until(lambda: len(room.frames) > 1, within_s=60.0)
        assert room.frames == ["TIC-202.sp=46.5", "TIC-202.sp=48"]
        steps = [each for each in room.runs.values() if "step" in each.opening["playbook"]]
        assert [each.state for each in steps] == ["COMPLETE"]  # it is asked for once
        assert room.agents.diagnosis
        return [*found, *room.agents.diagnosis.named]


async def test_a_stuck_valve_is_named_after_a_step_that_the_gate_takes_back(site: Site) -> None:
    found = await verdicts(site, 1, FaultEvent("F05", 60.0))
    assert found == ["abstain", "valve-step", "water-valve-stuck"]


MODES = """\
schema: failure-modes/1
checks:
  valve: {title: Look, ask: Is it shut?, role: operator, answers: [shut, open], minutes: 5}
modes:
  - {id: shut, title: The valve is shut, prior_db: -10, checks: {valve: shut}, signs: [
      {id: high, that: PT-102.pv > 100 kPa, met_db: 25, not_met_db: -25}]}
  - {id: blocked, title: The line is blocked, prior_db: -10, checks: {valve: open}, signs: [
      {id: high, that: PT-102.pv > 100 kPa, met_db: 25, not_met_db: -25}]}
"""


async def test_an_answer_decides_a_case_as_long_as_it_is_open(tmp_path: Path) -> None:
    write_site(tmp_path / "cw", create(None), PlantEndpoints())
    path = tmp_path / "cw" / "site.yaml"
    text = path.read_text("utf-8").replace(
        'failure_modes: ["package:cw"]', "failure_modes: [own.yaml]"
    )
    path.write_text(text, encoding="utf-8")
    (tmp_path / "cw" / "own.yaml").write_text(MODES, encoding="utf-8")
    async with SteppedTrial.open(load_site(tmp_path / "cw"), create, library=[]) as room:
        diagnosis, room.scan_s = room.agents.diagnosis, 5.0
        assert diagnosis
        assert await room.until(lambda: room.cases, within_s=400.0)
        (case_id,) = room.cases
        await room.run_for(60.0)
        (check,) = room.cases[case_id].judgement["diagnosis"]["checks"]
        questions = diagnosis.hypotheses.questions
        answer = make_answer(room.site.id, case_id, questions, (check["id"], ""), "open")
        room.people.answer(answer, "anna")
        await room.run_for(80.0)
        assert diagnosis.named == ["blocked"]
        judged = room.cases[case_id].judgement["diagnosis"]
        assert (judged["named"], judged["checks"]) == (["blocked"], [])
        sources = [each["source"] for each in judged["hypotheses"][0]["evidence"]]
        assert sources[-1].startswith("anna, operator, ")
