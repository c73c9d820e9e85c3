"""Generation of the configuration files of a site for a simulated plant."""

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from handwheel.connectors.errors import ConfigError, Problem, os_reason
from handwheel.connectors.hints import shell_command
from handwheel.sim_plant.model import Node, PlantEquipment, PlantTag, namespace_uri
from handwheel.sim_plant.plant import Plant
from handwheel.sim_plant.simulation import CLOCK_TAGS

from .policy_template import is_pulse, policy_yaml
from .yaml_flow import flow

OPCUA = "dcs"
MODBUS = "pkg"
GATE_USER = "gate"
GATE_SECRET = "secrets/dcs-gate"  # noqa: S105 - where it is, not what it is

_ENROLL = shell_command("operator", "enroll", "NAME", "--role", "ROLE")
_OPERATORS = f"# Who may decide; '{_ENROLL}' adds.\nschema: operators/1\noperators: []\n"
_IGNORED = "var/\nsecrets/\n"

# The packages of playbooks that were written for a plant
_PACKAGES = {"cw-100": ("package:cw",)}


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
    if directory.is_symlink() and not directory.exists():
        raise _refusal(directory, "is a symbolic link that leads nowhere")
    try:
        place = directory.resolve()
        site_id = re.sub(r"[^a-z0-9]+", "-", place.name.lower()).strip("-")[:63] or "site"
        files = {
            ".gitignore": _IGNORED,
            GATE_SECRET: f"{secret or secrets.token_urlsafe(18)}\n",
            "operators.yaml": _OPERATORS,
            "policy.yaml": policy_yaml(plant, is_unattended=link.unattended),
            "tags.yaml": tags_yaml(plant),
            "site.yaml": site_yaml(plant, site_id, link),  # last: with it, it is a site
        }
        if place.exists() and (not place.is_dir() or any(place.iterdir())):
            raise _refusal(directory, "exists and is not an empty folder")
        _write_all(place, files)
    except OSError as error:
        raise _refusal(directory, os_reason(error)) from None


def _write_all(place: Path, files: Mapping[str, str]) -> None:
    is_new = not place.exists()
    beside = (
        place.parent if is_new else place
    )  # keep an empty folder, which may be a working directory
    beside.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".handwheel-", dir=beside) as draft:
        built = Path(draft, "site")
        built.mkdir()
        for name, text in files.items():
            _write(built / name, text, is_secret=name == GATE_SECRET)
        if is_new:
            built.rename(place)
            return
        for name in dict.fromkeys(Path(name).parts[0] for name in files):
            (built / name).rename(place / name)


def _write(path: Path, text: str, *, is_secret: bool) -> None:
    if is_secret:
        path.parent.mkdir(mode=0o700)
        path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def _refusal(directory: Path, reason: str) -> ConfigError:
    return ConfigError([Problem(str(directory), 0, 0, "", reason)])


def tags_yaml(plant: Plant) -> str:
    """Returns `tags.yaml` for a plant with one line for each tag."""
    uri = namespace_uri(plant.model)
    rows = [(f"{tag.name}:", flow(_tag(tag, uri))) for tag in (*plant.tags, *CLOCK_TAGS)]
    width = max(len(name) for name, _ in rows)
    lines = [f"  {name:<{width}} {entry}" for name, entry in rows]
    head = f"# The tags of {plant.model}: {plant.title}.\nschema: tags/1\ntags:\n"
    return head + "\n".join(lines) + "\n"


def _tag(tag: PlantTag, uri: str) -> dict[str, object]:
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
            "members": dict(tag.members),
            "equipment": tag.equipment,
            "writable": tag.write is not None,
        }
    )
    return entry | {"readback": "self"} if tag.write and not is_pulse(tag) else entry


def _filled(entry: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in entry.items() if value}


def site_yaml(plant: Plant, site_id: str, link: PlantEndpoints) -> str:
    """Returns `site.yaml` for a plant that listens on loopback."""
    connections = {
        OPCUA: {
            "kind": "opcua",
            "endpoint": f"opc.tcp://127.0.0.1:{link.opcua}",
            "application_uri": namespace_uri(plant.model),
            "scan": link.scan,
            "simulated": True,
            "write": {"user": GATE_USER, "secret": f"file:{GATE_SECRET}"},
        },
        MODBUS: {
            "kind": "modbus",
            "host": "127.0.0.1",
            "unit": 1,
            "order": "ABCD",
            "scan": link.scan,
            "simulated": True,
            "read": {"port": link.modbus},
            "write": {"port": link.gate},
        },
    }
    lines = [
        f"# A site for the simulated plant {plant.model}: {plant.title}.",
        "schema: site/1",
        f"id: {flow(site_id)}",
        "state: var/",
        f"clock: {{kind: plant, tag: {CLOCK_TAGS[0].name}}}",
        "connections:",
        *_entries(connections),
        "tags: tags.yaml",
        "equipment:",
        *_entries({item.name: _equipment(item) for item in plant.equipment}),
        f"playbooks: {flow(['playbooks/', *_PACKAGES.get(plant.model, ())])}",
    ]
    return "\n".join(lines) + "\n"


def _entries(table: Mapping[str, Mapping[str, object]]) -> Iterable[str]:
    return (f"  {name}: {flow(entry)}" for name, entry in table.items())


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
