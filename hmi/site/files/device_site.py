"""Files and first tags of a site for devices of one's own, named by their addresses."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from pydantic import ValidationError

from handwheel.connectors.errors import ConfigError, Problem
from handwheel.connectors.hints import next_step, shell_command
from handwheel.connectors.model.endpoints import (
    InstalledConnection,
    ModbusConnection,
    OpcuaConnection,
    ReadPort,
)
from handwheel.connectors.model.site import Site
from handwheel.tools.safe_text import printable

from ...shell.terminal.templates import render
from .yaml_flow import flow

DeviceConnection = OpcuaConnection | ModbusConnection

MODBUS = "modbus://"
_FORMS = "write opc.tcp://HOST:4840 or modbus://HOST:502/UNIT"
_MODBUS_PORT, _UNIT = 502, 1


def parse_device_url(text: str) -> DeviceConnection:
    """Returns the connection that an address describes, with the usual port and unit 1.

    Raises:
        ConfigError: It is no such address.
    """
    try:
        if text.startswith(MODBUS):
            return _modbus_at(text)
        if not text.startswith("opc.tcp://"):
            raise ValueError(f"{text!r} is no address of a device; {_FORMS}")
        return OpcuaConnection(kind="opcua", endpoint=text)
    except ValidationError as error:
        reason = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        raise ConfigError.of(printable(f"{text!r}: {reason}")) from None
    except ValueError as error:
        raise ConfigError.of(printable(str(error))) from None


def _modbus_at(text: str) -> ModbusConnection:
    wrong = ValueError(f"{text!r} is no address of a Modbus device; write modbus://HOST:502/UNIT")
    try:
        parts = urlsplit(text)
        port, unit = parts.port or _MODBUS_PORT, int(parts.path.strip("/") or _UNIT)
    except ValueError:
        raise wrong from None
    if not parts.hostname or parts.username or parts.query or parts.fragment:
        raise wrong
    host = parts.hostname
    return ModbusConnection(kind="modbus", host=host, unit=unit, read=ReadPort(port=port))


def check_has_tags(site: Site) -> None:
    """Checks that a site has tags.

    Raises:
        ConfigError: It has none yet; with the commands that lead to the first ones.
    """
    if not site.tags:
        raise ConfigError([Problem("", 0, 0, "", each) for each in first_tags_lines(site)])


def first_tags_lines(site: Site) -> Iterator[str]:
    """Yields one line for each connection of a site without tags, with the next command."""
    if not site.connections:
        yield f"no tags yet, and no connection; write one in {site.root / 'site.yaml'}"
    for name, config in site.connections.items():
        if isinstance(config, InstalledConnection):
            yield f"no tags yet on {name}; write them in {site.root / site.tags_file}, with item:"
            continue
        following = next_step("tags", "import", name)
        if isinstance(config, ModbusConnection):
            following = next_step("tags", "peek", name, "holding", "0..40")
        yield f"no tags yet on {name}; {following}"


def device_files(site_id: str, connections: Mapping[str, DeviceConnection]) -> dict[str, str]:
    """Returns the files of a site for devices that are only read, by their names.

    Its `tags.yaml` has no tags, and examples for Modbus, which cannot be browsed.
    """

    def peek(name: str) -> str:
        return shell_command("tags", "peek", name, "holding", "0..40")

    most = ModbusConnection.model_fields["max_registers"].default
    return {
        f"{name}.yaml": render(
            __package__, f"device_{name}.txt.j2", site_id=site_id, connections=connections,
            flow=flow, peek=peek, command=shell_command, most_registers=most,
        )
        for name in ("policy", "tags", "site")
    }  # fmt: skip
