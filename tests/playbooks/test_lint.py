"""Each rule finds its fault, at its place, and nothing in the twin without it."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from handwheel.connectors.site import Site, load_site
from handwheel.hmi.sitefiles import Link
from handwheel.playbooks.errors import Finding
from handwheel.playbooks.lint import lint, lint_all
from handwheel.playbooks.loader import load_library

from ..served import site_of
from .texts import GOOD, changed, findings_of, loaded, place_of


@dataclass(frozen=True)
class Fault:
    """One part of the good text, what stands there instead, and where the finding points."""

    old: str
    new: str
    at: str
    says: str
    severity: str = "error"


FAULTS = {
    "unknown-key": [
        Fault("tests: [tests/t.yaml]", "tets: [tests/t.yaml]", "tets", "did you mean 'tests'"),
        Fault("within: 30 s}", "within: 30 s, holds: 1 s}", "holds", "unknown key"),
    ],
    "missing-key": [Fault("version: 1.0.0\n", "", "schema", "version: is missing")],
    "wrong-value": [
        Fault("version: 1.0.0", "version: one", "version", "three numbers"),
        Fault("within: 30 s", "within: 30", "within: 30}", "is no duration"),
        Fault("within: 30 s}", "within: 30 s, hold: 40 s}", "verify", "cannot be longer"),
        Fault("    wait: {", "    notify: {to: a, text: b}\n    wait: {", "id: settle",
              "exactly one of write, wait, workorder, notify; here are wait, notify"),
        Fault("standby.run_cmd: true", "standby.mode: sleep", "sleep",
              "takes local or remote or maintenance, not 'sleep'"),
        Fault("standby.run_cmd: true", "standby.run_cmd: 1", "1}\n    verify", "true or false"),
        Fault("undo: {write: {standby.run_cmd: false}}", "undo: {if: \"standby.running\"}", "undo",
              "write what takes it back, or none and the reason"),
    ],
    "duplicate-key": [Fault("owner: tests", "owner: a\nowner: b", "owner: b", "twice")],
    "yaml-boolean": [Fault("owner: tests", "owner: on", "on\nstyle", "'on' means different")],
    "anchor": [Fault("owner: tests", "owner: &x tests", "&x", "anchors are not allowed")],
    "yaml": [Fault("owner: tests", "owner: 'tests", "'tests", "end of stream")],
    "not-supported": [
        Fault("owner: tests", "owner: tests\ndeadline: {within: 5 h}", "deadline", "'deadline' is"),
        Fault("    wait: {until", "    ramp: {}\n    wait: {until", "ramp", "'ramp' is not supp"),
        Fault("type: quantity", "type: number", "type: number", "'number' is not supported yet"),
        Fault("on_timeout: hold", "on_timeout: skip", "on_timeout: skip", "'skip' is not"),
        Fault("policy: reject", "policy: queue", "policy: queue", "'queue' is not supported"),
        Fault("30 m3/h", '"FIC-201.sp - 5 m3/h"', '"FIC-201.sp', "computed from the plant"),
        Fault("{then: hold}", "{then: hold, retry: 2}", "2}", "to retry a step is not"),
        Fault("on_timeout: hold}", "on_timeout: hold, covers: [steps]}", "approval: {", "covers"),
    ],
    "unknown-name": [
        Fault('"standby.running", within', '"standby.runing", within', "standby.runing", "runing"),
        Fault("{PT-102.pv}", "{PT-102}", "PT-102}", "there is no"),
        Fault("{alarm: VAH-101A}", "{alarm: VAH-109}", "VAH-109", "there is no alarm 'VAH-109'"),
        Fault("{standby.run_cmd: false}", "{standby.run: false}", "standby.run:", "no tag"),
        Fault("default: P-101B", "default: P-101C", "P-101C", "there is no equipment 'P-101C'"),
        Fault("[PUMPS-101]", "[PUMPS-102]", "PUMPS-102", "no equipment and no role"),
        Fault("{alarm: VAH-101A}", "{alarm: VAH-101A, bind: {dty: P-101A}}", "dty",
              "there is no role 'dty'; known: duty, standby"),
    ],
    "expression": [
        Fault('"PT-102.pv > 300 kPa"', '"PT-102.pv > > 300 kPa"', "> 300 kPa", "cannot stand here"),
    ],
    "unit-mismatch": [
        Fault("> 300 kPa", "> 300 degC", "300 degC", "kPa"),
        Fault("30 m3/h", "30 kPa", "30 kPa", "m3/h"),
        Fault("30 m3/h", "30", "30}}\nlimits", "FIC-201.sp is in m3/h, and 30 has no unit"),
        Fault("default: 5.0 mm/s", "default: 5.0", "5.0", "5.0 has no unit; write 5.0 mm/s"),
    ],
    "out-of-range": [
        Fault("> 300 kPa", "> 700 kPa", "700 kPa", "outside the range of PT-102.pv, 0 to 600"),
        Fault("> 300 kPa", "in 300 kPa .. 7 bar", "7 bar", "outside the range of PT-102.pv"),
        Fault("30 m3/h", "70 m3/h", "70 m3/h", "outside the range of FIC-201.sp, 0 to 60"),
        Fault("default: 5.0", "default: 2.0", "2.0 mm/s", "lies below min, 3 mm/s"),
        Fault("default: 5.0", "default: 9.0", "9.0 mm/s", "lies above max, 8 mm/s"),
    ],
    "wrong-class": [
        Fault("default: P-101A", "default: E-101", "E-101", "is of class exchanger, not pump"),
    ],
    "check-failed": [
        Fault("default: P-101A", "default: P-101B", "check", "duty is P-101B, standby is P-101B"),
        Fault("{alarm: VAH-101A}", "{alarm: VAH-101A, bind: {duty: P-101B}}", "bind", "not hold"),
    ],
    "not-writable": [
        Fault("FIC-201.sp: 30 m3/h", "FIC-201.op: 30 %", "FIC-201.op", "not for writing"),
    ],
    "not-allowed": [
        Fault("{standby.run_cmd: true}", "{standby.reset: true}", "standby.reset", "no rule"),
        Fault("FIC-201.sp: 30 m3/h", "PIC-102.sp: 500 kPa", "PIC-102.sp", "outside the limits"),
    ],
    "no-approval": [
        Fault("approval: {role: operator, within: 15 min, on_timeout: hold}\n", "", "id: start\n",
              "it writes, and nobody approves it"),
    ],
    "no-safe-state": [
        Fault("safe_state:\n  steps:\n    - {id: less-load, write: {FIC-201.sp: 30 m3/h}}\n", "",
              "safe_state", "describes no safe_state"),
    ],
    "duplicate-id": [Fault("id: settle", "id: start", "start\n    wait", "stands here twice")],
    "retry": [Fault("then: rollback", "then: rollback, retry: 1", "1}\n  - id", "never repeated")],
    "window-function": [
        Fault("not standby.running", "avg(PT-102.pv, 60 s) > 300 kPa", "avg", ""),
        Fault("held(standby.available, 30 s)", "delta(PT-102.pv, 60 s) > 3 kPa", "delta", ""),
        Fault("PT-102.pv > 280 kPa", "min(PT-102.pv, 60 s) > 280 kPa", "min(", ""),
    ],
    "write-without-verify": [
        Fault('    verify: {that: "standby.running", within: 30 s}\n', "", "id: start\n", "verify"),
    ],
    "verify-too-short": [
        Fault("within: 30 s", "within: 1 s", "1 s}", "ends after 1 s, before the plant was read 3"),
    ],
    "no-undo": [
        Fault("    undo: {write: {standby.run_cmd: false}}\n", "", "id: start\n", "takes this"),
    ],
    "no-on-fail": [Fault("    on_fail: {then: hold}\n", "", "id: settle", "when this step fails")],
    "trigger-without-for": [
        Fault(", for: 60 s", "", "{when", "single noisy reading"),
        Fault("for: 60 s", "for: 0 s", "{when", "single noisy reading"),
    ],
    "trigger-without-rearm": [
        Fault('  rearm: "duty.vibration < 0.8 * high"\n', "", "trigger", "may fire again"),
    ],
    "dead-band": [
        Fault("< 0.8 * high", "< 1.2 * high", '"duty.vibration < 1.2', "it fires again at once"),
        Fault("< 0.8 * high", "< 0.99 * high", '"duty.vibration < 0.99', "noise crosses it",
              severity="warning"),
    ],
    "no-on-timeout": [
        Fault(", on_timeout: hold}", "}", "approval: {", "when nobody answers"),
        Fault(", on_timeout: stop}", "}", "hold_point", "when nobody answers"),
    ],
    "safe-state-asks": [
        Fault("{id: less-load,", "{id: less-load, hold_point: {},", "hold_point: {}", "nobody"),
    ],
    "unreachable-step": [
        Fault("not standby.running", "standby == duty", '"standby == duty"', "is never true"),
    ],
    "unused-parameter": [
        Fault("  high: {", "  low: {type: quantity, default: 1}\n  high: {", "low: {",
              "nothing uses the parameter 'low'", severity="warning"),
    ],
    "too-many-writes": [Fault("max_writes: 2", "max_writes: 0", "0, max", "write 1 times")],
    "too-long": [Fault("max_duration: 30 min", "max_duration: 1 min", "1 min", "2 min 30 s")],
    "no-test": [
        Fault("tests: [tests/t.yaml]\n", "", "id: test/", "nothing tests it", severity="warning"),
        Fault("[tests/t.yaml]", "[no.yaml]", "no.yaml", "there is no file", severity="warning"),
    ],
}  # fmt: skip


def _cases() -> list[object]:
    return [
        pytest.param(code, fault, id=f"{code}-{n}")
        for code, faults in FAULTS.items()
        for n, fault in enumerate(faults)
    ]


def test_the_good_text_has_no_fault(tmp_path: Path, site: Site) -> None:
    assert findings_of(tmp_path, GOOD, site) == []


@pytest.mark.parametrize(("code", "fault"), _cases())
def test_a_fault_is_found_at_its_place(code: str, fault: Fault, tmp_path: Path, site: Site) -> None:
    text = changed((fault.old, fault.new))
    (found,) = findings_of(tmp_path, text, site)
    assert (found.code, found.severity) == (code, fault.severity)
    assert fault.says in f"{found.text}; {found.hint}"
    assert (found.line, found.column) == _place(fault, text)
    assert found.file == "p.yaml"


def _place(fault: Fault, text: str) -> tuple[int, int]:
    return place_of(fault.at, text) if text.count(fault.at) == 1 else _first(fault, text)


def _first(fault: Fault, text: str) -> tuple[int, int]:
    """Of a part that stands there often, the place in what was put in, else the first."""
    start = text.index(fault.new) if fault.new and fault.at in fault.new else 0
    at = text.index(fault.at, start)
    before = text[:at]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def test_several_faults_are_told_at_once_with_their_steps(tmp_path: Path, site: Site) -> None:
    text = changed(("> 300 kPa", "> 300 degC"), ("standby.run_cmd: true", "standby.run: true"))
    found = findings_of(tmp_path, text, site)
    assert [(each.step, each.code) for each in found] == [
        ("start", "unknown-name"), ("settle", "unit-mismatch"),
    ]  # fmt: skip
    assert {each.playbook for each in found} == {"test/start-standby"}


class TestBesideOthers:
    def test_two_with_one_trigger_need_concurrency(self, tmp_path: Path, site: Site) -> None:
        text = changed(("concurrency: {key: [PUMPS-101], policy: reject}\n", ""))
        playbook = loaded(tmp_path, text)
        assert lint(playbook, site) == []
        other = loaded(tmp_path, changed(("id: test/start-standby", "id: test/other")), "q.yaml")
        (found,) = lint(playbook, site, [playbook, other])
        assert found.code == "overlapping-triggers"
        assert "VAH-101A.active" in found.text
        assert lint_all([playbook, other], site) == [found]

    def test_other_triggers_do_not_overlap(self, tmp_path: Path, site: Site) -> None:
        text = changed(("concurrency: {key: [PUMPS-101], policy: reject}\n", ""))
        alarm = ('    - {when: "duty.vibration > high", for: 60 s}\n', "")
        other = changed(("id: test/start-standby", "id: test/other"), alarm,
                        ("{alarm: VAH-101A}", "{alarm: TAH-202}"))  # fmt: skip
        assert lint(loaded(tmp_path, text), site, [loaded(tmp_path, other, "q.yaml")]) == []


def test_a_site_without_policy_writes_nothing(tmp_path: Path) -> None:
    site_of(tmp_path, Link(1, 2, gate=3))
    (tmp_path / "policy.yaml").unlink()
    (found,) = findings_of(tmp_path, GOOD, load_site(tmp_path))
    assert found.code == "no-policy"
    assert "without a policy nothing may be written" in found.text


def test_the_library_has_no_errors(site: Site) -> None:
    playbooks, broken = load_library(site)
    assert [each.id for each in playbooks] == ["cw/pump-bearing-changeover", "cw/strainer-blocked"]
    assert broken == []
    assert [each.code for each in lint_all(playbooks, site)] == ["no-test", "no-test"]


def test_a_finding_is_told_like_every_other_problem() -> None:
    finding = Finding("p.yaml", 3, 5, "no-undo", "error", "cw/x", "start", "nothing", "write undo")
    assert str(finding.problem) == "p.yaml:3:5: cw/x, step start: nothing; write undo"
