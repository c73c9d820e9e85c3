"""`handwheel check`: every problem of the configuration at once, and on request of the plant."""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

import typer

from handwheel.connectors.reader import by_connection, read_once
from handwheel.connectors.site import Site, find_site
from handwheel.connectors.values import DataValue, Quality
from handwheel.tools.guardrails.enrolment import root_warning
from handwheel.tools.guardrails.operators import load_roster

from ..exits import NO, run
from ..options import SiteOption
from ..site_check import check_site


def command(
    site: SiteOption = None,
    online: Annotated[
        bool, typer.Option("--online", help="Also connect and read every tag.")
    ] = False,
) -> None:
    """Find every problem of a site's files at once: site, tags, policy, operators.

    Exit codes: 0 none, 1 a tag is not good, 2 the configuration is wrong, 3 not reachable.
    """
    checked = check_site(find_site(site))
    if warning := root_warning(checked, load_roster(checked), datetime.now(UTC)):
        sys.stderr.write(f"handwheel: {warning}\n")
    typer.echo(
        f"site {checked.id}: {len(checked.connections)} connections, {len(checked.tags)} tags, "
        f"{len(checked.equipment)} pieces of equipment: no problems"
    )
    if online:
        run(_check_online(checked))


async def _check_online(site: Site) -> None:
    readings = await read_once(site, list(site.tags.values()))
    for name, tags in by_connection(list(site.tags.values())).items():
        good = sum(readings[tag.name].quality is Quality.GOOD for tag in tags)
        typer.echo(f"{name} {site.connections[name].where}: {good} of {len(tags)} tags read good")
    faults = _faults(site, readings)
    for fault in faults:
        typer.echo(fault)
    if faults:
        raise SystemExit(NO)


def _faults(site: Site, readings: Mapping[str, DataValue]) -> list[str]:
    faults: list[str] = []
    for tag in site.tags.values():
        reading = readings[tag.name]
        if reading.quality is not Quality.GOOD:
            faults.append(f"  {tag.name} ({tag.connection} {tag.address}): {reading.status.name}")
        elif tag.span and isinstance(reading.value, int | float):
            low, high = tag.span
            if not low <= reading.value <= high:
                shown = tag.show(reading)
                faults.append(f"  {tag.name}: {shown} lies outside its range {low:g} to {high:g}")
    return faults
