"""Counts recent alarms. An alarm counts when it rises, however long it stays."""

from collections import deque
from collections.abc import Mapping

from handwheel.connectors.model.site import Site
from handwheel.connectors.model.values import DataValue, Quality

from ....requests.timestamps import Instant
from ...policy.suspend import Suspend


class AlarmCount:
    """Number of alarms within the policy's time, on the boot clock, which cannot be set."""

    def __init__(self, rule: Suspend, site: Site) -> None:
        self.tags = rule.alarm_tags(site)
        self._rule = rule
        self._was: dict[str, bool] = {}
        self._rises_ms: deque[int] = deque(maxlen=rule.more_than + 1)

    def take(self, readings: Mapping[str, DataValue], now: Instant) -> None:
        """Takes the current readings. A bad reading neither raises nor clears an alarm."""
        for name in self.tags & readings.keys():
            reading = readings[name]
            if reading.quality is not Quality.GOOD or not isinstance(reading.value, bool):
                continue
            if reading.value and self._was.get(name) is False:
                self._rises_ms.append(now.boot_ms)
            self._was[name] = reading.value

    def flood(self, now: Instant) -> str | None:
        """Returns why the alarms are a flood, or `None` if they are none."""
        since_ms = now.boot_ms - 1000.0 * self._rule.within
        while self._rises_ms and self._rises_ms[0] <= since_ms:
            self._rises_ms.popleft()
        if len(self._rises_ms) <= self._rule.more_than:
            return None
        return f"more than {self._rule.more_than} alarms in {self._rule.within / 60.0:g} min"
