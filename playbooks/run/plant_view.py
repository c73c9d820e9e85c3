"""Plant as runs see it, with latest readings, process time and window history."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from handwheel.connectors.model.values import DataValue, Quality
from handwheel.tools.conditions import Condition, Expression, History

from .recorded_history import RecordedHistory

Readings = Mapping[str, DataValue]

_MOST_POINTS = 1200
_BLIND_S = 5.0  # a shorter gap cannot hide a restart of the plant
_PACE_OVER_S = 30.0
_PACE_ERROR = 0.03


@dataclass(slots=True)
class ProcessClock:
    """Process time of a simulated plant, which may run faster, else of the machine.

    It never goes back. While the plant's clock cannot be read or has restarted, it continues at
    the last pace, so that no time-out depends on the plant. Without a tag it is the machine's.
    """

    tag: str = ""
    now_s: float = 0.0  # process time, seconds
    shown_s: float = 0.0  # time of the plant's clock, which goes back when the plant restarts
    # Whether the clock was lost and came back with an unexpected time: another plant, a restored
    # one, or one whose speed was changed.
    is_restarted: bool = False
    _read_s: float | None = None
    _pace: float = 1.0
    _is_readable: bool = False
    _latest: tuple[float, float] | None = None
    _marks: tuple[tuple[float, float], ...] = ()

    @property
    def is_readable(self) -> bool:
        """Whether process time was readable at the latest scan."""
        return self._is_readable or not self.tag

    def tick(self, readings: Readings, monotonic_s: float) -> float:
        """Advances process time to a scan and returns it, seconds."""
        before, self._read_s = self._read_s, monotonic_s
        passed_s = monotonic_s - before if before is not None else 0.0
        if not self.tag:
            self.now_s = self.shown_s = monotonic_s
            return self.now_s
        shown_s, guessed_s = self._read(readings), passed_s * self._pace
        went_s = guessed_s if shown_s is None else shown_s - self.shown_s
        was_readable, self._is_readable = self._is_readable, shown_s is not None
        self.is_restarted = False
        if shown_s is not None:
            self.is_restarted = not was_readable and self._is_other_plant(monotonic_s, shown_s)
            self._note(monotonic_s, shown_s)
        if was_readable and self._is_readable and passed_s > 0.0 and went_s >= 0.0:
            self._pace = 0.8 * self._pace + 0.2 * went_s / passed_s
        self.shown_s += went_s
        self.now_s += went_s if went_s >= 0.0 else guessed_s
        return self.now_s

    def _is_other_plant(self, monotonic_s: float, shown_s: float) -> bool:
        if self._latest is None:
            return False
        seen_s, before_s = self._latest
        mark_s, mark_shown_s = self._marks[0]
        over_s, blind_s = seen_s - mark_s, monotonic_s - seen_s
        pace = (before_s - mark_shown_s) / over_s if over_s >= _BLIND_S else self._pace
        error_s = abs(shown_s - before_s - pace * blind_s)
        return blind_s > _BLIND_S and (
            error_s > _PACE_ERROR * pace * blind_s + _BLIND_S * max(pace, 1.0)
        )

    def _note(self, monotonic_s: float, shown_s: float) -> None:
        """Notes points from which the pace over a longer time is computed."""
        is_back = self._latest is None or shown_s < self._latest[1] or self.is_restarted
        self._latest = (monotonic_s, shown_s)
        if is_back:
            self._marks = (self._latest,)
        elif monotonic_s - self._marks[-1][0] >= _PACE_OVER_S:
            self._marks = (self._marks[-1], self._latest)

    def _read(self, readings: Readings) -> float | None:
        reading = readings.get(self.tag)
        is_good = reading is not None and reading.quality is Quality.GOOD
        value = reading.value if reading is not None and is_good else None
        return None if isinstance(value, bool) or not isinstance(value, int | float) else value


@dataclass(slots=True)
class PlantView:
    """Plant at the latest scan. The owner calls `observe` once a scan."""

    clock: ProcessClock
    history: History
    readings: Readings = field(default_factory=dict[str, DataValue])
    now_s: float = 0.0
    scan_s: float = 0.0  # longest process time between two of the latest scans
    scans: int = 0  # number of scans
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
        """Returns a view that keeps the history of conditions, and the trends for work orders."""
        known = list(conditions)
        view = cls(ProcessClock(clock_tag), History(known))
        view._trends = {name: [] for name in trends}
        view._reaches = _reaches(known)
        return view

    def preload(self, recorded: RecordedHistory, monotonic_s: float) -> None:
        """Fills the windows with the recorded history from before this process.

        A window has a gap where no good value was recorded. If the plant's clock shows at the
        first scan that another plant was recorded, the windows begin empty. Trends are read from
        the recorded history from now on.
        """
        self._recorded = recorded
        self._is_preloading = True
        for scan in recorded.scans(self._reaches):
            self.clock.tick(scan.readings, monotonic_s - scan.before_s)
            if self.clock.is_restarted:
                self.history.forget()
            if scan.readings and self.clock.is_readable:
                self.history.recall(scan.readings, self.clock.shown_s, scan.ago_s)

    async def observe(self, readings: Readings, monotonic_s: float) -> None:
        """Takes a scan, and wakes the tasks that wait for one."""
        before_s, before_shown_s = self.now_s, self.clock.shown_s
        self.readings, self.now_s = readings, self.clock.tick(readings, monotonic_s)
        self._remember(readings)
        for name, points in self._trends.items():
            if self.clock.shown_s < before_shown_s or self.clock.is_restarted:
                points.clear()  # the plant has restarted
            self._add_point(points, readings.get(name))
        if self.scans:
            self._recent_s = [*self._recent_s[-4:], max(self.now_s - before_s, 0.0)]
            self.scan_s = max(self._recent_s)
        self.scans += 1
        async with self._new_scan:
            self._new_scan.notify_all()

    def _remember(self, readings: Readings) -> None:
        if self._is_preloading and not self.clock.is_readable:
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
            points[-1] = point  # points lie wider apart in a longer trend
            return
        points.append(point)
        if len(points) > _MOST_POINTS:
            del points[1:-1:2]

    async def trend(self, tag: str, last_s: float, most: int) -> list[tuple[float, float]]:
        """Returns the trend of a tag as (seconds before now, value), oldest first.

        It comes from the historian, else from this process's own scans, and has at most `most`
        points over `last_s` of process time.
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
    """Returns the longest window over each tag, process time."""
    reaches: dict[str, float] = {}
    for condition in conditions:
        for tag in condition.tags if condition.windows else ():
            reaches[tag] = max(reaches.get(tag, 0.0), condition.longest_window_s)
    return reaches
