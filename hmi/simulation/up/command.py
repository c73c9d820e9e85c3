"""The command `handwheel up`."""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from ...shell.cli.completion import complete_plant
from ...shell.cli.exits import fail
from ...shell.cli.interrupts import uninterrupted_import
from ...shell.cli.signer_options import AsOption
from ...shell.terminal.prompt import NO_TERMINAL
from ...shell.terminal.stdin import open_descriptor


def command(
    plant: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="The plant of a temporary site. Default: cw-100.",
            autocompletion=complete_plant,
        ),
    ] = None,
    site: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="A site of your own, with its plant at its ports."),
    ] = None,
    person: AsOption = None,
    fault: Annotated[
        str | None,
        typer.Option(metavar="ID", help="A fault of the plant, such as F01 or F02@1min,plug=28."),
    ] = None,
) -> None:
    """Run a simulated plant, gate, agents and the console in one terminal.

    Without --site everything is in a temporary folder, which is removed at the end, and you are
    three throw-away people, since nobody approves their own request. Your own site is used as it
    is if people are enrolled there, else a copy of it. When a playbook, the policy, the tags or
    the site change, the processes that have read them start again. A device that is not
    simulated on this machine is refused. quit and Ctrl-C end everything.

    Exit codes: 0 ended, 1 the person may not, 2 no terminal, wrong usage or configuration.
    """
    if plant is not None and site is not None:
        fail("give --plant or --site, not both: a site names its own plant")
    terminal = open_descriptor()
    if terminal is None or not (os.isatty(terminal) and sys.stdout.isatty()):
        fail(NO_TERMINAL)
    with uninterrupted_import():
        from .session import run_session
    try:
        with TemporaryDirectory(prefix="handwheel-up-") as folder:
            run_session(Path(folder), plant, site, fault, person)
    except KeyboardInterrupt:
        typer.echo("")
    typer.echo("plant, gate and agents have ended")
