"""The command `handwheel init`."""

from pathlib import Path
from typing import Annotated

import typer

from handwheel.connectors.hints import name_site, shell_command

from ...site.files.site_template import GATE_SECRET, PlantEndpoints, write_site
from .installed_plants import create_plant


def command(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make.")],
    plant: Annotated[str, typer.Option(help="The simulated plant.")] = "cw-100",
    opcua_port: Annotated[
        int, typer.Option(min=1, max=65535, help="Where the plant serves OPC UA.")
    ] = 4840,
    modbus_port: Annotated[
        int, typer.Option(min=1, max=65535, help="Where the plant serves Modbus.")
    ] = 5020,
    modbus_gate_port: Annotated[
        int, typer.Option(min=1, max=65535, help="Where the plant serves Modbus for the gate.")
    ] = 5021,
) -> None:
    """Make a site for a simulated plant.

    An existing folder must be empty: nothing is ever overwritten.
    """
    link = PlantEndpoints(opcua_port, modbus_port, gate=modbus_gate_port)
    write_site(directory, create_plant(plant), link)
    ports: list[str] = []
    if link != PlantEndpoints():
        ports += ["--opcua-port", str(opcua_port), "--modbus-port", str(modbus_port)]
        ports += ["--modbus-gate-port", str(modbus_gate_port)]
    secret = str(directory / GATE_SECRET)
    serve = shell_command("plant", "serve", plant, "--gate-secret", secret, *ports)
    name_site(directory)
    typer.echo(f"{directory}: a site for {plant}")
    typer.echo(f"next, in another shell: {serve}")
    typer.echo(f"then: {shell_command('check', '--online')}")
