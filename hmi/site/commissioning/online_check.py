"""Check of a site against its devices, all connections at the same time."""

import asyncio
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isclose

from handwheel.connectors.client.commissioning import Inspection, inspect_device
from handwheel.connectors.client.site_reader import ConnectorFor, by_connection, connector_for
from handwheel.connectors.client.write_access import WriteAccess, try_write_access
from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.computed_tags import ComputedTags
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import NodeAddress, Tag
from handwheel.connectors.model.values import BAD_NO_DATA, BAD_TYPE_MISMATCH, DataValue, Quality
from handwheel.connectors.session.protocols import Description
from handwheel.tools.safe_text import printable

from ...shell.terminal.plural import counted, span_text
from ...shell.terminal.progress import reporting_progress
from ..files.yaml_flow import flow
from ..tags.device_types import fits, kind_of

_OTHER_SIGNS = {"°": "deg", "μ": "u", "^": "", "·": "*", " ": ""}  # after NFKC


@dataclass(frozen=True, slots=True)
class TagRemark:
    """A fault or a difference of a tag."""

    tag: str
    text: str
    is_fault: bool  # whether its value cannot be used as it is; else the two only disagree


def compare_tag(tag: Tag, reading: DataValue, described: Description | None) -> Iterator[TagRemark]:
    """Yields the faults of a tag and its differences from the device's description, if any."""
    wrong_type = _type_fault(tag, described) if described else ""
    if wrong_type:
        yield TagRemark(tag.name, wrong_type, is_fault=True)
    if reading.quality is not Quality.GOOD:
        if reading.status == BAD_NO_DATA:
            return  # a method without a result now, as at no flow
        if not (wrong_type and reading.status == BAD_TYPE_MISMATCH):
            place = f"{tag.connection} {tag.address}".lstrip()
            yield TagRemark(tag.name, f"{reading.status.name}, at {place}", is_fault=True)
    elif outside := _outside(tag, reading):
        yield TagRemark(tag.name, outside, is_fault=True)
    if described and not wrong_type:
        for text in _differences(tag, described):
            yield TagRemark(tag.name, text, is_fault=False)


def _outside(tag: Tag, reading: DataValue) -> str:
    value = reading.scalar
    if tag.span is None or not isinstance(value, int | float):
        return ""
    low, high = tag.span
    shown = tag.show(reading)
    return "" if low <= value <= high else f"{shown} lies outside its range {low:g} to {high:g}"


def _type_fault(tag: Tag, described: Description) -> str:
    if not isinstance(tag.address, NodeAddress):
        return ""  # a register has the type that tags.yaml gives it
    if not fits(tag.kind, described.type):
        written = flow(kind_of(described.type) or "")
        return f"the device has {printable(described.type)}, not {tag.kind}; write type: {written}"
    if described.is_array and not (tag.is_array or tag.address.index):
        return "the device has an array; write array: true, or index: for some of its elements"
    if tag.is_array and not described.is_array and not tag.address.index:
        return "the device has a single value; leave array out"
    return ""


def _differences(tag: Tag, described: Description) -> Iterator[str]:
    if tag.is_scaled:
        return  # the device describes its raw value
    if described.unit and _spelled(described.unit) != _spelled(tag.unit):
        yield _differs("unit", flow(described.unit), flow(tag.unit) if tag.unit else "")
    if (
        described.span
        and described.span[0] < described.span[1]
        and not _is_same(described.span, tag.span)
    ):
        yield _differs(
            "range", flow(list(described.span)), flow(list(tag.span)) if tag.span else ""
        )
    if (
        described.members
        and tag.kind in {"enum", "int"}
        and dict(described.members) != dict(tag.members)
    ):
        mine = flow(tag.members) if tag.members else ""
        as_enum = "" if tag.kind == "enum" else "type: enum, "
        yield _differs(f"{as_enum}members", flow(described.members), mine)


def _differs(key: str, theirs: str, mine: str) -> str:
    here = f"tags.yaml says {mine}" if mine else "tags.yaml says nothing"
    return f"{here}; the device: {key}: {theirs}"


def _spelled(unit: str) -> str:
    """Returns a unit in one spelling, such as m3/h for m³/h and degC for °C."""
    text = unicodedata.normalize("NFKC", unit.strip())
    return "".join(_OTHER_SIGNS.get(each, each) for each in text)


def _is_same(theirs: tuple[float, float], mine: tuple[float, float] | None) -> bool:
    width = theirs[1] - theirs[0]
    return mine is not None and all(
        isclose(one, other, rel_tol=1e-6, abs_tol=1e-6 * width)  # one may have 32 bits
        for one, other in zip(theirs, mine, strict=True)
    )


