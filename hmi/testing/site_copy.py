"""Copy of a site for a simulated plant that is served at ports of its own."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from handwheel.connectors.config.yaml_documents import read_document
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.site import (
    LOCK_FILE,
    OPERATORS_FILE,
    POLICY_FILE,
    SITE_FILE,
    Site,
)
from handwheel.evaluation.trial.trial import Setup
from handwheel.playbooks.language.libraries import PACKAGE

from ..simulation.served_plant import check_simulated

_NOT_COPIED = (OPERATORS_FILE, LOCK_FILE, "var", ".git", "__pycache__")
_PLAYBOOKS = "test-playbooks"


def copy_site(setup: Setup, root: Path, ports: Mapping[str, int], scan_s: float) -> None:
    """Copies a site without its people, releases and state.

    Decisions that no person made count there, which the gate refuses where a device is not
    simulated.

    Args:
        root: Folder of the copy, which does not exist.
        ports: Of the plant: `opcua`, `modbus` and `modbus_gate`.
        scan_s: How often every connection is scanned, seconds.

    Raises:
        ConfigError: A device of the site is not simulated, or a file cannot be read.
        OSError: The copy cannot be written.
    """
    site = setup.site
    check_simulated(site)
    if not site.clock_tag:
        reason = "is missing: the time of a test is that of the plant's clock"
        raise ConfigError.of(reason, site.root / SITE_FILE, "clock")
    shutil.copytree(site.root, root, ignore=shutil.ignore_patterns(*_NOT_COPIED))
    policy = read_document(site.root / POLICY_FILE).data
    policy["unattended"] = "simulated"
    _write(root / POLICY_FILE, policy)
    data = read_document(site.root / SITE_FILE).data
    data.pop("trust", None)
    data["state"] = "var/"
    data["playbooks"] = list(_playbooks(setup, root))
    for connection in data["connections"].values():
        _move(connection, ports)
        connection["scan"] = f"{round(scan_s * 1000)} ms"
    _write(root / SITE_FILE, data)


def _playbooks(setup: Setup, root: Path) -> list[str]:
    site: Site = setup.site
    if setup.library is None:
        entries = site.playbooks
        return [e if e.startswith(PACKAGE) else str((site.root / e).absolute()) for e in entries]
    folder = root / _PLAYBOOKS
    folder.mkdir()
    for number, each in enumerate(setup.library):
        shutil.copy(each.path, folder / f"{number}.yaml")
    return [f"{_PLAYBOOKS}/"]


def _move(connection: dict[str, Any], ports: Mapping[str, int]) -> None:
    if connection["kind"] == "opcua":
        old = urlsplit(str(connection["endpoint"]))
        connection["endpoint"] = old._replace(netloc=f"127.0.0.1:{ports['opcua']}").geturl()
        return
    connection["host"] = "127.0.0.1"
    connection.setdefault("read", {})["port"] = ports["modbus"]
    if "write" in connection:
        connection["write"]["port"] = ports["modbus_gate"]


def _write(path: Path, data: Mapping[str, object]) -> None:
    # JSON is YAML; a key for each line is what the trust root can be added to.
    lines = (f"{key}: {json.dumps(value)}\n" for key, value in data.items())
    path.write_text("".join(lines), encoding="utf-8")
