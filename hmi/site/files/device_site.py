"""New folder of a site, and its files and first tags for devices of one's own."""

import re
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from pydantic import ValidationError

from handwheel.connectors.errors import ConfigError, Problem, os_reason
from handwheel.connectors.hints import next_step, shell_command
from handwheel.connectors.model.endpoints import (
    InstalledConnection,
    ModbusConnection,
    OpcuaConnection,
    ReadPort,
)
from handwheel.connectors.model.site import SITE_FILE, Site
from handwheel.tools.safe_text import printable

from ...shell.terminal.templates import render
from .yaml_flow import flow

_ENROLL = shell_command("operators", "enroll", "NAME", "--role", "ROLE")
_FILES = {
    ".gitignore": "var/\nsecrets/\n",
    "operators.yaml": f"# Who may decide; '{_ENROLL}' adds.\nschema: operators/1\noperators: []\n",
}


def site_id_of(directory: Path) -> str:
    """Returns the id of a site in this folder."""
    name = directory.resolve().name.lower()
    return re.sub(r"[^a-z0-9]+", "-", name).strip("-")[:63] or "site"


@contextmanager
def new_site_folder(directory: Path) -> Generator[Path]:
    """Yields a draft that becomes the site's folder when the context ends without an error.

    It has the files that every site has at first. An empty folder is kept, since it may be the
    working directory.

    Raises:
        ConfigError: The folder is not empty, or cannot be written.
    """
    if directory.is_symlink() and not directory.exists():
        raise ConfigError.of("is a symbolic link that leads nowhere", directory)
    try:
        place = directory.resolve()
        if place.exists() and (not place.is_dir() or any(place.iterdir())):
            raise ConfigError.of("exists and is not an empty folder", directory)
        beside = next(each for each in (place, *place.parents) if each.exists())
        with TemporaryDirectory(prefix=".handwheel-", dir=beside) as folder:
            draft = Path(folder, "site")
            draft.mkdir()
            for name, text in _FILES.items():
                (draft / name).write_text(text, encoding="utf-8")
            yield draft
            _install(draft, place)
    except OSError as error:
        raise ConfigError.of(os_reason(error), directory) from None


def _install(draft: Path, place: Path) -> None:
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        draft.rename(place)
        return
    # The site file is last, since with it the folder is a site.
    for path in sorted(draft.iterdir(), key=lambda path: path.name == SITE_FILE):
        path.rename(place / path.name)


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
            "handwheel.hmi.site.files", f"device_{name}.txt.j2",
            site_id=site_id, connections=connections,
            flow=flow, peek=peek, command=shell_command, most_registers=most,
        )
        for name in ("policy", "tags", "site")
    }  # fmt: skip
