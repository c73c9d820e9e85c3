"""Simulated plant that `handwheel up` serves."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe
from urllib.parse import urlsplit

from handwheel.connectors.config.hosts import is_loopback
from handwheel.connectors.config.secrets import resolve_secret
from handwheel.connectors.errors import ConfigError, Problem
from handwheel.connectors.model.endpoints import (
    InstalledConnection,
    ModbusConnection,
    OpcuaConnection,
)
from handwheel.connectors.model.site import SITE_FILE, Site
from handwheel.evaluation.plants.installed_plants import plant_names
from handwheel.sim_plant.model import namespace_uri

_OPCUA_PORT = 4840


@dataclass(frozen=True, slots=True)
class ServedPlant:
    """Model and ports of a plant, and the password of the OPC UA user that may write."""

    model: str
    secret: str
    opcua: int = 0  # 0 lets the kernel choose
    modbus: int = 0
    modbus_gate: int = 0

    def words(self, folder: Path, faults: Iterable[str], *more: str, speed: str = "1") -> list[str]:
        """Returns the command line that serves it. The password is written into the folder."""
        file = folder / "gate-secret"
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "w") as open_file:
            open_file.write(self.secret)
        return [
            "plants", "serve", self.model, "--json", "--speed", speed,
            "--opcua-port", str(self.opcua), "--modbus-port", str(self.modbus),
            "--modbus-gate-port", str(self.modbus_gate), "--gate-secret", str(file),
            *(word for fault in faults for word in ("--fault", fault)), *more,
        ]  # fmt: skip


def new_plant(model: str) -> ServedPlant:
    """Returns a plant at ports that are free."""
    return ServedPlant(model, token_urlsafe(18))


def plant_of(site: Site) -> ServedPlant:
    """Returns the plant that a site is for, by the application URI of its OPC UA connection.

    Raises:
        ConfigError: It has not one OPC UA connection to an installed plant.
        NotConnected: The password of the gate cannot be read.
    """
    models = {namespace_uri(name): name for name in plant_names()}
    opcua = [(n, each) for n, each in site.connections.items() if isinstance(each, OpcuaConnection)]
    modbus = [each for each in site.connections.values() if isinstance(each, ModbusConnection)]
    name, dcs = opcua[0] if opcua else ("", None)
    if dcs is None or dcs.application_uri not in models:
        raise _no_plant(site, "which needs an application_uri of one of " + ", ".join(models))
    if len(opcua) > 1 or len(modbus) > 1:
        raise _no_plant(site, "and at most one Modbus connection")
    return ServedPlant(
        models[dcs.application_uri],
        resolve_secret(dcs.write.secret, site.root, name) if dcs.write else token_urlsafe(18),
        urlsplit(dcs.endpoint).port or _OPCUA_PORT,
        modbus[0].read.port if modbus else 0,
        modbus[0].write.port if modbus and modbus[0].write else 0,
    )


def _no_plant(site: Site, words: str) -> ConfigError:
    reason = f"a simulated plant serves one OPC UA connection, {words}"
    return ConfigError.of(reason, site.root / SITE_FILE, "connections")


def check_simulated(site: Site) -> None:
    """Raises `ConfigError` with all connections that are not simulated on this machine."""
    problems = list[Problem]()
    for name, each in site.connections.items():
        if isinstance(each, InstalledConnection):
            fault = f"no simulated plant serves {each.kind}"
        elif not each.simulated:
            fault = "is not marked simulated: true"
        elif not is_loopback(each.host):
            fault = f"{each.host} is not this machine"
        else:
            continue
        reason = f"{fault}; this works with simulated plants only, so nothing was started"
        problems.append(Problem(str(site.root / SITE_FILE), 0, 0, f"connections.{name}", reason))
    if problems:
        raise ConfigError(problems)
