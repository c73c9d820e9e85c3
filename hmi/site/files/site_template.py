"""Generation of the configuration files of a site for a simulated plant."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from handwheel.agents.lookahead.load import twin_names
from handwheel.connectors.model.tags import Limits
from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.model import Node, PlantEquipment, PlantTag, namespace_uri
from handwheel.sim_plant.simulation import CLOCK_TAGS

from ...shell.terminal.templates import render
from .device_site import new_site_folder, site_id_of
from .policy_template import is_pulse, policy_yaml
from .yaml_flow import flow

OPCUA = "dcs"
MODBUS = "pkg"
GATE_USER = "gate"
GATE_SECRET = "secrets/dcs-gate"  # noqa: S105 - where it is, not what it is

_NO_LIMITS: Limits = (None, None)
_LONGEST_LABEL = 60

# The packages of playbooks that were written for a plant
_PACKAGES = {"cw-100": ("package:cw",), "tep": ("package:tep",)}
# The failure modes that were written for a plant
_FAILURE_MODES = {"cw-100": ("package:cw",), "tep": ("package:tep",)}

_TRUST = "3 %"  # of the measuring range


@dataclass(frozen=True, slots=True)
class PlantEndpoints:
    """Loopback ports of a simulated plant, and options of its site."""

    opcua: int = 4840
    modbus: int = 5020
    scan: str = "500 ms"  # how often it is read
    gate: int = 5021  # the Modbus port at which the gate writes
    # whether decisions count that no person made, for the demo and the tests
    unattended: bool = False


def write_site(directory: Path, plant: Plant, link: PlantEndpoints, secret: str = "") -> None:
    """Writes a site's files, all or none, to an empty or new directory.

    Without a secret the password of the plant's OPC UA user `gate` is a new one.

    Raises:
        ConfigError: It is not empty, or cannot be written.
    """
    with new_site_folder(directory) as draft:
        secret_file = draft / GATE_SECRET
        secret_file.parent.mkdir(mode=0o700)
        secret_file.touch(mode=0o600)
        secret_file.write_text(f"{secret or secrets.token_urlsafe(18)}\n")
        files = {
            "policy.yaml": policy_yaml(plant, is_unattended=link.unattended),
            "tags.yaml": tags_yaml(plant),
            "site.yaml": site_yaml(plant, site_id_of(directory), link),
        }
        for name, text in files.items():
            (draft / name).write_text(text, encoding="utf-8")


def tags_yaml(plant: Plant) -> str:
    """Returns `tags.yaml` for a plant with one line for each tag."""
    uri = namespace_uri(plant.model)
    alarms = _alarm_limits(plant)
    rows = [
        (f"{tag.name}:", flow(_tag(tag, uri, alarms.get(tag.name, _NO_LIMITS))))
        for tag in (*plant.tags, *CLOCK_TAGS)
    ]
    width = max(len(name) for name, _ in rows)
    lines = [f"  {name:<{width}} {entry}" for name, entry in rows]
    head = f"# The tags of {plant.model}: {plant.title}.\nschema: tags/1\ntags:\n"
    return head + "\n".join(lines) + "\n"


def _alarm_limits(plant: Plant) -> dict[str, Limits]:
    """Returns the innermost alarm limits by tag."""
    found: dict[str, Limits] = {}
    for alarm in plant.alarms:
        name = f"{alarm.measures}.pv"
        low, high = found.get(name, _NO_LIMITS)
        if alarm.is_high:
            high = alarm.limit if high is None else min(high, alarm.limit)
        else:
            low = alarm.limit if low is None else max(low, alarm.limit)
        found[name] = (low, high)
    return found


def _tag(tag: PlantTag, uri: str, alarm: Limits) -> dict[str, object]:
    entry: dict[str, object] = {}
    if isinstance(tag.address, Node):
        entry |= {"connection": OPCUA, "node": f"nsu={uri};s={tag.name}"}
    else:
        entry |= {"connection": MODBUS, "table": tag.address.table, "address": tag.address.address}
        usual = {"float": "float32", "bool": "bit"}.get(tag.kind, "uint16")
        if tag.address.encoding != usual:
            entry["encoding"] = tag.address.encoding
    entry |= _filled(
        {
            "type": tag.kind,
            "unit": tag.unit,
            "range": list(tag.span or ()),
            "alarm": [] if alarm == _NO_LIMITS else list(alarm),
            "trip": [] if tag.trip == _NO_LIMITS else list(tag.trip),
            "members": dict(tag.members),
            "equipment": tag.equipment,
            "writable": tag.write is not None,
            "label": tag.description.partition(":")[0][:_LONGEST_LABEL],
            "verbs": dict(tag.verbs),
            "states": dict(tag.states),
        }
    )
    return entry | {"readback": "self"} if tag.write and not is_pulse(tag) else entry


def _filled(entry: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in entry.items() if value}


def site_yaml(plant: Plant, site_id: str, link: PlantEndpoints) -> str:
    """Returns `site.yaml` for a plant that listens on loopback."""
    return render(
        "handwheel.hmi.site.files", "plant_site.txt.j2",
        plant=plant, site_id=site_id, link=link, flow=flow,
        uri=namespace_uri(plant.model), clock=CLOCK_TAGS[0].name, user=GATE_USER,
        secret=GATE_SECRET, equipment=_equipment, trust=_TRUST,
        playbooks=["playbooks/", *_PACKAGES.get(plant.model, ())],
        modes=[*_FAILURE_MODES.get(plant.model, ())], has_twin=plant.model in twin_names(),
    )  # fmt: skip


def _equipment(item: PlantEquipment) -> dict[str, object]:
    return _filled(
        {
            "class": item.kind,
            "path": item.path,
            "members": list(item.members),
            "remote_when": item.remote_when,
            "attributes": dict(item.attributes),
        }
    )
