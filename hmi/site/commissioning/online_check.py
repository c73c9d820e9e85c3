"""Check of a site against its devices, all connections at the same time."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from handwheel.connectors.client.commissioning import Inspection, inspect_device
from handwheel.connectors.client.site_reader import ConnectorFor, by_connection, connector_for
from handwheel.connectors.client.write_access import WriteAccess, try_write_access
from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.computed_tags import ComputedTags
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue

from ...shell.terminal.duration_text import span_text
from ...shell.terminal.plural import counted
from ...shell.terminal.progress import reporting_progress
from .tag_comparison import TagRemark, compare_tag


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
