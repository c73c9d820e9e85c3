"""A playbook that starts the standby pump, and one within it that rests the duty pump."""

START_A = "P-101A.run_cmd=1"
"""Undo of the inner one, as a device logs it."""
_HEAD = """\
schema: playbook/1
version: 1.0.0
owner: tests
style: computer-assisted
approval: {role: operator, within: 15 min, on_timeout: hold}
"""
OUTER = f"""{_HEAD}\
id: test/outer
title: Start the standby pump and rest the duty pump
parameters:
  duty: {{type: asset, class: pump, default: P-101A}}
trigger: {{any: [{{alarm: VAH-101A}}], rearm: "duty.vibration < 4 mm/s"}}
concurrency: {{key: [PUMPS-101], policy: reject}}
steps:
  - id: start
    write: {{P-101B.run_cmd: true}}
    verify: {{that: "P-101B.running and P-101B.speed > 50 %", within: 30 s}}
    undo: {{write: {{P-101B.run_cmd: false}}}}
    on_fail: {{then: rollback}}
  - id: rest
    run: {{playbook: test/inner, bind: {{sick: duty}}}}
    on_fail: {{then: hold}}
  - id: tell
    notify: {{to: operations, text: "The pump {{duty}} rests"}}
limits: {{max_writes: 1, max_duration: 2 h}}
"""
INNER = f"""{_HEAD}\
id: test/inner
title: Rest a pump
parameters:
  sick: {{type: asset, class: pump, default: P-101B}}
concurrency: {{key: [sick, E-101], policy: reject}}
permissives:
  - {{id: header, that: "PT-102.pv > 300 kPa"}}
steps:
  - id: stop
    write: {{sick.run_cmd: false}}
    verify: {{that: "not sick.running", within: 60 s}}
    undo: {{write: {{sick.run_cmd: true}}}}
    on_fail: {{then: rollback}}
  - id: calm
    wait: {{until: "stdev(sick.speed, 30 s) < 1 %", hold: 30 s, within: 5 min}}
    on_fail: {{then: rollback}}
limits: {{max_writes: 1, max_duration: 30 min}}
"""
