"""A small playbook without a fault, and variants of it."""

from collections.abc import Sequence
from pathlib import Path

from handwheel.connectors.model.site import Site
from handwheel.playbooks.language.errors import Finding, PlaybookError
from handwheel.playbooks.language.loader import Playbook, load_playbook
from handwheel.playbooks.lint.lint import lint

GOOD = """\
schema: playbook/1
id: test/start-standby
version: 1.0.0
title: Start the standby pump
owner: tests
style: computer-assisted
parameters:
  duty: {type: asset, class: pump, default: P-101A}
  standby: {type: asset, class: pump, default: P-101B, check: "standby != duty"}
  high: {type: quantity, unit: mm/s, default: 5.0 mm/s, min: 3 mm/s, max: 8 mm/s}
trigger:
  any:
    - {alarm: VAH-101A}
    - {when: "duty.vibration > high", for: 60 s}
  rearm: "duty.vibration < 0.8 * high"
concurrency: {key: [PUMPS-101, E-101], policy: reject}
diagnosis:
  for:
    - {id: shakes, that: "rate(duty.vibration, 30 min) > 0.1 mm/s/h"}
permissives:
  - {id: ready, that: "held(standby.available, 30 s)"}
invariants:
  - {that: "PT-102.pv > 280 kPa", grace: 5 s, on_violation: safe_state}
approval: {role: operator, within: 15 min, on_timeout: hold}
steps:
  - id: start
    if: "not standby.running"
    hold_point: {role: operator, prompt: "Now at {PT-102.pv}", within: 5 min, on_timeout: stop}
    write: {standby.run_cmd: true}
    verify: {that: "standby.running", within: 30 s}
    undo: {write: {standby.run_cmd: false}}
    on_fail: {then: rollback}
  - id: settle
    wait: {until: "PT-102.pv > 300 kPa", within: 2 min}
    on_fail: {then: hold}
safe_state:
  steps:
    - {id: less-load, write: {FIC-201.sp: 30 m3/h}}
limits: {max_writes: 2, max_duration: 30 min}
tests: [tests/t.yaml]
"""


def changed(*pairs: tuple[str, str], text: str = GOOD) -> str:
    """The text with each old part, which stands there once, replaced."""
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def written(folder: Path, text: str, name: str = "p.yaml") -> Path:
    (folder / "tests").mkdir(exist_ok=True)
    (folder / "tests" / "t.yaml").write_text("schema: playbook-test/1\n", encoding="utf-8")
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def loaded(folder: Path, text: str, name: str = "p.yaml") -> Playbook:
    return load_playbook(written(folder, text, name), name)


def findings_of(
    folder: Path, text: str, site: Site, others: Sequence[Playbook] = ()
) -> list[Finding]:
    try:
        playbook = loaded(folder, text)
    except PlaybookError as error:
        return list(error.findings)
    return lint(playbook, site, others)
