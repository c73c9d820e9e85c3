"""A site without sockets whose tools come from another package too."""

from pathlib import Path

import pytest

from handwheel.connectors.model import endpoints
from handwheel.connectors.model.site import Site
from handwheel.tools.toolset.installed import GROUP

from ..plug_ins.connectors import CONNECTORS
from ..plug_ins.registered import register
from ..plug_ins.tools import TOOLS
from .site_text import load

SITE = """\
schema: site/1
id: works
connections:
  dev: {kind: constant, scan: 10 ms}
  down: {kind: constant, scan: 10 ms, defect: open}
equipment:
  PUMPS-101: {class: pumps, members: [P-101A]}
  P-101A: {class: pump, attributes: {pressure: PT-102.pv}}
tools: [margin, set, gone, odd, wrong, nowhere]
"""
TAGS = """\
schema: tags/1
tags:
  PT-102.pv: {connection: dev, item: "349.5", type: float, unit: kPa, equipment: P-101A}
  FT-101.pv: {connection: down, item: 1, type: float, unit: m3/h}
"""
SHIPPED = (
    "read", "window", "alarms", "browse", "equipment", "diagnose", "request_work", "work_orders",
    "propose", "outcome",
)  # fmt: skip
"""Names of the tools that every site has."""


def tool_site(folder: Path, patch: pytest.MonkeyPatch, pressure: str = "349.5") -> Site:
    """Writes the site into a folder, and registers the package."""
    register(folder, patch, {endpoints.GROUP: CONNECTORS, GROUP: TOOLS})
    return load(folder / "site", SITE, TAGS.replace("349.5", pressure))
