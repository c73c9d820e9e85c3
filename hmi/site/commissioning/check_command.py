"""The command `handwheel check`."""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from time import monotonic
from typing import Annotated, Any

import typer

from handwheel.connectors.client.commissioning import RoundTrips
from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.site import Site, find_site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue, Quality
from handwheel.connectors.session.protocols import Description
from handwheel.tools.guardrails.identity.enrolment import root_warning
from handwheel.tools.guardrails.identity.roster import load_roster

from ...shell.cli.exits import CONFIGURATION, NO, UNREACHABLE, fail, not_reachable, run
from ...shell.cli.field_lines import print_lines
from ...shell.cli.options import JsonOption, SiteOption
from ...shell.terminal.plural import counted, span_text
from ...shell.terminal.show import Column, table_lines
from ...shell.terminal.templates import render
from ...shell.terminal.truncate import short_value
from ..files.device_site import first_tags_lines
from ..tags.connection_text import reading_fields
from .file_check import (
    check_site,
    notice_warnings,
    open_passwords,
    unusable_connectors,
    unusable_methods,
)
from .online_check import OnlineCheck, check_devices

_VALUE_WIDTH = 16


def verdict_text(check: OnlineCheck) -> str:
    """Returns how many connections and tags have problems, or that there are none."""
    down, tags = len(check.down), len({each.tag for each in check.faults})
    unwritable = len(check.unreachable) - down
    found = [
        f"{counted(down, 'connection')} not reachable" if down else "",
        f"{counted(unwritable, 'connection')} not open to write" if unwritable else "",
        f"{counted(tags, 'tag')} wrong" if tags else "",
    ]
    return ", ".join(filter(None, found)) or "no problems"


def report_lines(site: Site, check: OnlineCheck) -> Iterator[str]:
    """Yields lines for the tags, the connections, the faults and the differences."""
    read = [
        (tag, check.inspections[tag.connection].readings[tag.name])
        for tag in site.tags.values()
        if tag.connection in check.inspections
    ]
    read += [(site.tags[name], reading) for name, reading in check.computed.items()]
    yield from table_lines(read, _COLUMNS, has_head=True)
    differing = [f"{each.tag}: {each.text}" for each in check.differences]
    shown = render(
        "handwheel.hmi.site.commissioning", "online_report.txt.j2",
        site=site, check=check, span=span_text,
        good=Quality.GOOD, faults=[f"{each.tag}: {each.text}" for each in check.faults],
        differing=[*check.scan_warnings, *differing],
    )  # fmt: skip
    yield from shown.splitlines()


def _quality(reading: DataValue) -> str:
    return "good" if reading.quality is Quality.GOOD else f"! {reading.status.name}"


_COLUMNS: list[Column[tuple[Tag, DataValue]]] = [
    Column("tag", lambda each: each[0].name),
    Column("value", lambda each: short_value(*each, _VALUE_WIDTH), is_right=True, gap=1),
    Column("unit", lambda each: each[0].unit),
    Column("type", lambda each: each[0].kind + ("[]" if each[0].is_array else "")),
    Column("range", lambda each: "{:g}..{:g}".format(*each[0].span) if each[0].span else ""),
    Column("quality", lambda each: _quality(each[1])),
]


def report_fields(site: Site, check: OnlineCheck) -> dict[str, Any]:
    """Returns the same as JSON fields with times in seconds."""
    connections = {
        name: _connection_fields(site, name, config.where, check)
        for name, config in site.connections.items()
    }
    return {
        "connections": connections,
        "faults": [{"tag": each.tag, "text": each.text} for each in check.faults],
        "differences": [{"tag": each.tag, "text": each.text} for each in check.differences],
        "scan_warnings": list(check.scan_warnings),
    }


def _connection_fields(site: Site, name: str, where: str, check: OnlineCheck) -> dict[str, Any]:
    if name not in check.inspections:
        return {"where": where, "state": "disconnected", "reason": check.down[name]}
    inspection = check.inspections[name]
    now_s = monotonic()
    described = inspection.descriptions or {}
    return {
        "where": where,
        "state": "degraded" if inspection.faults else "connected",
        "faults": dict(inspection.faults),
        "connect_s": round(inspection.connect_s, 6),
        "round_trip_s": _trip_fields(inspection.probes),
        "write": asdict(check.accesses[name]) if name in check.accesses else None,
        "load": round(inspection.load, 4),
        "scans": [
            {"interval_s": scan.scan_s, "tags": scan.count, **_trip_fields(scan.reads)}
            for scan in inspection.scans
        ],
        "told": None
        if (first := inspection.first_notifications) is None
        else {"missing": list(first.missing), "took_s": round(first.took_s, 6)},
        "tags": {
            tag_name: reading_fields(reading, now_s)
            | {"device": _device_fields(described.get(tag_name))}
            for tag_name, reading in inspection.readings.items()
        },
    }


def _trip_fields(trips: RoundTrips) -> dict[str, float]:
    return {"median": round(trips.median_s, 6), "worst": round(trips.worst_s, 6)}


def _device_fields(described: Description | None) -> dict[str, Any] | None:
    if described is None:
        return None
    return {
        "type": described.type,
        "is_array": described.is_array,
        "unit": described.unit,
        "range": described.span,
        "members": dict(described.members),
    }


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
