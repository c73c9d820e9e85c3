"""The command `handwheel gate`."""

import sys

from ..shell.cli.exits import fail, run
from ..shell.cli.interrupts import uninterrupted_import
from ..shell.cli.open_site import open_served_site
from ..shell.cli.options import JsonOption, SiteOption
from ..shell.terminal.stdin import end_with_pipe


def command(site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Run the gate of a site, which executes approved requests once and records them.

    There is one gate for each site. It decides nothing, and nobody else opens the ledger.

    Exit codes: 0 ended by a pipe's end, 1 another gate runs, 2 wrong usage or configuration, 130
    stopped by Ctrl-C.
    """
    if not sys.platform.startswith("linux"):
        fail("the gate runs on Linux only: it needs its boot clock and file locks")
    with end_with_pipe() as note_start:
        with uninterrupted_import():
            from .gate import run_gate

        run(run_gate(open_served_site(site), note_start, as_json=as_json))
