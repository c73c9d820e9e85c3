"""The command `handwheel init`."""

from pathlib import Path
from typing import Annotated

import typer

from handwheel.connectors.hints import NEXT, name_site, shell_command
from handwheel.evaluation.plants.installed_plants import create_plant

from ...shell.cli.exits import run
from ...shell.cli.interrupts import uninterrupted_import
from ...shell.cli.json_result import ResultOption, tell_result
from ...shell.terminal.wrap import fold
from ...site.files.site_template import GATE_SECRET, PlantEndpoints, write_site

_USUAL = "cw-100"


def command(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make.")],
    connect: Annotated[
        list[str] | None,
        typer.Option(
            metavar="URL",
            help="A device of your own, opc.tcp://HOST:4840 or modbus://HOST:502/UNIT. Repeatable.",
        ),
    ] = None,
    plant: Annotated[
        str | None, typer.Option(help="The simulated plant. Default: cw-100.", show_default=False)
    ] = None,
    opcua_port: Annotated[
        int, typer.Option(min=1, max=65535, help="Where the plant serves OPC UA.")
    ] = 4840,
    modbus_port: Annotated[
        int, typer.Option(min=1, max=65535, help="Where the plant serves Modbus.")
    ] = 5020,
    modbus_gate_port: Annotated[
        int, typer.Option(min=1, max=65535, help="Where the plant serves Modbus for the gate.")
    ] = 5021,
    as_json: ResultOption = False,
) -> None:
    """Make a site for a simulated plant, or with --connect for your own devices.

    Own devices are only read: a server's variables become tags, and of a Modbus unit it is
    found out which addresses answer. An existing folder must be empty: nothing is overwritten.

    Exit codes: 0 made, 2 wrong usage or the folder is not empty, 3 a device does not answer,
    and no site is made, 4 made, but a server opens no session until somebody acts there.
    """
    link = PlantEndpoints(opcua_port, modbus_port, gate=modbus_gate_port)
    if connect:
        if plant is not None or link != PlantEndpoints():
            raise typer.BadParameter("--connect is for your own devices, not for a plant")
        with uninterrupted_import():
            from ...site.commissioning.own_devices import make_own_site

        run(make_own_site(directory, connect))
        return
    _make_plant_site(directory, plant or _USUAL, link)


def _make_plant_site(directory: Path, plant: str, link: PlantEndpoints) -> None:
    write_site(directory, create_plant(plant), link)
    ports: list[str] = []
    if link != PlantEndpoints():
        ports += ["--opcua-port", str(link.opcua), "--modbus-port", str(link.modbus)]
        ports += ["--modbus-gate-port", str(link.gate)]
    secret = str(directory / GATE_SECRET)
    serve = shell_command("plants", "serve", plant, "--gate-secret", secret, *ports)
    name_site(directory)
    typer.echo(f"{directory}: a site for {plant}")
    typer.echo(fold(f"serve it in another shell; {NEXT}{serve}"))
    check = shell_command("check", "--online")
    typer.echo(f"then: {check}")
    tell_result(path=str(directory), plant=plant, next=[serve, check])
