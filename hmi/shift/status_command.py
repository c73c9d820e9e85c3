"""Command `handwheel status`, which shows a site on one page."""

from pathlib import Path

from ..people.lockout_lines import open_with_lockouts
from ..shell.cli.exits import WAITING, run
from ..shell.cli.field_lines import print_result
from ..shell.cli.open_site import open_site
from ..shell.cli.options import JsonOption, SiteOption
from ..shell.terminal.wrap import folded


def command(site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Show a site on one page, with what waits for a person.

    It shows processes, connections, authority, active alarms (tags `*.active` that are true), what
    waits with the command that answers it, lockouts and work orders too, and the last hour. It
    reads alarms and up to 20 more tags of each connection, for at most 4 seconds.

    Exit codes: 0 nothing waits for a person, 2 wrong usage or configuration, 3 there is no
    gate and the ledger is another user's, so only lockouts are shown, 4 something waits.
    """
    run(_show(site=site, as_json=as_json))


async def _show(*, site: Path | None, as_json: bool) -> None:
    from .site_status import read_site_status
    from .status_text import INDENT, status_fields, status_lines

    opened = open_site(site)
    with open_with_lockouts(opened, as_json=as_json) as database:
        status = await read_site_status(opened, database)
    print_result(status_fields(status), folded(status_lines(status), INDENT), as_json=as_json)
    if status.waiting:
        raise SystemExit(WAITING)
