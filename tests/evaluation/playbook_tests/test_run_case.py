"""A case in the stepped room: fault, requests, scripted people, and what came of it."""

from pathlib import Path

import pytest

from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.site import Site
from handwheel.evaluation.playbook_tests.load import load_cases
from handwheel.evaluation.playbook_tests.run_cases import run_case

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


DRAFT = """\
schema: playbook/1
id: cw/trim
version: 1.0.0
title: Trim the load
owner: process
style: computer-assisted
parameters: {load: {type: quantity, unit: m3/h, default: 35 m3/h, min: 30 m3/h, max: 40 m3/h}}
trigger: {any: [{manual: true}]}
concurrency: {key: [E-101], policy: reject}
approval: {role: operator, within: 15 min, on_timeout: stop}
steps:
  - id: trim
    title: Trim the load
    write: {FIC-201.sp: load}
    verify: {that: "FIC-201.sp < 39 m3/h", within: 10 s}
    undo: none
    on_fail: {then: hold}
limits: {max_writes: 1, max_duration: 30 min}
"""
STARTED = """\
schema: playbook-test/1
playbook: cw/trim
cases:
  - name: a person orders it
    start: {at: 2 s, by: gina, parameters: {load: 38 m3/h}}
    approvals: [{step: trim, decision: approve}]
    run_for: 20 s
    expect: {final: complete, writes: [{FIC-201.sp: 38 m3/h}]}
"""


async def test_a_person_orders_the_start_of_a_draft(tmp_path: Path, site: Site) -> None:
    (tmp_path / "trim.yaml").write_text(DRAFT, "utf-8")
    (tmp_path / "t.yaml").write_text(STARTED, "utf-8")
    (case,) = load_cases(tmp_path / "t.yaml", site)
    result = await run_case(case, site)
    assert result.failures == []
    assert result.outcome.runs[0].events[0].at_s >= 2.0
    again = await run_case(case, site)
    assert again.outcome.runs[0].events == result.outcome.runs[0].events  # the same seed
    for wrong, said in (
        ("38 m3/h}", "t.yaml:5:"), ("laod: 38 m3/h}", "did you mean 'load'?"),
        ("load: 50 m3/h}", "max"), ("load: 38 m3/h}, by: rosa", "administrator"),
    ):  # fmt: skip
        text = STARTED.replace("by: gina, ", "").replace("load: 38 m3/h}", wrong)
        (tmp_path / "t.yaml").write_text(text, "utf-8")
        with pytest.raises(ConfigError) as found:
            load_cases(tmp_path / "t.yaml", site, "t.yaml")
        assert said in str(found.value)
