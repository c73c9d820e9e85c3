"""Converts source times of items that are read repeatedly."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from asyncua import ua

_MICROSECOND = timedelta(microseconds=1)
_LAST = ua.MAX_OPC_FILETIME


class SourceTimes:
    """Converts the source times of one request's items and keeps unchanged ones."""

    def __init__(self, count: int) -> None:
        self._sent: tuple[int | None, ...] = (None,) * count
        self._times: list[datetime | None] = [None] * count
        self._near = ua.win_epoch_to_datetime(0)
        self._near_us = 0

    def of(self, sent: Sequence[int | None]) -> Sequence[datetime | None]:
        """Returns times sent in units of 100 ns since 1601, in UTC and cut to microseconds."""
        sent = tuple(sent)
        if sent != self._sent:
            self._times = [
                time if now == before else self._time(now)
                for now, before, time in zip(sent, self._sent, self._times, strict=True)
            ]
            self._sent = sent
        return self._times

    def _time(self, filetime: int | None) -> datetime | None:
        if filetime is None:
            return None
        if not 0 <= filetime < _LAST:
            return ua.win_epoch_to_datetime(filetime)
        # Adding a multiple of a duration to a near time takes a quarter of the usual time.
        microseconds = filetime // 10
        self._near += _MICROSECOND * (microseconds - self._near_us)
        self._near_us = microseconds
        return self._near
