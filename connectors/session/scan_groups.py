"""Groups of tags with the same scan interval, and their latest readings."""

from collections.abc import Mapping, Sequence

from ..model.tags import Tag
from ..model.values import (
    BAD_NO_COMMUNICATION,
    BAD_WAITING,
    UNCERTAIN_LAST_USABLE,
    DataValue,
    Quality,
    never_read,
)
from .protocols import Sample

STALE_SCANS = 3
LEAST_STALE_S = 2.0
"""Least age at which a reading is stale, seconds: a busy machine pauses longer than fast scans."""
KEEP_ALIVE_S = 1.0
"""Longest time without a sign of life from an idle device, seconds."""


def stale_after_s(scan_s: float, *, is_subscribed: bool) -> float:
    """Returns the age above which a reading is stale, seconds, from its interval."""
    every_s = max(scan_s, KEEP_ALIVE_S) if is_subscribed else scan_s
    return max(STALE_SCANS * every_s, LEAST_STALE_S)


def aged(reading: DataValue, now_s: float, limit_s: float) -> DataValue:
    """Returns a reading with the status that its age gives it at this monotonic time.

    Args:
        limit_s: Age above which a reading is stale, seconds.

    Returns:
        Bad if it arrived too long ago; uncertain if it was good and sampled too long ago; otherwise
        unchanged. A reading without a value keeps its reason.
    """
    if reading.value is None:
        return reading
    if now_s - reading.received_s > limit_s:
        return reading.with_status(BAD_NO_COMMUNICATION)
    if reading.quality is Quality.GOOD and reading.age_s(now_s) > limit_s:
        return reading.with_status(UNCERTAIN_LAST_USABLE)
    return reading


class ScanGroup:
    """Tags of one connection with the same interval, seconds.

    A value of a subscribed group stays good as long as the device shows signs of life. `due_s` is
    the time of the next read on the loop's clock.
    """

    def __init__(
        self, scan_s: float, tags: Sequence[Tag], now_s: float, *, is_subscribed: bool
    ) -> None:
        self.scan_s = scan_s
        self.tags = tuple(tags)
        self.due_s = 0.0
        self._is_subscribed = is_subscribed
        self._stale_after_s = stale_after_s(scan_s, is_subscribed=is_subscribed)
        self._alive_s = now_s
        self._slow_scans = 0
        self._took_s = 0.0
        self._latest = {tag.name: never_read(BAD_WAITING, now_s) for tag in tags}

    def update(self, readings: Mapping[str, DataValue], asked_s: float) -> list[Sample]:
        """Takes a reading of all tags, asked for at this time. A missing tag turns bad."""
        self._alive_s = asked_s
        if len(readings) < len(self.tags):
            missing = never_read(BAD_NO_COMMUNICATION, asked_s)
            readings = {tag.name: readings.get(tag.name, missing) for tag in self.tags}
        self._latest |= readings
        return list(readings.items())

    def note_scan(self, took_s: float) -> None:
        """Notes how long a scan took, to count slow ones in a row."""
        self._slow_scans = self._slow_scans + 1 if took_s > STALE_SCANS * self.scan_s else 0
        self._took_s = took_s

    @property
    def faults(self) -> Mapping[str, str]:
        """A fault if scans take longer than three intervals. See `Session.faults`."""
        if self._slow_scans < STALE_SCANS:
            return {}
        return {f"each {self.scan_s:g} s": f"a scan takes {self._took_s:.1f} s"}

    def apply_changes(self, samples: Sequence[Sample]) -> None:
        """Takes the changes of its own tags and ignores others."""
        for name, reading in samples:
            if name in self._latest:
                self._latest[name] = reading

    def note_alive(self, now_s: float) -> None:
        """Notes a sign of life, until when unreported values had not changed."""
        self._alive_s = max(self._alive_s, now_s)

    def mark_bad(self) -> list[Sample]:
        """Turns every tag bad at once and returns the readings."""
        self._latest = {
            name: reading.with_status(BAD_NO_COMMUNICATION)
            for name, reading in self._latest.items()
        }
        return list(self._latest.items())

    def latest(self, now_s: float, *, has_cyclic_stamps: bool) -> Mapping[str, DataValue]:
        """Returns the latest reading of each tag with its present status. See `aged`."""
        limit_s = self._stale_after_s
        if now_s - self._alive_s <= limit_s and not has_cyclic_stamps and not self._is_subscribed:
            return self._latest  # none is older than the limit
        alive_s = self._alive_s if self._is_subscribed else 0.0
        return {
            name: aged(_alive(reading, alive_s), now_s, limit_s)
            for name, reading in self._latest.items()
        }


def _alive(reading: DataValue, alive_s: float) -> DataValue:
    return reading if reading.received_s >= alive_s else reading._replace(received_s=alive_s)


def groups_of(
    tags: Sequence[Tag], scan_s: float, now_s: float, *, is_subscribed: bool
) -> list[ScanGroup]:
    """Returns the tags by interval, the shortest first, by default `scan_s`."""
    by_interval: dict[float, list[Tag]] = {}
    for tag in tags:
        by_interval.setdefault(scan_s if tag.scan_s is None else tag.scan_s, []).append(tag)
    return [
        ScanGroup(each, by_interval[each], now_s, is_subscribed=is_subscribed)
        for each in sorted(by_interval)
    ]
