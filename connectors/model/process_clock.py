"""Process time, from the clock of a simulated plant or of this machine."""

from collections.abc import Mapping
from dataclasses import dataclass

from .values import DataValue, Quality

Readings = Mapping[str, DataValue]

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
