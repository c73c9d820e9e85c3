"""Faults of a playbook, one for each rule and each way to break it."""

from dataclasses import dataclass

from handwheel.playbooks.lint.explanations import explanations

from ..sample_playbook import GOOD, sample_parts


@dataclass(frozen=True)
class Fault:
    """One part of the good text, what stands there instead, and where the finding points."""

    old: str
    new: str
    at: str
    says: str
    severity: str = "error"


def sample(code: str, at: str, says: str, severity: str = "error") -> Fault:
    """The bad sample that explains a rule, in place of the good one."""
    return Fault(*sample_parts(explanations()[code]), at, says, severity)


HOLD_POINT = '    hold_point: {role: operator, prompt: "?", within: 5 min, on_timeout: hold}\n'
AGAIN = """\
  - id: again
    write: {standby.run_cmd: false}
    verify: {that: "not standby.running", within: 30 s}
    undo: none
    on_fail: {then: hold}
"""
START = """\
  - id: start
    if: "not standby.running"
    hold_point: {role: operator, prompt: "Now at {PT-102.pv}", within: 5 min, on_timeout: stop}
"""
STEP = """\
    write: {standby.run_cmd: true}
    verify: {that: "standby.running", within: 30 s}
    undo: {write: {standby.run_cmd: false}}
"""


START_NOW, _ = START.split("    hold_point")
MANUAL = '    manual: {role: operator, instructions: ["?"], within: 61 s, on_timeout: hold}\n'


def waits_first(hold: str, within: str) -> str:
    wait = f'    wait: {{until: "PT-102.pv > 299 kPa", hold: {hold}, within: {within}}}\n'
    return f"  - id: think\n{wait}    on_fail: {{then: hold}}\n{START_NOW}"


_FROM_APPROVAL = GOOD[GOOD.index("approval:") : GOOD.index("tests: [")]
LEASE = "max_duration: 30 min", "max_duration: 30 min, lease: 3 min"


def leased(old: str, new: str, at: str, says: str) -> Fault:
    """A fault of a playbook with a lease, which stands in its last part."""
    text = _FROM_APPROVAL.replace(*LEASE).replace(old, new)
    return Fault(_FROM_APPROVAL, text, at, says)


