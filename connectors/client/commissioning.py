"""Measures and describes a device and its tags, for commissioning."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from time import monotonic

from ..model.tags import Tag
from ..model.values import BAD_NO_COMMUNICATION, DataValue, never_read
from ..session.protocols import Connector, Describes, Description, Session, Subscribes
from ..session.scan_groups import groups_of
from ..session.unexpected import as_not_connected
from .one_shot import open_session

ROUNDS = 5
_ENOUGH_S = 3.0
"""Time after which a call is not measured again."""


@dataclass(frozen=True, slots=True)
class RoundTrips:
    """Durations of at least one call, seconds."""

    each_s: tuple[float, ...]

    @property
    def median_s(self) -> float:
        """The median."""
        return median(self.each_s)

    @property
    def worst_s(self) -> float:
        """The longest."""
        return max(self.each_s)


@dataclass(frozen=True, slots=True)
class IntervalScan:
    """Scans of all tags of a connection with the same interval."""

    scan_s: float
    count: int  # number of its tags
    reads: RoundTrips  # reads of all of them

    @property
    def fits(self) -> bool:
        """Whether a scan usually ends within its interval."""
        return self.reads.median_s <= self.scan_s


@dataclass(frozen=True, slots=True)
class FirstNotifications:
    """First values that a device reported after subscribing."""

    missing: Sequence[str]  # tags without a value or refusal in time
    took_s: float  # time for the others, seconds


@dataclass(frozen=True, slots=True)
class Inspection:
    """Result of one inspection of a device and all tags of its connection."""

    connect_s: float  # time to open the session, with failed attempts, seconds
    probes: RoundTrips
    scans: Sequence[IntervalScan]  # by interval, the shortest first
    readings: Mapping[str, DataValue]  # the last ones, by tag
    # the device's descriptions of its tags; `None` if it has none
    descriptions: Mapping[str, Description] | None
    faults: Mapping[str, str]  # as of the session
    # of a subscribed connection; `None` for a scanned one
    first_notifications: FirstNotifications | None

    @property
    def load(self) -> float:
        """Share of time in which the session is busy with scans. Above 1 they lag.

        The intervals of a connection share one session, so each may fit and all together not.
        """
        return sum(scan.reads.median_s / scan.scan_s for scan in self.scans)


async def inspect_device(
    connector: Connector, tags: Sequence[Tag], report: Callable[[str], None]
) -> Inspection:
    """Opens a session, asks for descriptions of the tags and measures scans.

    The first read of each interval is not measured, because it finds the device's limits. Each step
    is reported with a text.

    Raises:
        NotConnected: The device cannot be reached, or is lost meanwhile.

    Effect: OBSERVE. Retry: twice, on the connection only. Timeout: as for `open_session`, and then
    for each request. Measuring an interval ends after five reads, or the first beyond 3 s; a
    subscription is waited for 3 s and the shortest interval.
    """
    report("connecting")
    begun_s = monotonic()
    async with open_session(connector) as session:
        with as_not_connected(connector.name):
            connect_s = monotonic() - begun_s
            probes = await _measured(session.probe)
            report("asking for descriptions")
            descriptions = await session.describe(tags) if isinstance(session, Describes) else None
            readings: dict[str, DataValue] = {}
            scans: list[IntervalScan] = []
            groups = groups_of(tags, connector.scan_s, monotonic(), is_subscribed=False)
            for group in groups:
                report(f"reading each {group.scan_s:g} s: {len(group.tags)}")
                scans.append(await _scan(session, group.scan_s, group.tags, readings))
            faults, first = dict(session.faults), None
            if connector.is_subscribed and groups and isinstance(session, Subscribes):
                report("waiting for first values")
                first = await _first_notifications(
                    session, {each.scan_s: each.tags for each in groups}
                )
                faults = dict(session.faults)
            return Inspection(connect_s, probes, scans, readings, descriptions, faults, first)


async def _scan(
    session: Session, scan_s: float, tags: Sequence[Tag], readings: dict[str, DataValue]
) -> IntervalScan:
    async def read() -> None:
        readings.update(missing | dict(await session.read(tags)))

    missing = {tag.name: never_read(BAD_NO_COMMUNICATION, monotonic()) for tag in tags}
    await read()
    return IntervalScan(scan_s, len(tags), await _measured(read))


async def _first_notifications(
    session: Subscribes, groups: Mapping[float, Sequence[Tag]]
) -> FirstNotifications:
    missing = {tag.name: None for tags in groups.values() for tag in tags}
    begun_s = last_s = monotonic()
    try:
        async with asyncio.timeout(_ENOUGH_S + min(groups)):
            subscription = await session.subscribe(groups)
            while missing:
                for name, _ in await subscription.changes():
                    missing.pop(name, None)
                last_s = monotonic()
    except TimeoutError:
        pass  # the remaining tags are missing
    return FirstNotifications(list(missing), last_s - begun_s)


async def _measured(call: Callable[[], Awaitable[None]]) -> RoundTrips:
    took: list[float] = []
    while not took or (len(took) < ROUNDS and sum(took) < _ENOUGH_S):
        begun_s = monotonic()
        await call()
        took.append(monotonic() - begun_s)
    return RoundTrips(tuple(took))
