"""A small site as text, to be edited by the tests."""

from pathlib import Path

from handwheel.connectors.model.site import Site, load_site

SITE = """\
schema: site/1
id: works-7
connections:
  dcs: {kind: opcua, endpoint: "opc.tcp://127.0.0.1:4840", scan: 50 ms, timeout: 2 s}
  pkg:
    kind: modbus
    host: 127.0.0.1
    order: CDAB
    scan: 50 ms
    timeout: 2 s
    read: {port: 5020}
tags: tags.yaml
equipment:
  PUMPS-101: {path: CW, members: [P-101A]}
  P-101A:
    class: pump
    attributes: {vibration: VT-101A.pv}
"""

TAGS = """\
schema: tags/1
tags:
  PT-102.pv: {connection: dcs, node: "nsu=urn:works;s=PT-102.pv", type: float, range: [0, 600]}
  PIC-102.mode: {connection: dcs, node: "nsu=urn:works;i=7", type: enum,
    members: {manual: 0, auto: 1}}
  P-101A.run_cmd: {connection: pkg, table: coil, address: 0, type: bool, writable: true}
  VT-101A.pv: {connection: pkg, table: input, address: 4, type: float, unit: mm/s,
    equipment: P-101A}
  P-101A.starts: {connection: pkg, table: input, address: 10, type: int, encoding: uint32}
"""


def load(folder: Path, site: str = SITE, tags: str = TAGS) -> Site:
    """Writes both files and loads the site."""
    folder.mkdir(exist_ok=True)
    (folder / "site.yaml").write_text(site, encoding="utf-8")
    (folder / "tags.yaml").write_text(tags, encoding="utf-8")
    return load_site(folder)
