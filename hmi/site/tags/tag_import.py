"""Import of tags from a device or a file into a site's `tags.yaml`."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer

from handwheel.connectors.client.browse import find_variables
from handwheel.connectors.client.one_shot import open_session
from handwheel.connectors.client.site_reader import connector_for
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.hints import did_you_mean, next_step
from handwheel.connectors.model.endpoints import InstalledConnection, ModbusConnection
from handwheel.connectors.model.site import Site, load_site
from handwheel.connectors.session.protocols import Browses
from handwheel.tools.atomic_files import replace_file
from handwheel.tools.safe_text import printable

from ...shell.cli.field_lines import print_lines
from ...shell.terminal.plural import counted
from ...shell.terminal.progress import reporting_progress
from ...shell.terminal.show import Column, table_lines
from ...shell.terminal.templates import render
from ...shell.terminal.wrap import folded
from ..files.tag_file_edit import tag_lines, with_tags
from ..files.yaml_flow import flow
from .csv_tags import read_csv
from .device_types import has_parts
from .imported_tags import TagMerge, TagSource, merge, source_of

_MOST = 100_000
_SHOWN = 20
_CSV, _XML = ".csv", ".xml"


async def browsed_source(site: Site, connection: str, node: str) -> TagSource:
    """Returns the variables of an OPC UA server below a node, by default all of them.

    Raises:
        ConfigError: The connection is of Modbus, or there is no such node.
        NotConnected: The server cannot be reached, or was lost meanwhile.
    """
    config = site.connections[connection]
    if isinstance(config, ModbusConnection):
        following = next_step("tags", "peek", connection, "holding", "0..40")
        raise ConfigError.of(f"{connection}: Modbus does not tell what there is; {following}")
    if isinstance(config, InstalledConnection):
        reason = f"tags of {config.kind} are not imported by browsing; list them in a CSV file"
        raise ConfigError.of(f"{connection}: {reason}")
    doing = {connection: "connecting"}

    def report(count: int) -> None:
        doing[connection] = f"browsing, {counted(count, 'variable')} so far"

    async with reporting_progress(doing), open_session(connector_for(site, connection)) as session:
        if not isinstance(session, Browses):
            raise ConfigError.of(f"{connection}: this device cannot be browsed")
        try:
            found = await find_variables(session, node, _MOST, has_parts, report)
        except ValueError as error:
            raise ConfigError.of(f"{connection}: cannot browse {printable(str(error))}") from None
    variables = ((path, entry, 0) for path, entry in found.variables)
    return source_of(connection, connection, variables, site)


def file_source(site: Site, path: Path, connection: str) -> TagSource:
    """Returns the tags of a CSV file or the variables of a NodeSet2 file.

    Args:
        connection: The one that they are on; empty for the only one of their protocol.

    Raises:
        ConfigError: There is no such connection or file, or it is wrong; every problem.
    """
    if connection and connection not in site.connections:
        raise ConfigError.of(_no_connection(site, connection))
    if path.suffix.lower() == _CSV:
        return read_csv(path, site, connection)
    if path.suffix.lower() != _XML:
        known = ", ".join(site.connections) or "none"
        what = f"no connection (known: {known}) and no file that ends in {_CSV} or {_XML}"
        raise ConfigError.of(f"{str(path)!r} is {what}")
    from handwheel.connectors.opcua.nodeset import read_nodeset

    fitting = [name for name, each in site.connections.items() if each.kind == "opcua"]
    if connection:
        fitting = [connection]
    if len(fitting) != 1:
        named = " or ".join(f"--connection {name}" for name in fitting) or "there is none of OPC UA"
        raise ConfigError.of(f"{path}: of which connection? {named}")
    return source_of(str(path), fitting[0], read_nodeset(path), site)


def import_tags(
    site: Site, source: TagSource, *, is_writable: bool, is_dry: bool, as_json: bool
) -> None:
    """Adds a source's new tags to `tags.yaml` and prints what was done.

    Raises:
        ConfigError: A tag is wrong or does not fit; then the file is not changed.
        OSError: The file cannot be written.
    """
    site = load_site(site.root)  # it may have been changed while the device was browsed
    merged = merge(site, source, is_writable=is_writable)
    path = site.root / site.tags_file
    lines = tag_lines(merged.added)
    if lines:
        content = path.read_bytes() if path.exists() else b""
        text = with_tags(content, lines, str(path))
        if not is_dry:
            replace_file(path, text)
    if as_json:
        typer.echo(json.dumps(_fields(source, merged)))
        return
    would = "would be added" if is_dry else "added"
    typer.echo(f"{counted(len(lines), 'tag')} {would} to {printable(str(path))}")
    print_lines(folded([*added_lines(merged), *report_lines(source, merged, is_dry=is_dry)]))
    if lines and not is_dry:
        typer.echo(next_step("tags", "read"))


_COLUMNS: list[Column[tuple[str, Mapping[str, Any]]]] = [
    Column("tag", lambda each: f"  {each[0]}"),
    Column("type", lambda each: each[1]["type"]),
    Column("unit", lambda each: each[1].get("unit")),
    Column("range", lambda each: flow(each[1]["range"]) if "range" in each[1] else ""),
]


def added_lines(merged: TagMerge) -> Iterator[str]:
    """Yields a line for each of the first new tags, and the number of the others."""
    yield from table_lines(list(merged.added.items())[:_SHOWN], _COLUMNS)
    if len(merged.added) > _SHOWN:
        yield f"  … and {len(merged.added) - _SHOWN} more"


def report_lines(source: TagSource, merged: TagMerge, *, is_dry: bool = False) -> list[str]:
    """Returns what became of the tags that were not added as their source has them."""
    shown = render(
        "handwheel.hmi.site.tags", "tag_import.txt.j2", source=source, merged=merged, is_dry=is_dry
    )
    return shown.splitlines()


def _fields(source: TagSource, merged: TagMerge) -> dict[str, object]:
    return {
        "added": {name: dict(entry) for name, entry in merged.added.items()},
        "already_there": merged.same_count,
        "different": list(merged.differences),
        "left_out": list(merged.left_out),
        "untyped": dict(source.untyped),
        "read_only": merged.read_only_count,
    }


def _no_connection(site: Site, name: str) -> str:
    known = ", ".join(site.connections) or "none"
    hint = did_you_mean(name, site.connections) or f"; known: {known}"
    return f"there is no connection {name!r}{hint}"