FAULTS = {
    "unknown-key": [
        sample("unknown-key", "tets", "did you mean 'tests'"),
    ],
    "missing-key": [sample("missing-key", "schema", "version: is missing")],
    "wrong-value": [
        sample("wrong-value", "version", "three numbers"),
        Fault("within: 30 s}", "within: 30 s, hold: 40 s}", "verify", "cannot be longer"),
        Fault("    wait: {", "    notify: {to: a, text: b}\n    wait: {", "id: settle",
              "exactly one of write, wait, manual, workorder, notify, run; here are wait, notify"),
        Fault("{alarm: VAH-101A}", '{schedule: {at: "24:00"}}', 'at:', "no time of the day"),
        Fault("type: quantity", "type: number", "high", "unit: does not go with type number"),
        Fault("standby.run_cmd: true", "standby.mode: sleep", "sleep",
              "takes local or remote or maintenance, not 'sleep'"),
        Fault("undo: {write: {standby.run_cmd: false}}", "undo: {if: \"standby.running\"}", "undo",
              "write the values that undo it, or none and the reason"),
    ],
    "duplicate-key": [sample("duplicate-key", "owner: pumps", "twice")],
    "yaml-boolean": [sample("yaml-boolean", "on\nstyle", "'on' means different")],
    "anchor": [sample("anchor", "&who", "anchors are not allowed")],
    "yaml": [sample("yaml", "'tests", "end of stream")],
    "unknown-playbook": [
        sample("unknown-playbook", "cw/strainer-b", "did you mean 'cw/strainer-blocked'?"),
    ],
    "nested-too-deep": [
        sample("nested-too-deep", "test/start", "a playbook never runs itself"),
    ],
    "not-constant": [
        sample("not-constant", '"FIC-201.sp -', "writes fixed values only"),
        Fault(STEP, STEP.replace("standby.run_cmd: true", 'FIC-201.sp: "FIC-201.sp - 2 m3/h"')
              .replace("standby.run_cmd: false", 'FIC-201.sp: "FIC-201.sp + 2 m3/h"'),
              'FIC-201.sp: "FIC-201.sp +', "write before(FIC-201.sp)"),
    ],
    "unknown-name": [
        sample("unknown-name", "standby.runing", "runing"),
        Fault("{alarm: VAH-101A}", "{alarm: VAH-109}", "VAH-109", "there is no alarm 'VAH-109'"),
        Fault("[PUMPS-101,", "[PUMPS-102,", "PUMPS-102", "no equipment and no role"),
        Fault("{alarm: VAH-101A}", "{alarm: VAH-101A, bind: {dty: P-101A}}", "dty",
              "there is no role 'dty'; known: duty, standby"),
    ],
    "expression": [
        sample("expression", "> 300 kPa", "cannot stand here"),
        Fault('"duty.vibration > high"', '"before(duty.vibration) > high"', "before(duty",
              "before asks about a step of a run, and no step has begun here"),
        Fault('"not standby.running"', '"before(PT-102.pv) > 9 kPa"', "before(PT",
              "its own step has not begun here"),
        Fault('"PT-102.pv > 300 kPa"', '"done(setle)"', "setle",
              "done asks about an earlier step; here there is: start"),
    ],
    "unit-mismatch": [
        sample("unit-mismatch", "300 degC", "kPa"),
    ],
    "out-of-range": [
        sample("out-of-range", "700 kPa", "outside the range of PT-102.pv, 0 to 600"),
        Fault("30 m3/h", "70 m3/h", "70 m3/h", "outside the range of FIC-201.sp, 0 to 60"),
    ],
    "wrong-class": [
        sample("wrong-class", "E-101", "is of class exchanger, not pump"),
    ],
    "check-failed": [
        sample("check-failed", "check", "duty is P-101B, standby is P-101B"),
        Fault("{alarm: VAH-101A}", "{alarm: VAH-101A, bind: {duty: P-101B}}", "bind", "not hold"),
    ],
    "not-writable": [
        sample("not-writable", "FIC-201.op", "not for writing"),
        Fault("FIC-201.sp: 30 m3/h", "E-101.rf: 1e-4 m2K/W", "E-101.rf: 1", "is computed from"),
    ],
    "not-allowed": [
        sample("not-allowed", "PIC-102.sp", "outside the limits"),
        Fault("on_timeout: hold}", "on_timeout: hold, covers: [steps, rollback]}", "FIC-201.sp: 30",
              "allows a step of 15 m3/h, and FIC-201.sp may be further", severity="warning"),
    ],
    "other-plant": [sample("other-plant", "cw100", "did you mean 'cw-100'?")],
    "against-style": [
        sample("against-style", "manual", "step start, the safe state writes"),
        Fault("style: computer-assisted", "style: automated", "automated", "asks a person"),
    ],
    "no-approval": [
        sample("no-approval", "id: start\n",
              "it writes without an approval"),
    ],
    "no-safe-state": [
        sample("no-safe-state", "safe_state", "has no safe_state"),
    ],
    "duplicate-id": [sample("duplicate-id", "start\n    wait", "stands here twice")],
    "retry": [sample("retry", "1, then", "never repeated")],
    "window-function": [
        sample("window-function", "avg", ""),
        Fault("held(standby.available, 30 s)", "E-101.days_to_limit > 3 d", '"E-101.days',
              "needs days of history"),
    ],
    "undo-other-tag": [
        sample("undo-other-tag", "write",
              "undoes P-101A.run_cmd, but the step writes P-101B.run_cmd"),
    ],
    "undo-changes-nothing": [
        sample("undo-changes-nothing", "standby.run_cmd", "to P-101B.run_cmd what the step wrote"),
    ],
    "escalates-to-nobody": [sample("escalates-to-nobody", "escalate", "nobody is told")],
    "unknown-role": [
        sample("unknown-role", "opeartor", "no role 'op"),
    ],
    "not-owned": [
        sample("not-owned", "key: [PUMPS", "not own: FIC-201.sp of E-101; name E-101, or what"),
        Fault("concurrency: {key: [PUMPS-101, E-101], policy: reject}\n", "", "id: start\n",
              "P-101B.run_cmd of P-101B, FIC-201.sp of E-101; name E-101, P-101B, or what"),
    ],
    "written-twice": [
        sample("written-twice", "P-101B.run_cmd", "P-101B.run_cmd is written here already"),
        Fault("safe_state:\n  steps", f"{AGAIN}safe_state:\n  steps", "standby.run_cmd: false",
              "step start writes P-101B.run_cmd too"),
    ],
    "waits-before-first-write": [
        sample("waits-before-first-write", "1 min", "waits up to 1 min 00 s, and the"),
        Fault(START, waits_first("59 s", "61 s"), "61 s", "first write must begin 1 min 00 s",
              severity="warning"),
        Fault(START, f"  - id: look\n{MANUAL}    on_fail: {{then: hold}}\n{START_NOW}", "manual",
              "people are awaited, and the first write must begin 1 min 00 s after"),
    ],
    "constant-condition": [
        sample("constant-condition", '"PT-102.pv > 0', "is always true in the ranges of its tags"),
        Fault('"standby.running",', '"standby.running or true",', '"standby.running or', "always"),
        Fault('"PT-102.pv > 300 kPa"', '"abs(PT-102.pv - PIC-102.sp) < 7 bar"', '"abs(PT',
              "is always true in the ranges of its tags"),
        Fault("PT-102.pv > 300 kPa", "PT-102.pv < 300 kPa and PT-102.pv > 3.1 bar", '"PT-102.pv <',
              "is never true in the ranges of its tags"),
        Fault('mm/s/h"}', 'mm/s/h"}\n    - {id: b, that: "standby.mode == \'local\' or '
              'standby.mode != \'local\'"}', '"standby.mode', "is always true"),
        Fault('"held(standby.available, 30 s)"', '"high > 6 mm/s"', '"high > 6', "is never true"),
    ],
    "unknown-suggestion": [
        sample("unknown-suggestion", "no/such", "no playbook 'no/such'",
              severity="warning"),
    ],
    "write-without-verify": [
        sample("write-without-verify", "id: start\n", "verify"),
    ],
    "verify-too-short": [
        sample("verify-too-short", "1 s}", "ends after 1 s, before the plant was read 3"),
    ],
    "lease": [
        sample("lease", "2 min}", "may take 2 min 30 s, and the lease lasts 2 min"),
        leased("undo: {write: {standby.run_cmd: false}}", "undo: none", "write: {", "no undo"),
        leased("15 min, on", "15 min, covers: [steps, safe_state], on", "covers", "must cover"),
        leased(
            "safe_state:\n",
            AGAIN.replace("undo: none", "undo: {write: {standby.run_cmd: true}}")
            .replace("    write", f"{HOLD_POINT}    write", 1) + "safe_state:\n",
            "again", "begins a second one",
        ),
    ],
    "no-undo": [
        sample("no-undo", "id: start\n", "has no undo"),
    ],
    "no-on-fail": [sample("no-on-fail", "id: settle", "has no on_fail")],
    "trigger-without-for": [
        sample("trigger-without-for", "{when", "single noisy reading"),
        Fault('  any:\n    - {alarm: VAH-101A}\n    - {when: "duty.vibration > high", for: 60 s}',
              '  all:\n    - {alarm: VAH-101A}\n    - {when: "duty.vibration > high"}',
              "{when", "single noisy reading"),
    ],
    "trigger-without-rearm": [
        sample("trigger-without-rearm", "trigger", "has no 'rearm'"),
    ],
    "dead-band": [
        sample("dead-band", '"duty.vibration < 1.2', "it fires again at once"),
        Fault("< 0.8 * high", "< 0.99 * high", '"duty.vibration < 0.99', "noise crosses it",
              severity="warning"),
    ],
    "no-on-timeout": [
        sample("no-on-timeout", "approval: {", "has no 'on_timeout'"),
    ],
    "safe-state-asks": [
        sample("safe-state-asks", "hold_point: {}", "no appro"),
    ],
    "unreachable-step": [
        sample("unreachable-step", '"standby == duty"', "is never true"),
    ],
    "unused-parameter": [
        sample("unused-parameter", "low: {",
              "nothing uses the parameter 'low'", severity="warning"),
    ],
    "beyond-limit": [
        sample("beyond-limit", '"TT-202.pv < 65', "the trip of TT-202.pv at 60 degC, so the"),
        Fault('"PT-102.pv > 300 kPa"', '"PT-102.pv > 2.8 bar"', '"PT-102.pv > 2.8 bar',
              "2.8 bar lies beyond the alarm of PT-102.pv at 290 kPa", severity="warning"),
        Fault('"standby.running",', '"standby.running and LT-101.pv in 10 % .. 80 %",',
              '"standby.running and', "10 % lies beyond the trip of LT-101.pv at 15 %",
              severity="warning"),
    ],
    "too-many-writes": [sample("too-many-writes", "0, max", "write 1 times")],
    "too-long": [sample("too-long", "1 min", "2 min 30 s"),
        Fault("    undo: {write", '    expect: [{that: "standby.running", within: 29 min}]\n    '
              "undo: {write", "30 min}", "may take 31 min"),
    ],
    "placeholder": [
        sample("placeholder", "OWNER", "'OWNER' is to be filled in", severity="warning"),
        Fault("title: Start the standby pump", "title: 'Pump shakes - WHAT IS DONE'", "'Pump",
              "'WHAT IS DONE' is to", severity="warning"),
    ],
    "no-test": [
        sample("no-test", "id: test/", "it has no tests", severity="warning"),
        Fault("[tests/t.yaml]", "[no.yaml]", "no.yaml", "there is no file", severity="warning"),
    ],
}  # fmt: skip
