"""What a subscription can do beside telling changes, so that a supervisor can doubt it."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from ..model.values import DataValue


@runtime_checkable
class ReportsHealth(Protocol):
    """A subscription that knows of each interval whether it lives. See `Subscription`."""

    def spoke_s(self, scan_s: float) -> float:
        """Returns when the device last showed that it samples the tags of an interval, monotonic.

        Args:
            scan_s: The interval, as it was subscribed to, seconds.
        """
        ...

    def compare(self, readings: Mapping[str, DataValue]) -> None:
        """Takes what was read beside the changes; a tag whose changes do not come is watched anew.

        Args:
            readings: By tag name; it was asked for after `changes` had returned.
        """
        ...
