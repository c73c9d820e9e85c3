"""The recent past of scanned tags, for trends on a screen."""

from collections import deque
from collections.abc import Iterable, Mapping

from handwheel.connectors.values import DataValue, Quality


class History:
    """Keeps the last samples of numeric tags; bad quality leaves a gap.

    Args:
        names: The tags.
        length: Samples per tag.
    """

    def __init__(self, names: Iterable[str], length: int) -> None:
        self._series: dict[str, deque[float | None]] = {
            name: deque(maxlen=length) for name in names
        }

    def add(self, readings: Mapping[str, DataValue]) -> None:
        """Adds one scan."""
        for name, series in self._series.items():
            reading = readings[name]
            value = reading.value if reading.quality is Quality.GOOD else None
            series.append(float(value) if isinstance(value, int | float) else None)

    def series(self, name: str) -> list[float | None]:
        """Returns the samples of a tag, oldest first."""
        return list(self._series[name])
