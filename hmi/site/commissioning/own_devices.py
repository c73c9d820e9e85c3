"""Making of a site from devices of one's own, with all that they tell."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic

import typer

from handwheel.connectors.client.site_reader import read_reachable
from handwheel.connectors.errors import NotConnected, made_of_each
from handwheel.connectors.hints import NEXT, name_site
from handwheel.connectors.model.endpoints import ModbusConnection
from handwheel.connectors.model.site import Site, load_site
from handwheel.connectors.model.values import Quality

from ...shell.cli.exits import WAITING
from ...shell.cli.json_result import tell_result
from ...shell.terminal.plural import counted
from ...shell.terminal.progress import reporting_progress
from ...shell.terminal.wrap import fold
from ..files.device_site import (
    DeviceConnection,
    device_files,
    new_site_folder,
    parse_device_url,
    site_id_of,
)
from ..files.tag_file_edit import tag_lines, with_tags
from ..tags.connection_text import reading_lines
from ..tags.imported_tags import TagMerge, TagSource, merge, source_of
from .contact_text import (
    Contact,
    ServerContact,
    contact_fields,
    contact_lines,
    contact_server,
    contact_unit,
    next_steps,
)

_SHOWN = 12  # values of each server
_FOLDED = 12


def connections_of(urls: Sequence[str]) -> dict[str, DeviceConnection]:
    """Returns the connections for addresses as typed, named by their protocol and number.

    Raises:
        ConfigError: Every address that is wrong.
    """
    found: dict[str, DeviceConnection] = {}
    for config in made_of_each(parse_device_url, urls):
        number = sum(each.kind == config.kind for each in found.values()) + 1
        found[f"{config.kind}{number if number > 1 else ''}"] = config
    return found


async def make_own_site(directory: Path, urls: Sequence[str]) -> None:
    """Makes a site from what the devices tell, prints it, and names the next commands.

    Raises:
        ConfigError: An address is wrong, or the folder is not empty or cannot be written.
        NotConnected: Devices that do not answer. Then no site is made.
        SystemExit: The site is made, and a person must act at a server before it can be read.
    """
    wanted = connections_of(urls)
    doing = dict.fromkeys(wanted, "connecting")
    with new_site_folder(directory) as draft:
        async with reporting_progress(doing):
            contacts = await _contacts(wanted, draft, site_id_of(directory), doing)
        configs = {name: contact.config for name, contact in contacts.items()}
        for name, text in device_files(site_id_of(directory), configs).items():
            (draft / name).write_text(text, encoding="utf-8")
        merged = {
            name: _add_tags(draft, name, contact)
            for name, contact in contacts.items()
            if isinstance(contact, ServerContact) and contact.found
        }
        values = await _value_lines(load_site(draft))
    name_site(directory)
    made = (
        f"{directory}: a site with {counted(len(contacts), 'device')}, which Handwheel only reads"
    )
    steps = next_steps(contacts)
    for line in [made, *contact_lines(contacts, merged, values), *steps]:
        typer.echo(fold(line.replace(str(draft), str(directory)), _FOLDED))
    devices = {name: contact_fields(each, merged.get(name)) for name, each in contacts.items()}
    commands = [each.removeprefix(NEXT) for each in steps]
    tell_result(path=str(directory), connections=devices, next=commands)
    if any(isinstance(each, ServerContact) and not each.found for each in contacts.values()):
        raise SystemExit(WAITING)


async def _contacts(
    wanted: Mapping[str, DeviceConnection],
    draft: Path,
    site_id: str,
    doing: dict[str, str],
) -> dict[str, Contact]:
    contacts: dict[str, Contact] = {}
    down: dict[str, str] = {}
    for name, config in wanted.items():

        def report(what: str, name: str = name) -> None:
            doing[name] = what

        try:
            if isinstance(config, ModbusConnection):
                contacts[name] = await contact_unit(name, config, report)
            else:
                contacts[name] = await contact_server(name, config, draft, site_id, report)
        except NotConnected as error:
            down |= error.endpoints
        del doing[name]
    if down:
        raise NotConnected(down)
    return contacts


def _add_tags(draft: Path, name: str, contact: ServerContact) -> tuple[TagSource, TagMerge]:
    assert contact.found is not None
    site = load_site(draft)
    variables = ((path, entry, 0) for path, entry in contact.found.variables)
    source = source_of(name, name, variables, site)
    merged = merge(site, source, is_writable=False)
    path = draft / "tags.yaml"
    text = with_tags(path.read_bytes(), tag_lines(merged.added), str(path))
    path.write_text(text, encoding="utf-8")
    return source, merged


async def _value_lines(site: Site) -> Mapping[str, Sequence[str]]:
    """Returns the first values of each connection, and how many of all are good."""
    readings, _ = await read_reachable(site, list(site.tags.values()))
    lines: dict[str, Sequence[str]] = {}
    for name in site.connections:
        tags = [
            tag for tag in site.tags.values() if tag.name in readings and tag.connection == name
        ]
        good = sum(readings[tag.name].quality is Quality.GOOD for tag in tags)
        shown = list(reading_lines(tags[:_SHOWN], readings, monotonic()))
        lines[name] = [*shown, f"{good} of {counted(len(tags), 'tag')} read good"] if tags else []
    return lines
