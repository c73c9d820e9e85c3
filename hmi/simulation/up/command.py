"""The command `handwheel up`."""

import os
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from ...shell.cli.completion import complete_plant
from ...shell.cli.exits import fail
from ...shell.cli.interrupts import uninterrupted_import
from ...shell.cli.options import option_s
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
    headless: Annotated[
        bool, typer.Option("--headless", help="No console: a program works with a temporary site.")
    ] = False,
    approve_after: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="With --headless, a script approves after this time."),
    ] = None,
) -> None:
    """Run a simulated plant, gate, agents and the console in one terminal.

    Without --site everything is in a temporary folder, which is removed at the end, and you are
    three throw-away people, since nobody approves their own request. Your own site is used as it
    is if people are enrolled there, else a copy of it. When a playbook, the policy, the tags or
    the site change, the processes that have read them start again. A device that is not
    simulated on this machine is refused. quit and Ctrl-C end everything.

    With --headless it prints one line of JSON with the site's folder, takes lines for the plant
    from standard input, such as speed 5, and ends with it. People approve in another shell, with
    handwheel desk; with --approve-after a script does, and the journal records that.

    Exit codes: 0 ended, 1 the person may not, 2 no terminal, wrong usage or configuration.
    """
    if plant is not None and site is not None:
        fail("give --plant or --site, not both: a site names its own plant")
    if headless:
        _run_headless(plant, site, fault, approve_after)
        return
    if approve_after is not None:
        fail("--approve-after goes with --headless")
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


def _run_headless(
    plant: str | None, site: Path | None, fault: str | None, approve_after: str | None
) -> None:
    if site is not None:
        fail("--headless works with a temporary site; leave --site out")
    after_s = None if approve_after is None else option_s(approve_after, "--approve-after")
    with uninterrupted_import():
        from .headless import run_headless
    with suppress(KeyboardInterrupt), TemporaryDirectory(prefix="handwheel-up-") as folder:
        run_headless(Path(folder), plant, fault, after_s)
