"""Comparison of a case's outcome with its expectations."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.model.process_clock import Readings
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import Value
from handwheel.tools.conditions import Condition, History, Truth

from ..trial.outcome import Outcome, SentWrite
from .case import Eventually, Expected
from .schema import ExpectedWorkOrderSpec


def failures_of(expected: Expected, outcome: Outcome, playbook: str) -> list[str]:
    """Returns a sentence for each expectation about a playbook that is not met.

    Conditions are not among them, since only a scan shows whether they are met.
    """
    return [
        *_final(expected, outcome, playbook),
        *_trace(expected, outcome, playbook),
        *_writes(expected.writes, outcome.writes),
        *_orders(expected.workorders, outcome),
        *_asked(expected, outcome),
        *_judged(expected, outcome, playbook),
        *_missing("escalated_to", expected.escalated_to, outcome.escalated_to),
    ]


def _final(expected: Expected, outcome: Outcome, playbook: str) -> Iterator[str]:
    state, reason = outcome.final(playbook)
    if expected.final is not None and state != expected.final:
        why = f" ({reason})" if reason else ""
        yield f"final: is {state}{why}, expected {expected.final}"


def _trace(expected: Expected, outcome: Outcome, playbook: str) -> Iterator[str]:
    run = outcome.newest_run(playbook)
    done = run.steps if run else []
    if expected.trace is not None and done != list(expected.trace):
        yield f"trace: is {_listed(done)}, expected {_listed(expected.trace)}"


def _writes(
    expected: int | Sequence[tuple[Tag, Value]] | None, sent: Sequence[SentWrite]
) -> Iterator[str]:
    if expected is None:
        return
    shown = _listed([f"{each.tag} = {each.shown}" for each in sent])
    if isinstance(expected, int):
        if len(sent) != expected:
            yield f"writes: {len(sent)} were sent ({shown}), expected {expected}"
        return
    for number, (wanted, write) in enumerate(zip_longest(expected, sent), 1):
        is_same = wanted and write and (wanted[0].name, wanted[1]) == (write.tag, write.value)
        if not is_same:
            found = f"is {write.tag} = {write.shown}" if write else "was not sent"
            want = f"{wanted[0].name} = {wanted[0].show_value(wanted[1])}" if wanted else "no more"
            yield f"writes: number {number} {found}, expected {want}; all: {shown}"
            return


def _orders(expected: Sequence[ExpectedWorkOrderSpec] | None, outcome: Outcome) -> Iterator[str]:
    if expected is None:
        return
    left = [(each.asset, each.priority) for each in outcome.workorders]
    shown = _listed([f"{asset} of priority {priority}" for asset, priority in left])
    for each in expected:
        fits = [one for one in left if one[0] == each.asset and each.priority in {None, one[1]}]
        if not fits:
            wanted = f" of priority {each.priority}" if each.priority else ""
            yield f"workorders: none for {each.asset}{wanted}; raised: {shown}"
        else:
            left.remove(fits[0])
    for asset, priority in left:
        yield f"workorders: {asset} of priority {priority} was not expected"


def _asked(expected: Expected, outcome: Outcome) -> Iterator[str]:
    if expected.asked is None or len(outcome.requests) == expected.asked:
        return
    filed = [
        f"{', '.join(each.steps)} at {format_duration(each.at_s)}" for each in outcome.requests
    ]
    yield f"asked: {len(filed)} requests ({'; '.join(filed) or 'none'}), expected {expected.asked}"


def _judged(expected: Expected, outcome: Outcome, playbook: str) -> Iterator[str]:
    judged = [each for each in outcome.judgements if each.playbook == playbook]
    blocked_by = dict.fromkeys(name for each in judged for name in each.blocked_by)
    yield from _missing("blocked_by", expected.blocked_by, blocked_by)
    if expected.suggested is not None:
        suggested = dict.fromkeys(each.suggested for each in judged if each.suggested)
        yield from _missing("suggested", [expected.suggested], suggested)


def _missing(key: str, expected: Iterable[str], found: Iterable[str]) -> Iterator[str]:
    known = list(found)
    if missing := [each for each in expected if each not in known]:
        yield f"{key}: {_listed(missing)} is missing; found: {_listed(known)}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


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
