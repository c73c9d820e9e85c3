"""A site of the example's plant, which names one of each that the example package has."""

from pathlib import Path

from handwheel.evaluation.plants.installed_plants import create_plant
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site

from ..plants.served import GATE_SECRET

_SITE = """\
schema: site/1
id: skid
state: var/
clock: {kind: plant, tag: SIM-CLOCK.pv}
connections:
  dcs:
    kind: opcua
    endpoint: "opc.tcp://127.0.0.1:OPCUA"
    application_uri: "urn:handwheel:sim:skid"
    scan: 500 ms
    simulated: true
    write: {user: gate, secret: "file:secrets/dcs-gate"}
  gauges: {kind: gauge, port: GAUGES, scan: 500 ms, simulated: true}
equipment:
  P-102:
    class: pump
    path: SKID
    computed:
      power:
        method: hydraulic_power
        unit: kW
        inputs: {flow: FT-102.pv, header: PT-102.pv, loss: PDT-102.pv}
  F-102: {class: filter, path: SKID}
playbooks: ["package:skid"]
failure_modes: ["package:skid"]
planner: least-risk
twin: {model: skid, trust: 3 %}
tools: [header_margin]
plant: skid
"""
_GAUGE = """\
  TT-102.pv: {connection: gauges, item: T1, type: float, unit: degC, equipment: P-102}
"""


def write_skid_site(folder: Path, opcua: int = 4840, gauges: int = 4900) -> None:
    """Writes the site, for a plant and gauges at these ports."""
    write_site(folder, create_plant("skid"), PlantEndpoints(opcua), secret=GATE_SECRET)
    text = _SITE.replace("OPCUA", str(opcua)).replace("GAUGES", str(gauges))
    (folder / "site.yaml").write_text(text, encoding="utf-8")
    with (folder / "tags.yaml").open("a", encoding="utf-8") as tags:
        tags.write(_GAUGE)
