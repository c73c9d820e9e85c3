"""Output of `check --online` as text and JSON."""

from collections.abc import Iterator
from dataclasses import asdict
from time import monotonic
from typing import Any

from handwheel.connectors.client.commissioning import RoundTrips
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue, Quality
from handwheel.connectors.session.protocols import Description

from ...shell.terminal.plural import counted
from ...shell.terminal.show import Column, table_lines
from ...shell.terminal.templates import render
from ...shell.terminal.truncate import short_value, span_text
from ..tags.connection_text import reading_fields
from .online_check import OnlineCheck

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
        __package__, "online_report.txt.j2", site=site, check=check, span=span_text,
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
