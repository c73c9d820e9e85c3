"""Command `handwheel desk`, which runs the operator's console."""

from typing import Annotated

import typer

from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.requests.timestamps import instant_now

from ..people.signing import find_person
from ..shell.cli.exits import fail
from ..shell.cli.open_site import open_site
from ..shell.cli.options import SiteOption, option_s
from ..shell.cli.signer_options import AsOption
from .console import run_console
from .lock_states import LONGEST_LOCK_S, SHORTEST_LOCK_S


def command(
    person: AsOption = None,
    lock_after: Annotated[
        str, typer.Option(metavar="TIME", help="Idle time until it locks; 1min..15min.")
    ] = "5min",
    site: SiteOption = None,
) -> None:
    """Work a shift at this console, which shows requests and approves or rejects them.

    The passphrase is asked for at the start and whenever the console has locked: after idle time,
    after the machine slept, on Ctrl-Z, on lock, after a shift handover, and when the person's
    record or key is no longer valid.

    Exit codes: 0 ended by quit, 1 the person may not, 2 no terminal, no passphrase or wrong
    configuration, 3 no gate runs, 130 stopped by Ctrl-C.
    """
    lock_after_s = option_s(lock_after, "--lock-after")
    if not SHORTEST_LOCK_S <= lock_after_s <= LONGEST_LOCK_S:
        fail("--lock-after: must lie between 1min and 15min")
    opened = open_site(site)
    now = instant_now().wall
    operator = find_person(opened, load_roster(opened), person, now, administrator=False)
    run_console(opened, operator.person, lock_after_s)
