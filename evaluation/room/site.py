"""Site of a stepped room, with the user's own tags on devices in memory."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

from handwheel.connectors.config.yaml_documents import read_content
from handwheel.connectors.errors import ConfigError, Problem
from handwheel.connectors.model.endpoints import (
    ConnectionConfig,
    ModbusConnection,
    ReadPort,
    WritePort,
)
from handwheel.connectors.model.site import POLICY_FILE, SITE_FILE, Site
from handwheel.connectors.model.tags import (
    Computation,
    Encoding,
    Kind,
    RegisterAddress,
    Table,
    Tag,
)
from handwheel.tools.guardrails.policy.policy import Policy, build_policy, read_policy

_HOST = "127.0.0.1"
_TAGS_FILE, _STATE, _PACKAGE = "tags.yaml", "var", "package:"
_CHANGED = "it changed while the site was being read: start again"
_ENCODINGS: Mapping[Kind, Encoding] = {
    "bool": "bit", "float": "float64", "int": "int64", "enum": "int64", "string": "string",
}  # fmt: skip
_TEXT_REGISTERS = 64
_TABLES: Mapping[tuple[bool, bool], Table] = {
    (True, True): "coil", (True, False): "discrete",
    (False, True): "holding", (False, False): "input",
}  # fmt: skip


def in_memory_site(site: Site) -> Site:
    """Returns the same site with its tags on Modbus devices in memory.

    Scan times, units, ranges, equipment and readbacks stay. A tag without registers gets
    some that hold its values exactly; a text of one can be read there and not written.
    """
    ports = count(1, 2)
    connections = {
        name: _in_memory(config, next(ports)) for name, config in site.connections.items()
    }
    return replace(site, connections=connections, tags=dict(_moved(site)))


def _in_memory(config: ConnectionConfig, port: int) -> ModbusConnection:
    device = ModbusConnection(kind="modbus", host=_HOST)
    if isinstance(config, ModbusConnection):
        device = config
    changes: dict[str, Any] = {
        "host": _HOST,
        "scan": config.scan,
        "timeout": config.timeout,
        "simulated": True,
        "read": ReadPort(port=port),
        "write": WritePort(port=port + 1) if config.write else None,
    }
    return device.model_copy(update=changes)


def _moved(site: Site) -> Iterator[tuple[str, Tag]]:
    used = dict.fromkeys(((name, table) for name in site.connections for table in _TABLES), 0)
    for name, tag in site.tags.items():
        if isinstance(tag.address, RegisterAddress | Computation):
            yield name, tag
            continue
        key = tag.kind == "bool", tag.writable
        length = _TEXT_REGISTERS if tag.kind == "string" else 0
        place = tag.connection, key
        address = RegisterAddress(_TABLES[key], used[place], _ENCODINGS[tag.kind], length=length)
        used[place] += address.count
        yield name, replace(tag, address=address)


def simulated_policy(site: Site, room: Site) -> Policy:
    """Returns a site's policy for its devices in memory, as if it said `unattended: simulated`.

    Every other rule holds as it stands, also one that forbids nodes or registers by their address.

    Args:
        site: The site as its user wrote it.
        room: The same from `in_memory_site`.

    Raises:
        ConfigError: The policy is missing, has changed since the site was read, or is not valid;
            with every problem.
    """
    path = site.root / POLICY_FILE
    document = read_policy(path)
    if document.sha256 != site.hashes["policy"]:
        raise ConfigError([Problem(str(path), 0, 0, "", _CHANGED)])
    if isinstance(document.data, dict):
        document.data["unattended"] = "simulated"
    simulated: dict[str, Any] = {"simulated": True}
    connections = {
        name: config.model_copy(update=simulated) for name, config in site.connections.items()
    }
    return build_policy(document, replace(site, connections=connections)).moved_to(room.tags)


def copied_site(site: Site, folder: Path) -> Site:
    """Copies the files of a site to a folder, and returns the site there, with its own state.

    The gate compares requests with these files. Playbooks and failure modes stay where they are.

    Raises:
        ConfigError: A file has changed since the site was read, or cannot be read.
        OSError: The folder cannot be written.
    """
    files = {"site": (SITE_FILE, SITE_FILE), "policy": (POLICY_FILE, POLICY_FILE)}
    files["tags"] = site.tags_file, _TAGS_FILE
    for name, (file, copied) in files.items():
        content = read_content(site.root / file)
        if sha256(content).hexdigest() != site.hashes[name]:
            raise ConfigError([Problem(str(site.root / file), 0, 0, "", _CHANGED)])
        (folder / copied).write_bytes(content)
    state = folder / _STATE
    state.mkdir()
    return replace(
        site, root=folder, state=state, tags_file=_TAGS_FILE,
        playbooks=_there(site, site.playbooks),
        failure_modes=_there(site, site.failure_modes),
    )  # fmt: skip


def _there(site: Site, names: Sequence[str]) -> tuple[str, ...]:
    """Returns files of a site by their place there, and packages by their name."""
    root = site.root.absolute()
    return tuple(each if each.startswith(_PACKAGE) else str(root / each) for each in names)
