"""Conditions of a case, evaluated at every scan."""

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.model.process_clock import Readings
from handwheel.tools.conditions import Condition, History, Truth

from .case import Eventually, Expected


class WatchedConditions:
    """Expected conditions of a case with what came of them.

    A condition that is not known is neither true nor false, so it breaks `always` and `never`. A
    window that has not been covered yet does not.
    """

    def __init__(self, expected: Expected) -> None:
        self._watched: list[_Watched | _Awaited] = [
            *(_Watched("always", each, Truth.TRUE) for each in expected.always),
            *(_Watched("never", each, Truth.FALSE) for each in expected.never),
            *map(_Awaited, expected.eventually),
        ]
        conditions = [*expected.always, *expected.never]
        conditions += [each.condition for each in expected.eventually]
        self._history = History(conditions)

    def observe(self, readings: Readings, now_s: float) -> None:
        """Evaluates every condition on a scan.

        Args:
            now_s: Process time since the beginning of the case, seconds.
        """
        self._history.observe(readings, now_s)
        for each in self._watched:
            each.observe(readings, self._history, now_s)

    def failures(self) -> list[str]:
        """Returns a sentence for each expectation that is not met."""
        found = [each.failure() for each in self._watched]
        return [each for each in found if each]


class _Watched:
    def __init__(self, key: str, condition: Condition, wanted: Truth) -> None:
        self._key, self._condition, self._wanted = key, condition, wanted
        self._was_known = False
        self._broken = ""

    def observe(self, readings: Readings, history: History, now_s: float) -> None:
        if self._broken:
            return
        truth = self._condition.evaluate(readings, history)
        if truth is Truth.UNKNOWN and history.is_forming(self._condition):
            return
        self._was_known = True
        if truth is not self._wanted:
            state = "not known" if truth is Truth.UNKNOWN else truth.value
            shown = self._condition.shown(readings, history)
            self._broken = f"is {state} at {format_duration(now_s)}: {shown}"

    def failure(self) -> str:
        reason = self._broken or ("" if self._was_known else "was never known")
        return f"{self._key}: {self._condition.text!r} {reason}" if reason else ""


class _Awaited:
    def __init__(self, wanted: Eventually) -> None:
        self._wanted = wanted
        self._is_met = False
        self._shown = "no scan was taken"

    def observe(self, readings: Readings, history: History, now_s: float) -> None:
        condition = self._wanted.condition
        if self._is_met or now_s > self._wanted.within_s:
            return
        self._is_met = condition.evaluate(readings, history) is Truth.TRUE
        if not self._is_met:
            self._shown = condition.shown(readings, history)

    def failure(self) -> str:
        if self._is_met:
            return ""
        within = format_duration(self._wanted.within_s)
        text = self._wanted.condition.text
        return f"eventually: {text!r} was not true within {within}; at last: {self._shown}"
