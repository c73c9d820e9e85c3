"""The site of cw-100 as `handwheel init` writes it, its tags moved to devices in memory."""

import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from handwheel.connectors.model.site import Site, load_site
from handwheel.evaluation.room.site import in_memory_site
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site
from handwheel.sim_plant.cw100.plant import create
from handwheel.tools.guardrails.identity.operators_yaml import operators_text

from . import people

_DCS = (
    r"dcs: {kind: modbus, host: 127.0.0.1, scan: \1, simulated: true, "
    "read: {port: 5030}, write: {port: 5031}}"
)
_TABLES = {("bool", False): "discrete", ("bool", True): "coil"}


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


def put_in_memory(place: Path) -> None:
    """Moves the tags of a site that `handwheel init` has written to devices in memory."""
    _edit(place / "site.yaml", r"dcs: \{.*scan: ([^,}]*).*\}", _DCS)
    tags = place / "tags.yaml"
    tags.write_text("\n".join(_moved(tags.read_text("utf-8").splitlines())) + "\n", "utf-8")


def _edit(path: Path, old: str, new: str) -> None:
    text, found = re.subn(old, new, path.read_text("utf-8"))
    assert found, old
    path.write_text(text, "utf-8")


def _moved(lines: list[str]) -> Iterator[str]:
    addresses = count(1000, 4)
    for line in lines:
        found = re.search(r'node: "[^"]*", type: (\w+)', line)
        if found is None:
            yield line
            continue
        is_writable = "writable" in line
        usual = "holding" if is_writable else "input"
        table = _TABLES.get((found[1], is_writable), usual)
        where = f"table: {table}, address: {next(addresses)}, type: {found[1]}"
        yield line.replace(found[0], where)
