"""Plant as runs see it, with latest readings, process time and window history."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from handwheel.connectors.historian.recorded_history import RecordedHistory
from handwheel.connectors.model.process_clock import ProcessClock, Readings
from handwheel.connectors.model.values import (
    BAD_WAITING,
    NOT_GOOD,
    Array,
    DataValue,
    Value,
    never_read,
)
from handwheel.tools.conditions import Condition, Expression, History
from handwheel.tools.conditions.operands import NO_INPUTS, ConditionInputs, is_number

from ..binding.model import BoundPlaybook
from ..engine.inputs import PlantSnapshot, Tracked

_MOST_POINTS = 1200


class RecalledWindows(Protocol):
    """Windows beside those of conditions, which the recorded history fills too."""

    @property
    def reaches(self) -> Mapping[str, float]:
        """How far back each tag is needed, process time."""
        ...

    def recall(self, readings: Readings, now_s: float) -> None:
        """Takes a recorded scan, oldest first."""
        ...

    def forget(self) -> None:
        """Empties the windows, since another plant was recorded before."""
        ...


_UNREAD = never_read(BAD_WAITING, 0.0)


@dataclass(slots=True)
class PlantView:
    """Plant at the latest scan. The owner calls `observe` once a scan."""

    clock: ProcessClock
    history: History
    readings: Readings = field(default_factory=dict[str, DataValue])
    inputs: ConditionInputs = NO_INPUTS  # of conditions without recorded values
    now_s: float = 0.0
    scan_s: float = 0.0  # longest process time between two of the latest scans
    scans: int = 0  # number of scans
    is_seen: bool = False  # whether every tag was read once, or its connection is known to be down
    _recorded: RecordedHistory | None = None
    _reaches: Mapping[str, float] = field(default_factory=dict[str, float])
    _is_preloading: bool = False
    _trends: tuple[str, ...] = ()
    _rows: list[tuple[float, list[Value | Array | None]]] = field(
        default_factory=list[tuple[float, list[Value | Array | None]]]
    )  # times of scans, each with the good values of the trends
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
        view._trends = tuple(dict.fromkeys(trends))
        view._reaches = _reaches(known)
        return view

    @classmethod
    def of_plans(
        cls,
        plans: Sequence[BoundPlaybook],
        clock_tag: str,
        more: Iterable[Condition | Expression] = (),
    ) -> "PlantView":
        """Returns a view for some playbooks, with the history of more conditions. See `of`."""
        conditions = [*(each for plan in plans for each in plan.conditions), *more]
        trends = [tag.name for plan in plans for tag in plan.trend_tags]
        return cls.of(conditions, clock_tag, trends)

    def preload(
        self,
        recorded: RecordedHistory,
        monotonic_s: float,
        *more: RecalledWindows,
    ) -> None:
        """Fills the windows with the recorded history from before this process.

        A window has a gap where no good value was recorded. If the plant's clock shows at the
        first scan that another plant was recorded, the windows begin empty. Trends are read from
        the recorded history from now on.
        """
        self._recorded = recorded
        self._is_preloading = True
        reaches = dict(self._reaches)
        for each in more:
            longest = {tag: max(reaches.get(tag, 0.0), s) for tag, s in each.reaches.items()}
            reaches |= longest
        for scan in recorded.scans(reaches):
            self.clock.tick(scan.readings, monotonic_s - scan.before_s)
            if self.clock.is_restarted:
                self.history.forget()
                for each in more:
                    each.forget()
            if scan.readings and self.clock.is_readable:
                self.history.recall(scan.readings, self.clock.shown_s, scan.ago_s)
                for each in more:
                    each.recall(scan.readings, self.clock.shown_s)

    def observe(self, readings: Readings, monotonic_s: float) -> set[str]:
        """Takes a scan. Returns the waiting runs for which it changes something."""
        before_s, before_shown_s = self.now_s, self.clock.shown_s
        self.readings, self.now_s = readings, self.clock.tick(readings, monotonic_s)
        self._remember(readings)
        self.inputs = ConditionInputs(readings, self.history.series, None)
        if self.clock.shown_s < before_shown_s or self.clock.is_restarted:
            self._rows.clear()  # the plant has restarted
        self._add_row(readings)
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
            truth = before.condition.truth(self.inputs._replace(recorded=before.recorded))
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

    def _add_row(self, readings: Readings) -> None:
        rows = self._rows
        if not self._trends or (rows and self.now_s <= rows[-1][0]):
            return
        found = [readings.get(name, _UNREAD) for name in self._trends]
        row = self.now_s, [None if each.status & NOT_GOOD else each.value for each in found]
        is_long = len(rows) > _MOST_POINTS // 2
        if is_long and self.now_s - rows[-2][0] < (self.now_s - rows[0][0]) / _MOST_POINTS * 2:
            rows[-1] = row  # points lie wider apart in a longer trend
            return
        rows.append(row)
        if len(rows) > _MOST_POINTS:
            del rows[1:-1:2]

    async def trend(self, tag: str, last_s: float, most: int) -> list[tuple[float, float]]:
        """Returns the trend of a tag as (seconds before now, value), oldest first.

        It comes from the historian, else from this process's own scans, and has at most `most`
        points over `last_s` of process time.
        """
        if self._recorded is not None:
            recorded = await asyncio.to_thread(self._recorded.trend, tag, last_s, most)
            if recorded:
                return recorded
        points = [each for each in self._points(tag) if each[0] >= self.now_s - last_s]
        every = max(1, -(-len(points) // most))
        kept = points[::-1][::every][:most][::-1]
        return [(at_s - self.now_s, value) for at_s, value in kept]

    def _points(self, tag: str) -> list[tuple[float, float]]:
        column = self._trends.index(tag) if tag in self._trends else None
        found = [(at_s, row[column]) for at_s, row in self._rows if column is not None]
        return [(at_s, float(value)) for at_s, value in found if is_number(value)]


def _reaches(conditions: Iterable[Condition | Expression]) -> Mapping[str, float]:
    """Returns the longest window over each tag, process time."""
    reaches: dict[str, float] = {}
    for condition in conditions:
        for tag in condition.tags if condition.windows else ():
            reaches[tag] = max(reaches.get(tag, 0.0), condition.longest_window_s)
    return reaches
