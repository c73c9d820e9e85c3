"""The command `handwheel run`."""

import sys
from typing import Annotated

import typer

from ..shell.cli.exits import fail, run
from ..shell.cli.interrupts import uninterrupted_import
from ..shell.cli.open_site import open_served_site
from ..shell.cli.options import JsonOption, SiteOption
from ..shell.terminal.stdin import end_with_pipe


def command(
    shadow: Annotated[
        bool,
        typer.Option("--shadow", help="Only show what would be asked for, and file nothing."),
    ] = False,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run the agents of a site, which watch, diagnose and request writes by playbooks.

    The agents have no key and no session that can write. Operators approve their requests, and
    the gate executes them. Without a gate the agents request nothing. A site has one such process.

    A shadow judges the same cases on the same plant, and prints what the agents would ask for. It
    owns no equipment, so it may run beside them, and needs no gate, key or authority.

    Exit codes: 0 ended by a pipe's end, 1 another process works on the site's runs, 2 wrong usage
    or configuration, 130 stopped by Ctrl-C.
    """
    if not sys.platform.startswith("linux"):
        fail("the agents run on Linux only: they need its boot clock")
    with end_with_pipe() as note_start:
        with uninterrupted_import():
            if shadow:
                from .shadow import run_shadow as work
            else:
                from .agents import run_agents as work

        run(work(open_served_site(site), note_start, as_json=as_json))
