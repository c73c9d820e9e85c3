"""What a device says of its tags, how they read, and how long that takes: for commissioning."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from time import monotonic

from ..model.tags import Tag
from ..model.values import BAD_NO_COMMUNICATION, DataValue, never_read
from ..session.protocols import Connector, Describes, Description, Session, Subscribes
from ..session.scan_groups import groups_of
from .one_shot import open_session

ROUNDS = 5
_ENOUGH_S = 3.0
"""A slow device is not measured as often as a fast one."""


@dataclass(frozen=True, slots=True)
class RoundTrips:
    """How long some calls took that were alike, seconds; one at least."""

    each_s: tuple[float, ...]

    @property
    def median_s(self) -> float:
        """As long as one usually takes."""
        return median(self.each_s)

    @property
    def worst_s(self) -> float:
        """As long as the longest took."""
        return max(self.each_s)


@dataclass(frozen=True, slots=True)
class IntervalScan:
    """The scan of all tags of a connection that have the same interval.

    Attributes:
        scan_s: The interval, seconds.
        count: How many tags there are in it.
        reads: Reads of all of them.
    """

    scan_s: float
    count: int
    reads: RoundTrips

    @property
    def fits(self) -> bool:
        """Whether a scan usually ends within its interval."""
        return self.reads.median_s <= self.scan_s


@dataclass(frozen=True, slots=True)
class FirstNotifications:
    """What a device told of itself once it was subscribed to.

    Attributes:
        missing: Tags of which it told nothing in time, not even a refusal.
        took_s: How long the others took together, seconds.
    """

    missing: Sequence[str]
    took_s: float


@dataclass(frozen=True, slots=True)
class Inspection:
    """One look at a device and at all tags of its connection.

    Attributes:
        connect_s: How long opening the session took, with attempts that failed, seconds.
        probes: Signs of life.
        scans: By interval, the shortest first.
        readings: The last ones, by tag.
        descriptions: What the device says of the tags that it has; `None` if it cannot say.
        faults: As of the session: what does not work while the rest does.
        told: Where the connection is subscribed to; `None` where it is scanned.
    """

    connect_s: float
    probes: RoundTrips
    scans: Sequence[IntervalScan]
    readings: Mapping[str, DataValue]
    descriptions: Mapping[str, Description] | None
    faults: Mapping[str, str]
    told: FirstNotifications | None

    @property
    def load(self) -> float:
        """The share of its time in which the session is busy with scans; above 1 they lag.

        The intervals of a connection share one session, so each can fit and all together not.
        """
        return sum(scan.reads.median_s / scan.scan_s for scan in self.scans)


async def inspect_device(
    connector: Connector, tags: Sequence[Tag], tell: Callable[[str], None]
) -> Inspection:
    """Opens a session, asks what the device says of the tags, and measures scans of them.

    The first read of each interval is not measured: in it a device's borders are found.

    Args:
        connector: Of the connection; the session is closed again.
        tags: All of the connection.
        tell: Is told what is being done, in words.

    Raises:
        NotConnected: The device cannot be reached, or was lost meanwhile.

    Effect: OBSERVE. Retry: twice, on the connection only. Timeout: as for `open_session`, and then
    for each request. Measuring an interval ends after five reads, or the first beyond 3 s; a
    subscription is waited for 3 s and the shortest interval.
    """
    tell("connecting")
    begun_s = monotonic()
    async with open_session(connector) as session:
        connect_s = monotonic() - begun_s
        probes = await _measured(session.probe)
        tell("asking what it has")
        descriptions = await session.describe(tags) if isinstance(session, Describes) else None
        readings: dict[str, DataValue] = {}
        scans: list[IntervalScan] = []
        groups = groups_of(tags, connector.scan_s, monotonic(), is_told=False)
        for group in groups:
            tell(f"reading each {group.scan_s:g} s: {len(group.tags)}")
            scans.append(await _scan(session, group.scan_s, group.tags, readings))
        faults, told = dict(session.faults), None
        if connector.is_subscribed and groups and isinstance(session, Subscribes):
            tell("waiting for what it tells")
            told = await _first_told(session, {group.scan_s: group.tags for group in groups})
            faults = dict(session.faults)
        return Inspection(connect_s, probes, scans, readings, descriptions, faults, told)


async def _scan(
    session: Session, scan_s: float, tags: Sequence[Tag], readings: dict[str, DataValue]
) -> IntervalScan:
    async def read() -> None:
        readings.update(missing | dict(await session.read(tags)))

    missing = {tag.name: never_read(BAD_NO_COMMUNICATION, monotonic()) for tag in tags}
    await read()
    return IntervalScan(scan_s, len(tags), await _measured(read))


async def _first_told(
    session: Subscribes, groups: Mapping[float, Sequence[Tag]]
) -> FirstNotifications:
    missing = {tag.name: None for tags in groups.values() for tag in tags}
    begun_s = told_s = monotonic()
    try:
        async with asyncio.timeout(_ENOUGH_S + min(groups)):
            subscription = await session.subscribe(groups)
            while missing:
                for name, _ in await subscription.changes():
                    missing.pop(name, None)
                told_s = monotonic()
    except TimeoutError:
        pass  # the rest is missing
    return FirstNotifications(list(missing), told_s - begun_s)


async def _measured(call: Callable[[], Awaitable[None]]) -> RoundTrips:
    took: list[float] = []
    while not took or (len(took) < ROUNDS and sum(took) < _ENOUGH_S):
        begun_s = monotonic()
        await call()
        took.append(monotonic() - begun_s)
    return RoundTrips(tuple(took))
