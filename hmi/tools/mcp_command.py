"""Command `handwheel mcp`, which serves the tools to programs that speak MCP."""

import sys
from typing import Annotated

import typer

from handwheel.connectors.errors import ConfigError, os_reason
from handwheel.site_tools import site_tools

from ..shell.cli.exits import fail, mcp_sdk, report, run
from ..shell.cli.open_site import open_served_site
from ..shell.cli.options import SiteOption
from ..shell.cli.stdio import screen_output


def command(
    http: Annotated[
        int | None,
        typer.Option(
            metavar="PORT", min=0, max=65535, help="Serve by HTTP on 127.0.0.1; 0 takes any port."
        ),
    ] = None,
    site: SiteOption = None,
) -> None:
    """Serve the tools by MCP, on standard input and output unless --http is given.

    Peers read the plant, propose, and ask for outcomes. None of the tools approves or writes. By
    HTTP every program on this machine can call them.

    Exit codes: 0 the peer has closed the connection, 2 wrong usage or configuration, or the port
    is taken.
    """
    opened = open_served_site(site)
    with mcp_sdk():
        from handwheel.mcp.server import mcp_server
        from handwheel.mcp.transports import address, listen, log_to_stderr, serve_http, serve_stdio
    tools, problems = site_tools(opened)
    if problems:
        report(str(ConfigError(problems)))
    log_to_stderr()
    server = mcp_server(opened.root, tools)
    if http is None:
        sys.stdout = screen_output(
            sys.stdout
        )  # the SDK takes the stream itself, for the peer alone
        run(serve_stdio(server))
        return
    try:
        listening = listen(http)
    except OSError as error:
        fail(f"port {http}: {os_reason(error)}; name another with --http")
    with listening:
        report(f"serving MCP at {address(listening)}")
        run(serve_http(server, listening))
