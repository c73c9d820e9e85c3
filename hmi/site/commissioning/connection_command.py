"""The commands `handwheel connections`."""

from operator import itemgetter

import typer

from handwheel.connectors.hints import next_step
from handwheel.connectors.model.endpoints import ModbusConnection, OpcuaConnection
from handwheel.connectors.model.site import Site
from handwheel.tools.errors import InvalidArguments

from ...shell.cli.exits import run
from ...shell.cli.field_lines import print_fields
from ...shell.cli.interrupts import uninterrupted_import
from ...shell.cli.open_site import open_site
from ...shell.cli.options import ConnectionArgument, JsonOption, SiteOption
from ...shell.terminal.show import Column
from ...shell.terminal.show import show as show_list

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_COLUMNS: list[Column[dict[str, object]]] = [
    Column("name", itemgetter("name")),
    Column("kind", itemgetter("kind"), width=6),
    Column("address", itemgetter("address")),
    Column("tags", lambda each: f"{each['tags']} tags"),
]


@app.command("list")
def list_connections(site: SiteOption = None, as_json: JsonOption = False) -> None:
    """List the connections of the site, without connecting.

    Exit codes: 0 listed, 2 wrong usage or configuration.
    """
    opened = open_site(site)
    found = [_description(opened, name) for name in opened.connections]
    show_list(found, _COLUMNS, fields=dict, as_json=as_json)


@app.command("show")
def show(
    name: ConnectionArgument,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a connection of the site, without connecting.

    Exit codes: 0 shown, 2 no such connection or wrong configuration.
    """
    opened = open_site(site)
    if name not in opened.connections:
        step = next_step("connections", "list")
        raise InvalidArguments(f"{name!a} is no connection of this site; {step}")
    print_fields(_description(opened, name), as_json=as_json)


def _description(site: Site, name: str) -> dict[str, object]:
    config = site.connections[name]
    address, security = config.where, None
    if isinstance(config, OpcuaConnection):
        security = config.security
    elif isinstance(config, ModbusConnection):
        address = f"{config.host}, unit {config.unit}"
    return {
        "name": name,
        "kind": config.kind,
        "address": address,
        "security": security,
        "simulated": config.simulated,
        "gate_writes": config.write is not None,
        "scan_s": config.scan,
        "tags": sum(tag.connection == name for tag in site.tags.values()),
    }


@app.command("trust")
def trust(
    name: ConnectionArgument,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the site's key, and show how to exchange certificates.

    The server's certificate is not verified here. Compare its thumbprint with the server's
    administrator. site.yaml is not changed.

    Exit codes: 0 shown, 1 the server's certificate cannot be used, or another is pinned,
    2 no such connection, or it is not OPC UA, 3 not reachable.
    """
    with uninterrupted_import():
        from .opcua_trust import trust_server

    run(trust_server(open_site(site), name, as_json=as_json))
