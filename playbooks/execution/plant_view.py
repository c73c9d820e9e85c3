"""Plant as runs see it, with latest readings, process time and window history."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from handwheel.connectors.historian.recorded_history import RecordedHistory
from handwheel.connectors.model.process_clock import ProcessClock, Readings
from handwheel.connectors.model.values import BAD_WAITING, DataValue, Quality
from handwheel.tools.conditions import Condition, Expression, History

from ..binding.model import BoundPlaybook
from ..engine.inputs import PlantSnapshot, Tracked

_MOST_POINTS = 1200


@dataclass(slots=True)
class PlantView:
    """Plant at the latest scan. The owner calls `observe` once a scan."""

    clock: ProcessClock
    history: History
    readings: Readings = field(default_factory=dict[str, DataValue])
    now_s: float = 0.0
    scan_s: float = 0.0  # longest process time between two of the latest scans
    scans: int = 0  # number of scans
    is_seen: bool = False  # whether every tag was read once, or its connection is known to be down
    _recorded: RecordedHistory | None = None
    _reaches: Mapping[str, float] = field(default_factory=dict[str, float])
    _is_preloading: bool = False
    _trends: dict[str, list[tuple[float, float]]] = field(
        default_factory=dict[str, list[tuple[float, float]]]
    )
    _recent_s: list[float] = field(default_factory=list[float])
    # The inputs that each waiting run has asked for, and every condition among them.
    _waiting: dict[str, PlantSnapshot] = field(default_factory=dict[str, PlantSnapshot])
    _tracked: dict[int, Tracked] = field(default_factory=dict[int, Tracked])

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

    @classmethod
    def of_plans(cls, plans: Sequence[BoundPlaybook], clock_tag: str) -> "PlantView":
        """Returns a view for some playbooks. See `of`."""
        conditions = [each for plan in plans for each in plan.conditions]
        trends = [tag.name for plan in plans for tag in plan.trend_tags]
        return cls.of(conditions, clock_tag, trends)

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

    def observe(self, readings: Readings, monotonic_s: float) -> set[str]:
        """Takes a scan. Returns the waiting runs for which it changes something."""
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
        self.is_seen = self.is_seen or all(each.status != BAD_WAITING for each in readings.values())
        return self._changed() if self.scans > 1 else self._begin()

    def snapshot(self) -> PlantSnapshot:
        """Returns the plant at the latest scan."""
        return PlantSnapshot(
            self.readings, self.history, self.now_s, self.scan_s, self.scans, self._tracked
        )

    def await_change(self, name: str, snapshot: PlantSnapshot | None) -> None:
        """Notes what a run waits for by the inputs that it asked for, `None` for nothing."""
        self._waiting.pop(name, None)
        if snapshot is not None:
            self._waiting[name] = snapshot
            self._tracked.update(snapshot.asked)

    def _begin(self) -> set[str]:
        """Returns every waiting run. No time counts from before the first scan."""
        names, self._tracked = set(self._waiting), {}
        self._waiting.clear()
        return names

    def _changed(self) -> set[str]:
        asked = {key: each for one in self._waiting.values() for key, each in one.asked.items()}
        tracked, changed = dict[int, Tracked](), set[int]()
        for key, each in asked.items():
            before = self._tracked.get(key, each)
            condition = before.condition
            truth = condition.evaluate(self.readings, self.history, recorded=before.recorded)
            tracked[key] = before.at(truth, self.now_s)
            if truth is not before.truth:
                changed.add(key)
        self._tracked = tracked
        return {
            name
            for name, each in self._waiting.items()
            if each.wakes_at_s <= self.now_s or not changed.isdisjoint(each.asked)
        }

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


def _reaches(conditions: Iterable[Condition | Expression]) -> Mapping[str, float]:
    """Returns the longest window over each tag, process time."""
    reaches: dict[str, float] = {}
    for condition in conditions:
        for tag in condition.tags if condition.windows else ():
            reaches[tag] = max(reaches.get(tag, 0.0), condition.longest_window_s)
    return reaches
