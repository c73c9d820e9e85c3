"""What runs see of the plant: the latest readings, process time, and what the windows remember."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from handwheel.connectors.model.values import DataValue, Quality
from handwheel.tools.conditions import Condition, Expression, History

from .recorded_history import RecordedHistory

Readings = Mapping[str, DataValue]

_MOST_POINTS = 1200
_BLIND_S = 5.0  # a shorter loss proves nothing, and hides no restart of a plant
_PACE_OVER_S = 30.0
_PACE_ERROR = 0.03


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
        is_anew: Whether it was lost, and is back with another time than it would have by now:
            it is another plant, one that was restored, or one whose speed was changed.
    """

    tag: str = ""
    now_s: float = 0.0
    shown_s: float = 0.0
    is_restarted: bool = False
    _read_s: float | None = None
    _pace: float = 1.0
    _is_seen: bool = False
    _seen: tuple[float, float] | None = None
    _marks: tuple[tuple[float, float], ...] = ()

    @property
    def is_seen(self) -> bool:
        """Whether process time was to be had at the latest scan; the machine's always is."""
        return self._is_seen or not self.tag

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
        self.is_restarted = False
        if shown_s is not None:
            self.is_restarted = not was_seen and self._is_other_plant(monotonic_s, shown_s)
            self._note(monotonic_s, shown_s)
        if was_seen and self._is_seen and passed_s > 0.0 and went_s >= 0.0:
            self._pace = 0.8 * self._pace + 0.2 * went_s / passed_s
        self.shown_s += went_s
        self.now_s += went_s if went_s >= 0.0 else guessed_s
        return self.now_s

    def _is_other_plant(self, monotonic_s: float, shown_s: float) -> bool:
        if self._seen is None:
            return False
        seen_s, before_s = self._seen
        mark_s, mark_shown_s = self._marks[0]
        over_s, blind_s = seen_s - mark_s, monotonic_s - seen_s
        pace = (before_s - mark_shown_s) / over_s if over_s >= _BLIND_S else self._pace
        error_s = abs(shown_s - before_s - pace * blind_s)
        return blind_s > _BLIND_S and (
            error_s > _PACE_ERROR * pace * blind_s + _BLIND_S * max(pace, 1.0)
        )

    def _note(self, monotonic_s: float, shown_s: float) -> None:
        """Notes what its pace is seen by over a longer time: scans are not even."""
        is_back = self._seen is None or shown_s < self._seen[1] or self.is_restarted
        self._seen = (monotonic_s, shown_s)
        if is_back:
            self._marks = (self._seen,)
        elif monotonic_s - self._marks[-1][0] >= _PACE_OVER_S:
            self._marks = (self._marks[-1], self._seen)

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
    _recorded: RecordedHistory | None = None
    _reaches: Mapping[str, float] = field(default_factory=dict[str, float])
    _is_preloading: bool = False
    _trends: dict[str, list[tuple[float, float]]] = field(
        default_factory=dict[str, list[tuple[float, float]]]
    )
    _new_scan: asyncio.Condition = field(default_factory=asyncio.Condition)
    _recent_s: list[float] = field(default_factory=list[float])

    @classmethod
    def of(
        cls,
        conditions: Iterable[Condition | Expression],
        clock_tag: str,
        trends: Iterable[str] = (),
    ) -> "PlantView":
        """Returns a view that remembers what some conditions look at.

        Args:
            trends: Tags whose course is to be kept, as evidence for work orders.
        """
        known = list(conditions)
        view = cls(ProcessClock(clock_tag), History(known))
        view._trends = {name: [] for name in trends}
        view._reaches = _reaches(known)
        return view

    def preload(self, recorded: RecordedHistory, monotonic_s: float) -> None:
        """Fills the windows with what was recorded before this process began.

        Where nothing was recorded, or nothing good, they have a gap as if they had seen it. If
        the plant's clock shows at the first scan that it is another plant than the recorded
        one, they begin empty.

        Args:
            past: Where trends are read from, too, from now on.
            monotonic_s: Now.
        """
        self._recorded = recorded
        self._is_preloading = True
        for scan in recorded.scans(self._reaches):
            self.clock.tick(scan.readings, monotonic_s - scan.before_s)
            if self.clock.is_restarted:
                self.history.forget()
            if scan.readings and self.clock.is_seen:
                self.history.recall(scan.readings, self.clock.shown_s, scan.ago_s)

    async def observe(self, readings: Readings, monotonic_s: float) -> None:
        """Takes a scan, and wakes whoever waits for one."""
        before_s, before_shown_s = self.now_s, self.clock.shown_s
        self.readings, self.now_s = readings, self.clock.tick(readings, monotonic_s)
        self._remember(readings)
        for name, points in self._trends.items():
            if self.clock.shown_s < before_shown_s or self.clock.is_restarted:
                points.clear()  # the plant has begun anew
            self._add_point(points, readings.get(name))
        if self.scans:
            self._recent_s = [*self._recent_s[-4:], max(self.now_s - before_s, 0.0)]
            self.scan_s = max(self._recent_s)
        self.scans += 1
        async with self._new_scan:
            self._new_scan.notify_all()

    def _remember(self, readings: Readings) -> None:
        """Takes a scan into the windows, once it is known whether they are of this plant."""
        if self._is_preloading and not self.clock.is_seen:
            return
        self._is_preloading = False
        if self.clock.is_restarted:
            self.history.forget()
        self.history.observe(readings, self.clock.shown_s)

    def _add_point(self, points: list[tuple[float, float]], reading: DataValue | None) -> None:
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

    async def trend(self, tag: str, last_s: float, most: int) -> list[tuple[float, float]]:
        """Returns how a tag went: seconds, 0 being now, and value, the oldest first.

        From the historian, with its lowest and highest values, if it can be read; else what
        this process saw itself.

        Args:
            last_s: How far back, process time.
            most: How many points at most.
        """
        if self._recorded is not None:
            recorded = await asyncio.to_thread(self._recorded.trend, tag, last_s, most)
            if recorded:
                return recorded
        begin_s = self.now_s - last_s
        points = [each for each in self._trends.get(tag, []) if each[0] >= begin_s]
        every = max(1, -(-len(points) // most))
        kept = points[::-1][::every][:most][::-1]
        return [(at_s - self.now_s, value) for at_s, value in kept]

    async def next_scan(self) -> None:
        """Waits for the next scan."""
        seen = self.scans
        async with self._new_scan:
            await self._new_scan.wait_for(lambda: self.scans > seen)


def _reaches(conditions: Iterable[Condition | Expression]) -> Mapping[str, float]:
    """Returns how far back windows look at each tag, process time."""
    reaches: dict[str, float] = {}
    for condition in conditions:
        for tag in condition.tags if condition.windows else ():
            reaches[tag] = max(reaches.get(tag, 0.0), condition.longest_window_s)
    return reaches
