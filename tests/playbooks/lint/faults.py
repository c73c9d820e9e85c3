"""Faults of a playbook, one for each rule and each way to break it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One part of the good text, what stands there instead, and where the finding points."""

    old: str
    new: str
    at: str
    says: str
    severity: str = "error"


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


def waits_first(hold: str, within: str) -> str:
    wait = f'    wait: {{until: "PT-102.pv > 9 kPa", hold: {hold}, within: {within}}}\n'
    start, _ = START.split("    hold_point")
    return f"  - id: think\n{wait}    on_fail: {{then: hold}}\n{start}"


FAULTS = {
    "unknown-key": [
        Fault("tests: [tests/t.yaml]", "tets: [tests/t.yaml]", "tets", "did you mean 'tests'"),
    ],
    "missing-key": [Fault("version: 1.0.0\n", "", "schema", "version: is missing")],
    "wrong-value": [
        Fault("version: 1.0.0", "version: one", "version", "three numbers"),
        Fault("within: 30 s}", "within: 30 s, hold: 40 s}", "verify", "cannot be longer"),
        Fault("    wait: {", "    notify: {to: a, text: b}\n    wait: {", "id: settle",
              "exactly one of write, wait, workorder, notify; here are wait, notify"),
        Fault("standby.run_cmd: true", "standby.mode: sleep", "sleep",
              "takes local or remote or maintenance, not 'sleep'"),
        Fault("undo: {write: {standby.run_cmd: false}}", "undo: {if: \"standby.running\"}", "undo",
              "write the values that undo it, or none and the reason"),
    ],
    "duplicate-key": [Fault("owner: tests", "owner: a\nowner: b", "owner: b", "twice")],
    "yaml-boolean": [Fault("owner: tests", "owner: on", "on\nstyle", "'on' means different")],
    "anchor": [Fault("owner: tests", "owner: &x tests", "&x", "anchors are not allowed")],
    "yaml": [Fault("owner: tests", "owner: 'tests", "'tests", "end of stream")],
    "not-supported": [
        Fault("type: quantity", "type: number", "type: number", "'number' is not supported yet"),
        Fault("on_timeout: hold", "on_timeout: skip", "on_timeout: skip", "'skip' is not"),
        Fault("30 m3/h", '"FIC-201.sp - 5 m3/h"', '"FIC-201.sp', "computed from the plant"),
        Fault("on_timeout: hold}", "on_timeout: hold, covers: [steps]}", "approval: {", "covers"),
    ],
    "unknown-name": [
        Fault('"standby.running", within', '"standby.runing", within', "standby.runing", "runing"),
        Fault("{alarm: VAH-101A}", "{alarm: VAH-109}", "VAH-109", "there is no alarm 'VAH-109'"),
        Fault("[PUMPS-101,", "[PUMPS-102,", "PUMPS-102", "no equipment and no role"),
        Fault("{alarm: VAH-101A}", "{alarm: VAH-101A, bind: {dty: P-101A}}", "dty",
              "there is no role 'dty'; known: duty, standby"),
    ],
    "expression": [
        Fault('"PT-102.pv > 300 kPa"', '"PT-102.pv > > 300 kPa"', "> 300 kPa", "cannot stand here"),
        Fault('"duty.vibration > high"', '"before(duty.vibration) > high"', "before(duty",
              "before asks about a step of a run, and no step has begun here"),
        Fault('"not standby.running"', '"before(PT-102.pv) > 9 kPa"', "before(PT",
              "its own step has not begun here"),
        Fault('"PT-102.pv > 300 kPa"', '"done(setle)"', "setle",
              "done asks about an earlier step; here there is: start"),
    ],
    "unit-mismatch": [
        Fault("> 300 kPa", "> 300 degC", "300 degC", "kPa"),
    ],
    "out-of-range": [
        Fault("> 300 kPa", "> 700 kPa", "700 kPa", "outside the range of PT-102.pv, 0 to 600"),
        Fault("30 m3/h", "70 m3/h", "70 m3/h", "outside the range of FIC-201.sp, 0 to 60"),
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
        Fault("FIC-201.sp: 30 m3/h", "PIC-102.sp: 500 kPa", "PIC-102.sp", "outside the limits"),
    ],
    "no-approval": [
        Fault("approval: {role: operator, within: 15 min, on_timeout: hold}\n", "", "id: start\n",
              "it writes without an approval"),
    ],
    "no-safe-state": [
        Fault("safe_state:\n  steps:\n    - {id: less-load, write: {FIC-201.sp: 30 m3/h}}\n", "",
              "safe_state", "has no safe_state"),
    ],
    "duplicate-id": [Fault("id: settle", "id: start", "start\n    wait", "stands here twice")],
    "retry": [Fault("then: rollback", "then: rollback, retry: 1", "1}\n  - id", "never repeated")],
    "window-function": [
        Fault("not standby.running", "avg(PT-102.pv, 60 s) > 300 kPa", "avg", ""),
    ],
    "undo-other-tag": [
        Fault("{write: {standby.run_cmd: false}}", "{write: {duty.run_cmd: false}}", "write",
              "undoes P-101A.run_cmd, but the step writes P-101B.run_cmd"),
    ],
    "undo-changes-nothing": [
        Fault("undo: {write: {standby.run_cmd: false}}", "undo: {write: {standby.run_cmd: true}}",
              "standby.run_cmd", "writes to P-101B.run_cmd what the step wrote"),
    ],
    "hold-point-without-write": [
        Fault("id: settle\n", f"id: settle\n{HOLD_POINT}", "hold_point", "has no effect on"),
    ],
    "unknown-role": [
        Fault("approval: {role: operator", "approval: {role: opeartor", "opeartor", "no role 'op"),
    ],
    "not-owned": [
        Fault("concurrency: {key: [PUMPS-101, E-101], policy: reject}\n", "", "id: start\n",
              "P-101B.run_cmd of P-101B, FIC-201.sp of E-101; name E-101, P-101B, or what"),
    ],
    "written-twice": [
        Fault("safe_state:\n  steps", f"{AGAIN}safe_state:\n  steps", "standby.run_cmd: false",
              "step start writes P-101B.run_cmd too"),
        Fault("standby.run_cmd: true}", "standby.run_cmd: true, P-101B.run_cmd: true}",
              "P-101B.run_cmd", "P-101B.run_cmd is written here already"),
    ],
    "waits-before-first-write": [
        Fault(START, waits_first("60 s", "1 min"), "1 min", "waits up to 1 min 00 s, and the"),
        Fault(START, waits_first("59 s", "61 s"), "61 s", "first write must begin 1 min 00 s",
              severity="warning"),
    ],
    "constant-condition": [
        Fault('"standby.running",', '"standby.running or true",', '"standby.running or', "always"),
        Fault("PT-102.pv > 280 kPa", "PT-102.pv > 0 kPa or PT-102.pv < 5 bar", '"PT-102.pv > 0',
              "is always true in the ranges of its tags"),
        Fault('"PT-102.pv > 300 kPa"', '"abs(PT-102.pv - PIC-102.sp) < 7 bar"', '"abs(PT',
              "is always true in the ranges of its tags"),
        Fault("PT-102.pv > 300 kPa", "PT-102.pv < 9 kPa and PT-102.pv > 0.1 bar", '"PT-102.pv <',
              "is never true in the ranges of its tags"),
        Fault('mm/s/h"}', 'mm/s/h"}\n    - {id: b, that: "standby.mode == \'local\' or '
              'standby.mode != \'local\'"}', '"standby.mode', "is always true"),
        Fault('"held(standby.available, 30 s)"', '"high > 6 mm/s"', '"high > 6', "is never true"),
    ],
    "unknown-suggestion": [
        Fault('mm/s/h"}', 'mm/s/h", suggest: no/such}', "no/such", "no playbook 'no/such'",
              severity="warning"),
    ],
    "write-without-verify": [
        Fault('    verify: {that: "standby.running", within: 30 s}\n', "", "id: start\n", "verify"),
    ],
    "verify-too-short": [
        Fault("within: 30 s", "within: 1 s", "1 s}", "ends after 1 s, before the plant was read 3"),
    ],
    "no-undo": [
        Fault("    undo: {write: {standby.run_cmd: false}}\n", "", "id: start\n", "has no undo"),
    ],
    "no-on-fail": [Fault("    on_fail: {then: hold}\n", "", "id: settle", "has no on_fail")],
    "trigger-without-for": [
        Fault(", for: 60 s", "", "{when", "single noisy reading"),
    ],
    "trigger-without-rearm": [
        Fault('  rearm: "duty.vibration < 0.8 * high"\n', "", "trigger", "has no 'rearm'"),
    ],
    "dead-band": [
        Fault("< 0.8 * high", "< 1.2 * high", '"duty.vibration < 1.2', "it fires again at once"),
        Fault("< 0.8 * high", "< 0.99 * high", '"duty.vibration < 0.99', "noise crosses it",
              severity="warning"),
    ],
    "no-on-timeout": [
        Fault(", on_timeout: hold}", "}", "approval: {", "has no 'on_timeout'"),
    ],
    "safe-state-asks": [
        Fault("{id: less-load,", "{id: less-load, hold_point: {},", "hold_point: {}", "no appro"),
    ],
    "unreachable-step": [
        Fault("not standby.running", "standby == duty", '"standby == duty"', "is never true"),
    ],
    "unused-parameter": [
        Fault("  high: {", "  low: {type: quantity, default: 1}\n  high: {", "low: {",
              "nothing uses the parameter 'low'", severity="warning"),
    ],
    "too-many-writes": [Fault("max_writes: 2", "max_writes: 0", "0, max", "write 1 times")],
    "too-long": [Fault("max_duration: 30 min", "max_duration: 1 min", "1 min", "2 min 30 s"),
        Fault("    undo: {write", '    expect: [{that: "standby.running", within: 29 min}]\n    '
              "undo: {write", "30 min}", "may take 31 min"),
    ],
    "no-test": [
        Fault("tests: [tests/t.yaml]\n", "", "id: test/", "it has no tests", severity="warning"),
        Fault("[tests/t.yaml]", "[no.yaml]", "no.yaml", "there is no file", severity="warning"),
    ],
}  # fmt: skip
