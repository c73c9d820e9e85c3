"""Readings of computed tags, from the readings of the tags that they are computed from."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import Any

from ..methods.hourly_means import HourlyMeans
from ..methods.method import Mean
from .site import Site
from .tags import Computation, Tag
from .values import (
    BAD_CONFIGURATION,
    BAD_INTERNAL,
    BAD_NO_COMMUNICATION,
    BAD_NO_DATA,
    BAD_OUT_OF_RANGE,
    BAD_TYPE_MISMATCH,
    BAD_WAITING,
    GOOD,
    NOT_GOOD,
    DataValue,
    Quality,
    StatusCode,
    never_read,
)

_SHOWN = 40
_NUMBERS = (int, float)  # a tuple, since a union is made anew for each test

_logger = logging.getLogger(__name__)


class ComputedTags:
    """Computes tags of a site from readings. Each process does so from its own.

    It remembers the latest results, so that nothing is computed while the inputs stay the same,
    and the hourly means that some methods need.

    Args:
        tags: Tags to be known. What they are computed from is found.
    """

    def __init__(self, site: Site, tags: Iterable[Tag]) -> None:
        needed = site.needed(tags)
        self._computed = [
            _ComputedTag(tag.name, tag.computation, site.clock_tag)
            for tag in needed
            if tag.computation
        ]
        self.inputs = frozenset(
            tag.name for tag in site.measured(each for each in needed if each.computation)
        )

    @property
    def pasts(self) -> frozenset[str]:
        """Tags whose past is needed."""
        return frozenset(each.past for each in self._computed if each.past)

    def recall(self, tag: str, means: Sequence[Mean]) -> None:
        """Takes recorded hourly means of a tag, oldest first, from before this process."""
        for each in self._computed:
            for mean in means if each.past == tag else ():
                each.means.add(mean.at_s, mean.value)

    def complete(self, readings: Mapping[str, DataValue]) -> Mapping[str, DataValue]:
        """Returns the readings and those of the computed tags.

        The quality of a computed reading is the worst of its inputs, its times are the oldest. It
        is bad without an input, `BadNoData` where its method has no result, and bad where the
        method has a fault, which is logged.
        """
        if not self._computed:
            return readings
        found = dict(readings)
        for each in self._computed:
            found[each.name] = each.reading(found)
        return found


class _ComputedTag:
    """One computed tag, with what its method was asked last."""

    def __init__(self, name: str, computation: Computation, clock_tag: str) -> None:
        self.name, self._computation, self._clock_tag = name, computation, clock_tag
        self.past = computation.past
        self._names = computation.reads
        self.means = HourlyMeans()
        self._inputs: list[DataValue | None] = []
        self._reading = never_read(BAD_WAITING, 0.0)
        self._asked: dict[str, Any] = {}
        self._result: float | None = None
        self._status = GOOD
        self._fault = ""

    def reading(self, readings: Mapping[str, DataValue]) -> DataValue:
        """Returns its reading, the same one as long as its inputs are the same."""
        inputs = [readings.get(name) for name in self._names]
        if inputs != self._inputs:
            self._inputs = inputs
            self._reading = self._judge(readings, [each for each in inputs if each is not None])
        return self._reading

    def _judge(self, readings: Mapping[str, DataValue], inputs: list[DataValue]) -> DataValue:
        is_missing = len(inputs) < len(self._inputs)
        status = BAD_NO_COMMUNICATION if is_missing else _worst(inputs)
        if status.quality is not Quality.BAD:
            status = self._computed(readings) or status
        times = [each.source_time for each in inputs if each.source_time is not None]
        is_stamped = bool(times) and len(times) == len(inputs)
        oldest = inputs[times.index(min(times))] if is_stamped else None
        return DataValue(
            self._result,
            status,
            oldest.source_time if oldest else None,
            oldest.server_time if oldest else None,
            min([each.received_s for each in inputs], default=0.0),
        )

    def _computed(self, readings: Mapping[str, DataValue]) -> StatusCode:
        """Notes the result of the inputs, none of which is bad, and returns its status."""
        asked: dict[str, Any] = {}
        for name, each in self._computation.inputs.items():
            value = readings[each].value if isinstance(each, str) else each
            if isinstance(value, bool) or not isinstance(value, _NUMBERS):
                return BAD_TYPE_MISMATCH
            if not isfinite(value):
                return BAD_OUT_OF_RANGE
            asked[name] = value
        if self.past:
            asked["past"] = self._means(readings)
        if asked != self._asked:
            self._asked = asked
            self._status = self._ask(asked)
        return self._status

    def _means(self, readings: Mapping[str, DataValue]) -> tuple[Mean, ...]:
        """Returns the past of an input, with its present value if it is good."""
        reading = readings[self.past]
        at_s: Any = reading.received_s
        if self._clock_tag:
            clock = readings.get(self._clock_tag)
            is_read = clock is not None and clock.quality is Quality.GOOD
            at_s = clock.value if clock is not None and is_read else None
            if isinstance(at_s, int | float):
                self.means.forget_after(float(at_s))
        if isinstance(at_s, bool) or not isinstance(at_s, int | float):
            return ()
        if reading.quality is Quality.GOOD and isinstance(reading.value, int | float):
            self.means.add(float(at_s), float(reading.value))
        return self.means.until(float(at_s))

    def _ask(self, asked: Mapping[str, Any]) -> StatusCode:
        method = self._computation.function
        if method is None:
            self._log(self._computation.fault)
            return BAD_CONFIGURATION
        try:
            result: Any = method.compute(**asked)
        except (Exception, SystemExit) as error:  # noqa: BLE001 (only its tag is bad)
            self._log(f"{type(error).__name__}: {error}")
            return BAD_INTERNAL
        if result is None:
            self._fault = ""
            return BAD_NO_DATA
        if isinstance(result, bool) or not isinstance(result, int | float) or not isfinite(result):
            self._log(f"returned {ascii(result)[:_SHOWN]}, which is no number")
            return BAD_INTERNAL
        self._result, self._fault = float(result), ""
        return GOOD

    def _log(self, fault: str) -> None:
        """Logs a fault once, until the method has a result again."""
        if not self._fault:
            method = self._computation.method
            told = ascii(fault)[1:-1]  # a package's words may hold anything
            _logger.warning("%s is bad: method %s: %s", self.name, method, told)
        self._fault = fault


def _worst(inputs: Sequence[DataValue]) -> StatusCode:
    """Returns the status with the highest severity, which a code's first bits hold."""
    found = max([each.status for each in inputs], default=GOOD)
    return found if found & NOT_GOOD else GOOD
