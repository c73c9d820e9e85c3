"""A site for floods: what may be written, and what looks like it."""

import struct
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from handwheel.connectors.model.site import Site, load_site
from handwheel.connectors.model.values import Value

from ...plants.in_memory import Frame
from ...sites import in_memory

MORE_TAGS = """\
  TIC-103.sp: {connection: dcs, table: holding, address: 20, type: float, unit: degC,
    range: [-50, 50], writable: true, readback: self, within: 10 ms}
  FIC-104.sp: {connection: dcs, table: holding, address: 30, type: float, unit: m3/h,
    range: [0, 100], writable: true, readback: self, within: 10 ms}
  ESD.trip: {connection: pkg, table: coil, address: 400, type: bool, writable: true}
  P-101B.relay: {connection: pkg, table: coil, address: 401, type: bool, equipment: P-101B,
    writable: true}
"""
MORE_POLICY = """\
forbid:
  - {tags: ["ESD.*"], reason: safety system}
  - {connection: pkg, table: coil, addresses: 400..499, reason: safety relay}
asking: {pending: 1000, pause_after_rejection: 0 s}
"""
MORE_RULES = """\
  - {tags: [TIC-103.sp], class: R1, roles: [operator], limits: -40 degC .. 40 degC,
     commissioned: {by: anna, on: 2026-11-24}}
  - {tags: [P-101B.relay], class: R2, roles: [operator],
     commissioned: {by: anna, on: 2026-11-24}}
"""
VALUES: Mapping[str, Value] = {
    **in_memory.VALUES,
    "TIC-103.sp": 20.0, "FIC-104.sp": 40.0, "ESD.trip": False, "P-101B.relay": False,
}  # fmt: skip
_COILS = {"P-101A.run_cmd": 0, "P-101B.run_cmd": 16, "P-101B.reset": 17}
_FLOATS = {"PIC-102.sp": 10, "TIC-103.sp": 20}


def frame_of(tag: str, value: Value) -> Frame:
    """What a device must see of an honest write; it knows nothing of the product's encoders."""
    if tag in _COILS:
        return Frame("pkg", struct.pack(">BBHH", 1, 5, _COILS[tag], 0xFF00 if value else 0))
    if tag == "P-101A.mode":
        return Frame("pkg", struct.pack(">BBHH", 1, 6, 0, value))
    return Frame("dcs", struct.pack(">BBHHBf", 1, 16, _FLOATS[tag], 2, 4, value))


def make_flood_site(folder: Path) -> Site:
    """Writes the site in memory with more tags and rules that forbid."""
    site = in_memory.make_site(folder)
    # A reading must not age while the machine is busy with others.
    patient = (folder / "site.yaml").read_text(encoding="utf-8").replace("50 ms", "60 s")
    rules = in_memory.POLICY.replace("across:", f"{MORE_RULES}across:") + MORE_POLICY
    files = {"site.yaml": patient, "tags.yaml": in_memory.TAGS + MORE_TAGS, "policy.yaml": rules}
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return replace(load_site(folder), state=site.state)
