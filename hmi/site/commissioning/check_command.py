"""The command `handwheel check`."""

import json
import sys
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.site import Site, find_site
from handwheel.tools.guardrails.identity.enrolment import root_warning
from handwheel.tools.guardrails.identity.roster import load_roster

from ...shell.cli.exits import NO, run
from ...shell.cli.options import JsonOption, SiteOption
from ...shell.terminal.plural import counted
from ..files.first_tags import first_tags_lines
from .file_check import check_site, open_passwords
from .online_check import check_devices
from .online_report import report_fields, report_lines


def command(
    site: SiteOption = None,
    online: Annotated[
        bool, typer.Option("--online", help="Also read every tag, and log in to write.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List every problem of a site's configuration files.

    Exit codes: 0 none, 1 a tag is not good, outside its range or of another type,
    2 the configuration is wrong, 3 not reachable, to read or for the gate to write;
    what is reachable is reported first. Nothing is written.
    Differences between tags.yaml and a device (unit, range, words) and scans that take too
    long are reported, but do not change the exit code.
    """
    checked = check_site(find_site(site))
    if warning := root_warning(checked, load_roster(checked), datetime.now(UTC)):
        sys.stderr.write(f"handwheel: {warning}\n")
    for warning in open_passwords(checked):
        sys.stderr.write(f"handwheel: {warning}\n")
    if not as_json:
        typer.echo(
            f"site {checked.id}: {counted(len(checked.connections), 'connection')}, "
            f"{counted(len(checked.tags), 'tag')}, "
            f"{counted(len(checked.equipment), 'piece')} of equipment: no problems"
        )
        if not checked.tags:
            for line in first_tags_lines(checked):
                typer.echo(line)
    if online:
        run(_check_online(checked, as_json=as_json))
    elif as_json:
        typer.echo(json.dumps(_site_fields(checked)))


def _site_fields(site: Site) -> dict[str, Any]:
    return {
        "site": site.id,
        "connections": {name: {"where": each.where} for name, each in site.connections.items()},
        "tags": len(site.tags),
        "equipment": len(site.equipment),
    }


async def _check_online(site: Site, *, as_json: bool) -> None:
    check = await check_devices(site)
    if as_json:
        typer.echo(json.dumps(_site_fields(site) | report_fields(site, check)))
    else:
        for line in report_lines(site, check):
            typer.echo(line)
    if check.unreachable:
        raise NotConnected(check.unreachable)
    if check.faults:
        raise SystemExit(NO)
