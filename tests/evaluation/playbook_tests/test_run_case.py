"""A case in the stepped room: fault, requests, scripted people, and what came of it."""

from pathlib import Path

from handwheel.connectors.model.site import Site
from handwheel.evaluation.playbook_tests.load import load_cases
from handwheel.evaluation.playbook_tests.stepped_run import run_case

CASES = """\
schema: playbook-test/1
playbook: cw/pump-bearing-changeover
cases:
  - name: one rejects what another would have stopped
    plant: {model: cw-100, seed: 1, warmup: 1 min, faults: [{id: F01, at: 15 min, d0: 0.55}]}
    approvals:
      - {step: "*", decision: approve, after: 1 min, by: op1}
      - {step: stop-duty, decision: reject, after: 30 s, by: op2}
    run_for: 27 min
    expect:
      final: stopped
      trace: [start-standby, settle]
      always: ["PT-102.pv > 310 kPa", "stdev(PT-102.pv, 1 min) < 20 kPa"]
      never: ["P-101B.running"]
      eventually: [{that: "P-101B.running", within: 26 min}, {that: "not P-101A.running"}]
      writes: [{P-101B.run_cmd: true}]
      asked: 2
      workorders: []
"""


async def test_scripted_people_decide_and_conditions_are_watched(
    tmp_path: Path, site: Site
) -> None:
    (tmp_path / "t.yaml").write_text(CASES, "utf-8")
    (case,) = load_cases(tmp_path / "t.yaml", site)
    result = await run_case(case, site)
    first, second = result.outcome.requests
    assert result.outcome.writes[0].at_s - first.at_s in {60.0, 61.0, 62.0}
    assert result.refused == []
    assert [each.at_s for each in result.outcome.runs[0].events if each.kind == "rejected"] == [
        second.at_s + 31.0
    ]
    never, eventually = result.failures
    assert "never: 'P-101B.running' is true at 25 min 03 s: P-101B" in never
    assert "[P-101B.running is true]" in never
    assert eventually.startswith("eventually: 'not P-101A.running' was not true within 27 min")
