"""Noise of tags, measured on what the historian recorded last."""

from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from itertools import pairwise
from math import sqrt

from handwheel.connectors.historian.definitions import definitions
from handwheel.connectors.historian.errors import HistoryError
from handwheel.connectors.historian.reader import HistoryReader
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag

_SCANS = 600
_LEAST = 100  # changes from scan to scan


class MeasuredNoise:
    """Noise of the tags of a site, read from its history where that is asked for."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._known: dict[str, float | None] = {}

    def of(self, tag: Tag) -> float | None:
        """Returns the standard deviation of a tag's noise, in its unit.

        `None` if fewer than 100 changes from scan to scan are recorded in the last 600 scans. A
        history that cannot be read is none: lint does not need it.
        """
        if tag.name not in self._known:
            self._known[tag.name] = self._measured(tag)
        return self._known[tag.name]

    def _measured(self, tag: Tag) -> float | None:
        scan_s = self._site.scan_s(tag)
        values: list[float | None] = []
        with suppress(HistoryError), HistoryReader(self._site.state, self._definitions) as reader:
            newest = reader.newest(tag.name)
            if newest is not None:
                end_s = newest[0]
                slots = reader.trend(tag.name, end_s - _SCANS * scan_s, end_s, _SCANS)
                values = [slot.mean for slot in slots]
        return _deviation(values)

    @cached_property
    def _definitions(self) -> Mapping[str, str]:
        return definitions(self._site)


def _deviation(values: list[float | None]) -> float | None:
    """Returns the deviation by the changes from scan to scan, which a drift hardly moves.

    Source: J. von Neumann, Distribution of the ratio of the mean square successive difference to
    the variance (1941).
    """
    changes = [b - a for a, b in pairwise(values) if a is not None and b is not None]
    if len(changes) < _LEAST:
        return None
    return sqrt(sum(each * each for each in changes) / len(changes) / 2)
