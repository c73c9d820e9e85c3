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

from ...shell.cli.exits import CONFIGURATION, NO, UNREACHABLE, fail, not_reachable, run
from ...shell.cli.field_lines import print_lines
from ...shell.cli.options import JsonOption, SiteOption
from ...shell.terminal.plural import counted
from ..files.device_site import first_tags_lines
from .file_check import (
    check_site,
    notice_warnings,
    open_passwords,
    unusable_connectors,
    unusable_methods,
)
from .online_check import check_devices
from .online_report import report_fields, report_lines, verdict_text


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
    broken = [*unusable_connectors(checked), *unusable_methods(checked)]
    for warning in (*open_passwords(checked), *broken, *notice_warnings(checked)):
        sys.stderr.write(f"handwheel: {warning}\n")
    if online:
        run(_check_online(checked, as_json=as_json))
    elif as_json:
        typer.echo(json.dumps(_site_fields(checked)))
    else:
        _tell(checked, "no other problems" if broken else "no problems")
    if broken:  # the site works without them, but not as it is configured
        raise SystemExit(CONFIGURATION)


def _tell(site: Site, verdict: str) -> None:
    typer.echo(
        f"site {site.id}: {counted(len(site.connections), 'connection')}, "
        f"{counted(len(site.measured(site.tags.values())), 'tag')}, "
        f"{counted(len(site.equipment), 'piece')} of equipment: {verdict}"
    )
    if not site.tags:
        print_lines(first_tags_lines(site))


def _site_fields(site: Site) -> dict[str, Any]:
    return {
        "site": site.id,
        "connections": {name: {"where": each.where} for name, each in site.connections.items()},
        "tags": len(site.measured(site.tags.values())),
        "computed": sum(tag.computation is not None for tag in site.tags.values()),
        "equipment": len(site.equipment),
    }


async def _check_online(site: Site, *, as_json: bool) -> None:
    check = await check_devices(site)
    if as_json:
        typer.echo(json.dumps(_site_fields(site) | report_fields(site, check)))
        if check.unreachable:
            raise NotConnected(check.unreachable)
    else:
        verdict = verdict_text(check)
        _tell(site, verdict)
        print_lines(report_lines(site, check))
        sys.stdout.flush()  # what is wrong comes last, also where both go to one file
        last = f"site {site.id}: {verdict}"
        if check.unreachable:
            fail(f"{not_reachable(check.unreachable)}\n{last}", UNREACHABLE)
        typer.echo(last)
    if check.faults:
        raise SystemExit(NO)
