"""The commands `handwheel connection`."""

from typing import Annotated

import typer

from ...shell.cli.completion import complete_connection
from ...shell.cli.exits import run
from ...shell.cli.interrupts import uninterrupted_import
from ...shell.cli.open_site import open_site
from ...shell.cli.options import JsonOption, SiteOption

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Keeps the group a group, although it has a single command."""


@app.command("trust")
def trust(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="An OPC UA connection of site.yaml.",
            autocompletion=complete_connection,
        ),
    ],
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
