"""Browsing of a device from a node downwards."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import typer

from handwheel.connectors.client.browse import Level, is_of_plant, walk
from handwheel.connectors.client.one_shot import open_session
from handwheel.connectors.client.site_reader import ConnectorFor, connector_for
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.hints import did_you_mean, next_step
from handwheel.connectors.model.endpoints import ModbusConnection
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import NodeAddress, Tag
from handwheel.connectors.session.protocols import BrowseEntry, Browses, Description
from handwheel.tools.safe_text import printable

from ...shell.cli.field_lines import print_lines
from ...shell.terminal.plural import counted
from ...shell.terminal.progress import reporting_progress
from ..files.yaml_flow import flow
from .device_types import TagNames, proposed_kind

_NAME_WIDTH = 30


class BrowseLines:
    """Formats nodes as lines, variables as entries and the others as comments."""

    def __init__(self, connection: str, tags: Mapping[str, Tag]) -> None:
        self._connection = connection
        self._names = TagNames(tags)
        self._known: dict[str, dict[str, str]] = {}
        for tag in tags.values():
            if tag.connection == connection and isinstance(tag.address, NodeAddress):
                self._known.setdefault(tag.address.node, {})[tag.address.index] = tag.name

    def lines(self, level: Level) -> Iterator[str]:
        """Yields a heading and a line for each entry of a level."""
        name = printable(level.name or level.node)
        if not level.entries:
            yield f"  # nothing below {name or 'the top'}"
        elif level.name:
            yield f"  # below {name}"
        parent = level.name or _identifier(level.node)
        for entry in level.entries:
            if entry.node:
                yield from (f"  {line}" for line in self._lines(entry, parent))
        nameless = [printable(each.name, _NAME_WIDTH) for each in level.entries if not each.node]
        if nameless:
            named = f"{', '.join(nameless[:3])}{', …' * (len(nameless) > 3)}"
            count = counted(len(nameless), "node")
            yield f"  # {count} left out, no tag can address them: {named}"
        objects = [each for each in level.entries if each.kind == "object" and each.node]
        if level.is_last and objects:
            likely = max(objects, key=is_of_plant)  # the first of them
            yield f"  # {next_step('tags', 'browse', self._connection, printable(likely.node))}"

    def _lines(self, entry: BrowseEntry, parent: str) -> Iterator[str]:
        name, node = printable(entry.name), printable(entry.node)
        if entry.kind != "variable":
            yield f"# {entry.kind} {name}: {node}"
            return
        known = self._known.get(entry.node, {})
        if known:
            tags = [f"{tag} [{index}]" if index else tag for index, tag in known.items()]
            yield f"# {', '.join(tags)} already: {node}"
        if "" in known:
            return
        fields = tag_fields(self._connection, entry)
        if fields is not None:
            remark = "  # writable there" if _is_writable(entry) else ""
            yield f"{self._names.propose(entry.name, parent)}: {flow(fields)}{remark}"
        elif not known:
            kind = printable(entry.description.type) if entry.description else ""
            yield f"# variable {name}{f', type {kind}' * bool(kind)}: {node}"

    def fields(self, level: Level) -> Iterator[dict[str, Any]]:
        """Yields the same as JSON fields, with the `tags.yaml` entry in `entry`.

        A node that no tag can name is `null`.
        """
        parent = level.name or _identifier(level.node)
        for entry in level.entries:
            known = self._known.get(entry.node, {})
            is_open = entry.kind == "variable" and bool(entry.node) and "" not in known
            proposal = tag_fields(self._connection, entry) if is_open else None
            yield {
                "below": level.node,
                "node": entry.node or None,
                "name": entry.name,
                "kind": entry.kind,
                "type": entry.description.type if entry.description else "",
                "writable": _is_writable(entry),
                "tag": known.get(""),
                "elements": {tag: index for index, tag in known.items() if index},
                "proposed": self._names.propose(entry.name, parent) if proposal else None,
                "entry": proposal,
            }


def _is_writable(entry: BrowseEntry) -> bool:
    return entry.description is not None and entry.description.is_writable


def _identifier(node: str) -> str:
    """Returns the last part of a string node id, such as `Boiler` of `s=Area/Boiler`."""
    kind, _, text = node.rpartition(";")[2].partition("=")
    return text.replace("/", ".").rpartition(".")[2] if kind == "s" else ""


def tag_fields(connection: str, entry: BrowseEntry) -> dict[str, object] | None:
    """Returns a variable's entry of `tags.yaml`, or `None` if tags have no such type."""
    described = entry.description or Description()
    kind = proposed_kind(described)
    if kind is None:
        return None
    has_span = described.span is not None and described.span[0] < described.span[1]
    fields: dict[str, object] = {
        "connection": connection,
        "node": entry.node,
        "type": kind,
        "unit": described.unit,
        "range": list(described.span or ()) if has_span else None,
        "members": dict(described.members) if kind == "enum" else None,
        "array": described.is_array,
    }
    return {key: value for key, value in fields.items() if value}


_NO_BROWSING = (
    "a Modbus device has numbered registers and does not say what they are, so it cannot be browsed"
)


async def browse(
    site: Site,
    connection: str,
    node: str,
    depth: int,
    *,
    as_json: bool,
    connector: ConnectorFor = connector_for,
) -> None:
    """Prints the nodes below a node as they are found, and progress on standard error.

    Raises:
        ConfigError: There is no such connection or node, or the device cannot be browsed.
        NotConnected: The device cannot be reached, or was lost meanwhile.
    """
    if connection not in site.connections:
        hint = did_you_mean(connection, site.connections)
        raise ConfigError.of(f"there is no connection {connection!r}{hint}")
    if isinstance(site.connections[connection], ModbusConnection):
        following = next_step("tags", "peek", connection, "holding", "0..40")
        raise ConfigError.of(f"{connection}: {_NO_BROWSING}; {following}")
    lines, found, count = BrowseLines(connection, site.tags), list[dict[str, Any]](), 0
    doing = {connection: "connecting"}
    async with reporting_progress(doing), open_session(connector(site, connection)) as session:
        if not isinstance(session, Browses):
            raise ConfigError.of(f"{connection}: this device cannot be browsed")
        doing[connection] = "browsing"
        try:
            async for level in walk(session, node, depth):
                count += len(level.entries)
                doing[connection] = f"browsing, {count} nodes so far"
                if as_json:
                    found += lines.fields(level)
                else:
                    print_lines(lines.lines(level))
        except ValueError as error:
            hint = did_you_mean(node, await _nodes(site, connection, session)) if node else ""
            reason = f"{connection}: cannot browse {printable(str(error))}{hint}"
            raise ConfigError.of(reason) from None
    if as_json:
        typer.echo(json.dumps(found))


async def _nodes(site: Site, connection: str, session: Browses) -> list[str]:
    found = [
        tag.address.node
        for tag in site.tags.values()
        if tag.connection == connection and isinstance(tag.address, NodeAddress)
    ]
    async for level in walk(session, "", 2):
        found += [entry.node for entry in level.entries if entry.node]
    return found
