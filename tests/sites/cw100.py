"""The site of cw-100 as `handwheel init` writes it, its tags moved to devices in memory."""

import re
from pathlib import Path

from handwheel.connectors.model.site import Site, load_site
from handwheel.evaluation.trial.site import in_memory_site
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site
from handwheel.sim_plant.cw100.plant import create
from handwheel.tools.guardrails.identity.operators_yaml import operators_text

from . import people


def make_site(folder: Path) -> Site:
    """Writes a site with an administrator, two operators and a shift supervisor.

    Returns:
        The site; its connections are of Modbus only, for that is what devices in memory speak.
    """
    place = folder / people.SITE
    write_site(place, create(None), PlantEndpoints(1, 5020, "5 s", 5021), secret="paper")
    _edit(
        place / "site.yaml",
        r"tags: tags.yaml",
        f'trust: {{root: "{people.key_id("boss")}"}}\n\\g<0>',
    )
    _edit(place / "tags.yaml", r"readback: self", "readback: self, within: 10 ms")
    _edit(place / "policy.yaml", r"on: 20\d\d-\d\d-\d\d", "on: 2026-11-24")
    records = [people.boss(), people.record_of("anna"), people.record_of("gina")]
    records.append(people.record_of("bert", "shift-supervisor"))
    (place / "operators.yaml").write_text(operators_text(records), "utf-8")
    return in_memory_site(load_site(place))


def _edit(path: Path, old: str, new: str) -> None:
    text, found = re.subn(old, new, path.read_text("utf-8"))
    assert found, old
    path.write_text(text, "utf-8")
