"""A site in memory: two Modbus devices, two pumps, a pressure controller and four people."""

from collections.abc import Mapping
from pathlib import Path

from handwheel.connectors.model.site import Site, load_site
from handwheel.connectors.model.values import Value
from handwheel.tools.guardrails.approval.build_request import BuildContext
from handwheel.tools.guardrails.identity.operators_yaml import operators_text
from handwheel.tools.guardrails.policy.cross_limits import cross_limits
from handwheel.tools.guardrails.policy.policy import load_policy

from . import people
from .released import BY_HAND, all_writes, release_library

SITE = """\
schema: site/1
id: cw-demo
trust: {{root: "{root}"}}
connections:
  pkg: {{kind: modbus, host: 127.0.0.1, scan: 50 ms, simulated: true,
    read: {{port: 5020}}, write: {{port: 5021}}}}
  dcs: {{kind: modbus, host: 127.0.0.1, scan: 50 ms, simulated: true,
    read: {{port: 5030}}, write: {{port: 5031}}}}
equipment:
  PUMPS-101: {{members: [P-101A, P-101B]}}
  P-101A: {{remote_when: "P-101A.mode == 'remote'"}}
  P-101B: {{}}
"""
TAGS = """\
schema: tags/1
tags:
  P-101A.run_cmd: {connection: pkg, table: coil, address: 0, type: bool, equipment: P-101A,
    writable: true, readback: self, within: 10 ms}
  P-101A.mode: {connection: pkg, table: holding, address: 0, type: enum, equipment: P-101A,
    members: {local: 0, remote: 1}, writable: true, readback: self, within: 10 ms}
  P-101B.run_cmd: {connection: pkg, table: coil, address: 16, type: bool, equipment: P-101B,
    writable: true, readback: self, within: 10 ms}
  P-101B.reset: {connection: pkg, table: coil, address: 17, type: bool, equipment: P-101B,
    writable: true}
  PIC-102.sp: {connection: dcs, table: holding, address: 10, type: float, unit: kPa,
    range: [0, 600], writable: true, readback: self, within: 10 ms}
  PT-102.pv: {connection: dcs, table: input, address: 2, type: float, unit: kPa, range: [0, 600]}
"""
POLICY = """\
schema: policy/1
roles: {operator: {}, shift-supervisor: {acts_as: [operator]}}
ttl_max: 30 min
allow:
  - {tags: ["P-101?.run_cmd", P-101B.reset], class: R2, roles: [operator],
     commissioned: {by: anna, on: 2026-11-24}}
  - {tags: [P-101A.mode], class: R2, roles: [operator]}
  - {tags: [PIC-102.sp], class: R1, roles: [operator], band: 320 kPa .. 380 kPa,
     limits: 280 kPa .. 420 kPa, cooldown: 20 s, commissioned: {by: anna, on: 2026-11-24}}
across:
  - {id: no-overpressure, that: "PT-102.pv < 500 kPa", with: now}
"""
COOLED, COOLDOWN_S = "PIC-102.sp", 20.0
VALUES: Mapping[str, Value] = {
    "P-101A.run_cmd": False, "P-101A.mode": 1, "P-101B.run_cmd": False, "P-101B.reset": False,
    "PIC-102.sp": 350.0, "PT-102.pv": 349.0,
}  # fmt: skip
OPERATORS = ("anna", "bert", "gina")


def build_context(site: Site) -> BuildContext:
    policy = load_policy(site)
    return BuildContext(site, policy, cross_limits(site, policy))


def make_site(folder: Path, more_tags: str = "") -> Site:
    """Writes a site with an administrator, two operators, a shift supervisor and a viewer."""
    records = [people.boss(), people.record_of("anna"), people.record_of("gina")]
    records.append(people.record_of("max", "viewer"))
    records.append(people.record_of("bert", "shift-supervisor"))
    files = {
        "site.yaml": SITE.format(root=people.key_id("boss")),
        "tags.yaml": TAGS + more_tags,
        "policy.yaml": POLICY,
        "operators.yaml": operators_text(records),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    site = load_site(folder)
    release_library(site, (), also=[all_writes(site, BY_HAND)])
    return site
