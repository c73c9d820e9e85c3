"""Health checks that a subscription may offer to its supervisor."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from ..model.values import DataValue


@runtime_checkable
class ReportsHealth(Protocol):
    """A subscription that knows whether each interval is alive. See `Subscription`."""

    def last_alive_s(self, scan_s: float) -> float:
        """Returns when the device last showed that it samples a subscribed interval, monotonic."""
        ...

    def compare(self, readings: Mapping[str, DataValue]) -> None:
        """Compares readings asked for after `changes`, and renews items that miss changes."""
        ...