@dataclass(frozen=True, slots=True)
class OnlineCheck:
    """Result of the check."""

    inspections: Mapping[str, Inspection]  # by connection, of those that were reached
    down: Mapping[str, str]  # the others, with the reason
    accesses: Mapping[str, WriteAccess]  # by connection that was reached and has a writable tag
    remarks: Sequence[TagRemark]  # on tags, in the order of `tags.yaml`
    scan_warnings: Sequence[str]  # on scans that take too long
    computed: Mapping[str, DataValue]  # computed tags whose inputs were read

    @property
    def unreachable(self) -> Mapping[str, str]:
        """Connections that cannot be read, or not be written to, with the reason."""
        return {**self.down, **{n: each.fault for n, each in self.accesses.items() if each.fault}}

    @property
    def faults(self) -> list[TagRemark]:
        """Remarks on values that cannot be used."""
        return [remark for remark in self.remarks if remark.is_fault]

    @property
    def differences(self) -> list[TagRemark]:
        """Remarks on differences between device and `tags.yaml`."""
        return [remark for remark in self.remarks if not remark.is_fault]


async def check_devices(site: Site, connector: ConnectorFor = connector_for) -> OnlineCheck:
    """Inspects every device of a site, logs in to write, and reports progress on standard error.

    Nothing is written. Raises no error for a device that is down: the others are worth knowing.

    Effect: OBSERVE. Retry: twice, on the connection only. Timeout: as for `inspect_device`.
    """
    tags = by_connection(site.measured(site.tags.values()))
    doing: dict[str, str] = {}
    async with reporting_progress(doing):
        results = await asyncio.gather(
            *(_inspect(connector, site, name, tags, doing) for name in site.connections),
            return_exceptions=True,
        )
    inspections: dict[str, Inspection] = {}
    accesses: dict[str, WriteAccess] = {}
    down: dict[str, str] = {}
    for name, result in zip(site.connections, results, strict=True):
        if isinstance(result, NotConnected):
            down |= result.endpoints
        elif isinstance(result, BaseException):
            raise result
        else:
            inspections[name], access = result
            if access is not None:
                accesses[name] = access
    computed = _computed(site, inspections)
    return OnlineCheck(
        inspections,
        down,
        accesses,
        list(_remarks(site, inspections, computed)),
        list(_scan_warnings(site, inspections)),
        computed,
    )


async def _inspect(
    connector: ConnectorFor,
    site: Site,
    name: str,
    tags: Mapping[str, Sequence[Tag]],
    doing: dict[str, str],
) -> tuple[Inspection, WriteAccess | None]:
    def tell(what: str) -> None:
        doing[name] = what

    reader = connector(site, name)
    try:
        inspection = await inspect_device(reader, tags.get(name, []), tell)
        tell("logging in to write")
        return inspection, await try_write_access(site, reader)
    finally:
        del doing[name]


def _computed(site: Site, inspections: Mapping[str, Inspection]) -> dict[str, DataValue]:
    """Returns the readings of the computed tags whose inputs were all read."""
    read: dict[str, DataValue] = {}
    for each in inspections.values():
        read |= each.readings
    computed = [
        tag
        for tag in site.tags.values()
        if tag.computation and all(each.name in read for each in site.measured([tag]))
    ]
    completed = ComputedTags(site, computed).complete(read)
    return {tag.name: completed[tag.name] for tag in computed}


def _remarks(
    site: Site, inspections: Mapping[str, Inspection], computed: Mapping[str, DataValue]
) -> Iterator[TagRemark]:
    for tag in site.tags.values():
        if reading := computed.get(tag.name):
            yield from compare_tag(tag, reading, None)
        elif inspection := inspections.get(tag.connection):
            described = (inspection.descriptions or {}).get(tag.name)
            yield from compare_tag(tag, inspection.readings[tag.name], described)


def _scan_warnings(site: Site, inspections: Mapping[str, Inspection]) -> Iterator[str]:
    for name, inspection in inspections.items():
        if inspection.first_notifications is None:
            yield from (f"{name}: {text}" for text in _late(inspection))
        elif missing := inspection.first_notifications.missing:
            named = f"{', '.join(missing[:3])}{', …' * (len(missing) > 3)}"
            count = counted(len(missing), "tag")
            yield f"{name}: its subscription reported nothing for {count}: {named}"


def _late(inspection: Inspection) -> Iterator[str]:
    late = [scan for scan in inspection.scans if not scan.fits]
    for scan in late:
        yield (
            f"a scan of its {counted(scan.count, 'tag')} takes {span_text(scan.reads.median_s)}, "
            f"more than its interval, {span_text(scan.scan_s)}; write a longer scan:"
        )
    if not late and inspection.load > 1.0:
        yield (
            f"its scans take {inspection.load:.1f} times the "
            "available time; write a longer scan: for the connection or for tags"
        )
