"""What runs see of the plant: the latest readings, process time, and what the windows remember."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from handwheel.connectors.values import DataValue, Quality
from handwheel.tools.conditions import Condition, History

Readings = Mapping[str, DataValue]

_MOST_POINTS = 1200


@dataclass(slots=True)
class ProcessClock:
    """Process time: a simulated plant's own, which may run faster, else the machine's.

    It never goes back, and it goes on as fast as it went while the plant's clock cannot be read,
    or begins anew: what a plant does must not stop the clocks that guard it.

    Args:
        tag: The tag that shows it; empty for the machine's.

    Attributes:
        now_s: Process time, seconds.
        shown_s: The same as the plant shows it, which does go back when it begins anew.
    """

    tag: str = ""
    now_s: float = 0.0
    shown_s: float = 0.0
    _read_s: float | None = None
    _pace: float = 1.0
    _is_seen: bool = False

    def tick(self, readings: Readings, monotonic_s: float) -> float:
        """Returns process time, seconds, at a scan."""
        before, self._read_s = self._read_s, monotonic_s
        passed_s = monotonic_s - before if before is not None else 0.0
        if not self.tag:
            self.now_s = self.shown_s = monotonic_s
            return self.now_s
        shown_s, guessed_s = self._read(readings), passed_s * self._pace
        went_s = guessed_s if shown_s is None else shown_s - self.shown_s
        was_seen, self._is_seen = self._is_seen, shown_s is not None
        if was_seen and self._is_seen and passed_s > 0.0 and went_s >= 0.0:
            self._pace = 0.8 * self._pace + 0.2 * went_s / passed_s
        self.shown_s += went_s
        self.now_s += went_s if went_s >= 0.0 else guessed_s
        return self.now_s

    def _read(self, readings: Readings) -> float | None:
        reading = readings.get(self.tag)
        is_good = reading is not None and reading.quality is Quality.GOOD
        value = reading.value if reading is not None and is_good else None
        return None if isinstance(value, bool) or not isinstance(value, int | float) else value


@dataclass(slots=True)
class PlantView:
    """The plant as of the latest scan; whoever drives it calls `observe` once a scan.

    Attributes:
        scan_s: How much process time the latest scans took, at worst.
        scans: How many there have been.
    """

    clock: ProcessClock
    history: History
    readings: Readings = field(default_factory=dict[str, DataValue])
    now_s: float = 0.0
    scan_s: float = 0.0
    scans: int = 0
    _trends: dict[str, list[tuple[float, float]]] = field(
        default_factory=dict[str, list[tuple[float, float]]]
    )
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)
    _recent_s: list[float] = field(default_factory=list[float])

    @classmethod
    def of(
        cls, conditions: Iterable[Condition], clock_tag: str, trends: Iterable[str] = ()
    ) -> "PlantView":
        """Returns a view that remembers what some conditions look at.

        Args:
            trends: Tags whose course is to be kept, as evidence for work orders.
        """
        view = cls(ProcessClock(clock_tag), History(conditions))
        view._trends = {name: [] for name in trends}
        return view

    async def observe(self, readings: Readings, monotonic_s: float) -> None:
        """Takes a scan, and wakes whoever waits for one."""
        before_s, before_shown_s = self.now_s, self.clock.shown_s
        self.readings, self.now_s = readings, self.clock.tick(readings, monotonic_s)
        self.history.observe(readings, self.clock.shown_s)
        for name, points in self._trends.items():
            if self.clock.shown_s < before_shown_s:
                points.clear()  # the plant has begun anew
            self._keep(points, readings.get(name))
        if self.scans:
            self._recent_s = [*self._recent_s[-4:], max(self.now_s - before_s, 0.0)]
            self.scan_s = max(self._recent_s)
        self.scans += 1
        async with self._news:
            self._news.notify_all()

    def _keep(self, points: list[tuple[float, float]], reading: DataValue | None) -> None:
        value = reading.value if reading is not None and reading.quality is Quality.GOOD else None
        if isinstance(value, bool) or not isinstance(value, int | float):
            return
        if points and self.now_s <= points[-1][0]:
            return
        point = (self.now_s, float(value))
        is_long = len(points) > _MOST_POINTS // 2
        if is_long and self.now_s - points[-2][0] < (self.now_s - points[0][0]) / _MOST_POINTS * 2:
            points[-1] = point  # the longer a trend, the wider apart its points
            return
        points.append(point)
        if len(points) > _MOST_POINTS:
            del points[1:-1:2]

    def trend(self, tag: str, last_s: float, most: int) -> list[tuple[float, float]]:
        """Returns how a tag went: seconds, 0 being now, and value, the oldest first.

        Args:
            last_s: How far back, process time.
            most: How many points at most.
        """
        begin_s = self.now_s - last_s
        points = [each for each in self._trends.get(tag, []) if each[0] >= begin_s]
        every = max(1, -(-len(points) // most))
        kept = points[::-1][::every][:most][::-1]
        return [(at_s - self.now_s, value) for at_s, value in kept]

    async def next_scan(self) -> None:
        """Waits for the next scan."""
        seen = self.scans
        async with self._news:
            await self._news.wait_for(lambda: self.scans > seen)
