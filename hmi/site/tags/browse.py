"""Browsing of a device from a node downwards."""

import json
from typing import Any

import typer

from handwheel.connectors.client.browse import walk
from handwheel.connectors.client.one_shot import open_session
from handwheel.connectors.client.site_reader import ConnectorFor, connector_for
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.hints import did_you_mean, next_step
from handwheel.connectors.model.endpoints import ModbusConnection
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import NodeAddress
from handwheel.connectors.session.protocols import Browses
from handwheel.tools.safe_text import printable

from ...shell.cli.field_lines import print_lines
from ...shell.terminal.progress import reporting_progress
from .browse_text import BrowseLines

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
