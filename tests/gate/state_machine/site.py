"""The site of the state machine: the one on paper, with alarms, a group and little room on disk."""

from pathlib import Path

from handwheel.connectors.model.site import Site, load_site

from ...sites import in_memory

ALARM = "XA-101.alarm"
STARTS = ("P-101A.run_cmd", "P-101B.run_cmd")
MOST_STARTS, STARTS_WITHIN_S = 6, 300.0
MOST_ALARMS, ALARMS_WITHIN_S = 2, 60.0
DISK_B = 200_000_000
_TAGS = f"""\
  {ALARM}: {{connection: pkg, table: discrete, address: 50, type: bool}}
"""
_POLICY = f"""\
groups:
  - {{id: starts, tags: ["P-101?.run_cmd"], writes: {MOST_STARTS}, within: 5 min}}
suspend: {{alarms: ["XA-*"], more_than: {MOST_ALARMS}, within: 60 s, disk: 200 MB}}
"""


def make_works_site(folder: Path) -> Site:
    """Writes the site, with people as in `make_site`."""
    in_memory.make_site(folder)
    files = {"tags.yaml": in_memory.TAGS + _TAGS, "policy.yaml": in_memory.POLICY + _POLICY}
    # A reading must not age while the machine is busy with others.
    patient = (folder / "site.yaml").read_text(encoding="utf-8").replace("50 ms", "60 s")
    for name, text in (files | {"site.yaml": patient}).items():
        (folder / name).write_text(text, encoding="utf-8")
    return load_site(folder)
