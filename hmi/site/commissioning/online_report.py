"""Output of `check --online` as text and JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from time import monotonic
from typing import Any

from handwheel.connectors.client.commissioning import Inspection, RoundTrips
from handwheel.connectors.client.write_access import WriteAccess
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue, Quality
from handwheel.connectors.session.protocols import Description
from handwheel.tools.safe_text import printable

from ...shell.terminal.duration_text import span_text
from ...shell.terminal.plural import counted
from ...shell.terminal.show import in_columns
from ...shell.terminal.truncate import short_value
from ..tags.reading_text import reading_fields
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
    yield from _tag_lines(site, check)
    for name, config in site.connections.items():
        if name in check.inspections:
            yield from _connection_lines(name, config.where, check.inspections[name])
            if name in check.accesses:
                yield _write_line(check.accesses[name])
        else:
            count = sum(tag.connection == name for tag in site.tags.values())
            yield f"{name} {config.where}: not reachable, {counted(count, 'tag')} not read"
    yield from _titled("wrong:", [f"{each.tag}: {each.text}" for each in check.faults])
    differing = [f"{each.tag}: {each.text}" for each in check.differences]
    yield from _titled("to look at:", [*check.scan_warnings, *differing])


def _titled(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield title
        yield from (f"  {line}" for line in lines)


def _tag_lines(site: Site, check: OnlineCheck) -> Iterator[str]:
    rows = [("tag", "value", "unit", "type", "range", "quality")]
    rows += [
        _row(tag, check.inspections[tag.connection].readings[tag.name])
        for tag in site.tags.values()
        if tag.connection in check.inspections
    ]
    rows += [_row(site.tags[name], reading) for name, reading in check.computed.items()]
    if len(rows) > 1:
        yield from in_columns(rows, ("  ", " ", "  ", "  ", "  "), {1})


def _row(tag: Tag, reading: DataValue) -> tuple[str, str, str, str, str, str]:
    is_good = reading.quality is Quality.GOOD
    return (
        tag.name,
        short_value(tag, reading, _VALUE_WIDTH),
        printable(tag.unit),
        tag.kind + ("[]" if tag.is_array else ""),
        f"{tag.span[0]:g}..{tag.span[1]:g}" if tag.span else "",
        "good" if is_good else f"! {reading.status.name}",
    )


def _connection_lines(name: str, where: str, inspection: Inspection) -> Iterator[str]:
    readings = inspection.readings.values()
    good = sum(reading.quality is Quality.GOOD for reading in readings)
    state = "degraded" if inspection.faults else "connected"
    yield f"{name} {where}: {state}, {good} of {counted(len(readings), 'tag')} read good"
    yield from (f"  {part}: {printable(why)}" for part, why in inspection.faults.items())
    connected = span_text(inspection.connect_s)
    yield f"  connected in {connected}, round trip {_trips(inspection.probes)}"
    for scan in inspection.scans:
        what = f"{counted(scan.count, 'tag')} each {span_text(scan.scan_s)}"
        yield f"  {what}: a scan takes {_trips(scan.reads)}"
    if first := inspection.first_notifications:
        count = len(readings) - len(first.missing)
        of_all = f"{count} of {counted(len(readings), 'tag')}"
        yield f"  subscribed: {of_all} reported in {span_text(first.took_s)}"


def _write_line(access: WriteAccess) -> str:
    who = f"to write as {access.user}" if access.user else f"to write at {access.where}"
    if access.fault:
        return f"  {who}: not possible"
    found = f"not tried: {access.not_tried}" if access.not_tried else "the device lets the gate in"
    return f"  {who}: {printable(found)}"


def _trips(trips: RoundTrips) -> str:
    return f"{span_text(trips.median_s)}, at worst {span_text(trips.worst_s)}"


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
