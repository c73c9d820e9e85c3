"""A site for a change-over that takes seconds: the real plant at 20x, a short playbook."""

from dataclasses import dataclass
from pathlib import Path

from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site
from handwheel.playbooks.binding.bindings import Bindings
from handwheel.playbooks.binding.release import unsigned_release
from handwheel.playbooks.language.loader import load_library
from handwheel.sim_plant.cw100.plant import create

from ...plants.served import GATE_SECRET
from ..site import World, edit

SPEED = "20"
_SCAN = "100 ms"  # a loaded machine must not make readings stale
PLAYBOOK = """\
schema: playbook/1
id: test/change-over
version: 1.0.0
title: Change over
plant: cw-100
owner: tests
style: computer-assisted
parameters:
  duty: {type: asset, class: pump, default: P-101A}
  standby: {type: asset, class: pump, default: P-101B, check: "standby != duty"}
trigger:
  any:
    - {when: "duty.running and not standby.running", for: 1 s}
  rearm: "not duty.running"
concurrency: {key: [PUMPS-101], policy: reject}
diagnosis:
  for:
    - {id: runs, that: "duty.running"}
permissives:
  - {id: standby-ready, that: "standby.available and not standby.tripped"}
  - {id: header, that: "PT-102.pv > 200 kPa"}
invariants:
  - {that: "PT-102.pv > 150 kPa", grace: 20 s, on_violation: rollback}
approval: {role: operator, within: 15 min, on_timeout: hold}
steps:
  - id: start-standby
    title: Start the standby pump
    write: {standby.run_cmd: true}
    expect: ["standby.running"]
    verify: {that: "standby.running and standby.speed > 50 %", within: 3 min}
    undo: {if: "duty.running", write: {standby.run_cmd: false}}
    on_fail: {then: rollback}
  - id: settle
    title: Let the header settle on two pumps
    wait: {until: "abs(PT-102.pv - PIC-102.sp) < 30 kPa", hold: 10 s, within: 10 min}
    on_fail: {then: rollback}
  - id: stop-duty
    title: Stop the duty pump
    hold_point: {role: operator, prompt: "Standby healthy?", within: 10 min, on_timeout: hold}
    write: {duty.run_cmd: false}
    expect: ["not duty.running"]
    verify: {that: "not duty.running", within: 3 min, hold: 10 s}
    undo:
      if: "not duty.tripped"
      write: {duty.run_cmd: true}
      verify: {that: "duty.running", within: 3 min}
    on_fail: {then: rollback}
  - id: inhibit
    title: Take the duty pump out of auto-start
    write: {duty.mode: maintenance}
    verify: {that: "duty.mode == 'maintenance'", within: 3 min}
    undo: none
    on_fail: {then: continue, notify: maintenance-planner}
  - id: work-order
    title: Raise the work order
    workorder: {asset: duty, class: corrective, priority: 2, due: 7 d, title: "Look at {duty}"}
rollback: {order: reverse}
safe_state:
  title: Keep water flowing
  steps:
    - {id: any-pump, if: "not duty.running and not standby.running", write: {standby.run_cmd: true}}
limits: {max_writes: 6, max_duration: 30 min}
"""


@dataclass(frozen=True)
class RunWorld(World):
    """The folders of a plant, a gate and agents."""

    @property
    def secret(self) -> Path:
        return self.root / "gate-secret"

    def plant_command(self) -> list[str]:
        """Returns the plant's words on the command line."""
        self.root.mkdir(parents=True, exist_ok=True)
        self.secret.touch(mode=0o600)
        self.secret.write_text(GATE_SECRET, encoding="utf-8")
        ports = ("--opcua-port", "0", "--modbus-port", "0", "--modbus-gate-port", "0")
        log = ("--frame-log", str(self.frames), "--gate-secret", str(self.secret))
        return ["plants", "serve", "cw-100", "--json", "--speed", SPEED, *ports, *log]

    def make_site(self, opcua: int, modbus: int, gate: int) -> None:
        """Writes the site with this playbook alone, and enrols its people."""
        link = PlantEndpoints(opcua, modbus, _SCAN, gate, unattended=True)
        write_site(self.site, create(None), link, secret=GATE_SECRET)
        self.enroll()
        edit(
            self.site / "policy.yaml",
            lambda line: line.replace("cooldown: 10 s", "cooldown: 10 ms"),
        )
        ours = 'playbooks: [playbooks/, "package:cw"]'
        edit(self.site / "site.yaml", lambda line: line.replace(ours, "playbooks: [playbooks/]"))
        (self.site / "playbooks").mkdir(exist_ok=True)
        (self.site / "playbooks" / "change-over.yaml").write_text(PLAYBOOK, encoding="utf-8")
        self.release(
            lambda site: [unsigned_release(each, Bindings(site)) for each in load_library(site)[0]]
        )
