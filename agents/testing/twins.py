"""Rules of every twin, as checks that pytest runs."""

import json
import pickle
import time
from collections.abc import Mapping, Sequence
from copy import deepcopy
from math import nan
from typing import Any, ClassVar

import pytest

from handwheel.connectors.model.values import GOOD, DataValue

from ..diagnosis.windows import Windows
from ..lookahead.foretell import course_of, estimate_of
from ..lookahead.load import SiteTwin
from ..lookahead.twin import Course, Estimate, Move, TooLittleMeasured, Twin, TwinError

SCAN_S = 5.0
_SHORT_S = 120.0
_DAY_S = 86400.0
_CLOCKS = ("time", "monotonic", "perf_counter", "process_time")


def steady_windows(values: Mapping[str, float], for_s: float = 3600.0) -> Windows:
    """Returns windows in which these tags have been read good and constant.

    Args:
        values: Value of each tag in its unit. A truth value is 0 or 1.
        for_s: How long, process time, with a scan each 5 s.
    """
    windows = Windows(values)
    readings = {tag: DataValue(each, GOOD, None, None, 0.0) for tag, each in values.items()}
    for n in range(round(for_s / SCAN_S) + 1):
        windows.observe(readings, n * SCAN_S)
    return windows


class TwinConformance:
    """Rules of every twin. Override `twin` and `windows` and let pytest collect the class.

    Attributes:
        horizon_s: How far ahead is foretold, process time.
        move: A write that the twin takes and that changes its course, with a time above 0 and
            below `horizon_s`. `None` for a twin that takes none.
    """

    horizon_s: ClassVar[float] = 600.0
    move: ClassVar[Move | None] = None

    def twin(self) -> Twin:
        """Makes a twin, as its entry point does."""
        raise NotImplementedError

    def windows(self) -> Windows:
        """Returns measurements from which the twin finds its state. See `steady_windows`."""
        raise NotImplementedError

    def test_tags_are_texts(self) -> None:
        """A twin names at least one tag, and none twice."""
        tags: Sequence[object] = self.twin().tags
        assert tags, "it names no tag"
        assert all(isinstance(each, str) for each in tags), f"{tags} are no texts"
        assert len(set(tags)) == len(tags), f"{tags} has a tag twice"

    def test_estimate_is_of_now(self) -> None:
        """An estimate has the time of the latest scan and residuals of tags, all finite."""
        windows = self.windows()
        found = estimate_of(self._own(), windows)
        assert found.at_s == windows.now_s, f"its time is {found.at_s}, and now {windows.now_s}"
        names: Sequence[object] = list(found.residuals)
        assert all(isinstance(each, str) for each in names), f"residuals of {names}"

    def test_nothing_measured_is_no_estimate(self) -> None:
        """Without measurements there is no estimate."""
        twin = self.twin()
        try:
            found = twin.estimate(Windows(twin.tags))
        except TooLittleMeasured:
            return
        assert found is None, f"from nothing it has found {found}"

    def test_state_is_plain_json(self) -> None:
        """A state written as JSON and read again has the same course."""
        own, found = self._found()
        try:
            text = json.dumps(found.state, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise AssertionError(f"its state is no JSON: {error}") from None
        again = self._course(own, json.loads(text))
        assert again == self._course(own, found.state), "its course is another after JSON"

    def test_estimate_is_pure(self) -> None:
        """The same windows have the same estimate, whatever was asked before, and stay."""
        own, windows = self._own(), self.windows()
        before = _content(windows)
        first = estimate_of(own, windows)
        self._course(own, first.state, self._moves())
        assert estimate_of(own, windows) == first, "its second estimate differs"
        assert estimate_of(self._own(), windows) == first, "another twin's estimate differs"
        assert _content(windows) == before, "it has changed the windows"

    def test_course_is_pure(self) -> None:
        """The same state has the same course, whatever was asked before, and stays."""
        own, found = self._found()
        state = deepcopy(found.state)
        first = self._course(own, state)
        assert state == found.state, "it has changed the state"
        self._course(own, state, self._moves())
        assert self._course(own, state) == first, "its second course differs"
        assert self._course(self._own(), state) == first, "another twin's course differs"

    def test_no_clock_is_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Estimate and course are the same a day later."""
        own, windows = self._own(), self.windows()
        first = estimate_of(own, windows)
        course = self._course(own, first.state)
        for name in _CLOCKS:
            later = getattr(time, name)() + _DAY_S
            monkeypatch.setattr(time, name, lambda later=later: later)
        assert estimate_of(own, windows) == first, "its estimate depends on a clock"
        assert self._course(own, first.state) == course, "its course depends on a clock"

    def test_twin_is_sent_to_another_process(self) -> None:
        """A pickled twin foretells the same, and what it returns can be sent back."""
        own, found = self._found()
        try:
            copy: Twin = pickle.loads(pickle.dumps(own.twin))  # noqa: S301 (made here)
        except Exception as error:
            raise AssertionError(f"it cannot be sent: {type(error).__name__}: {error}") from error
        sent = SiteTwin(own.name, copy, own.trust, own.horizon_s)
        result = estimate_of(sent, self.windows()), self._course(sent, found.state)
        here = found, self._course(own, found.state)
        assert pickle.loads(pickle.dumps(result)) == here  # noqa: S301 (made here)

    def test_course_is_whole(self) -> None:
        """A course of any length begins with 0, ends at the horizon, and is finite.

        It ends earlier only after a trip. Every tag has a sample for each time.
        """
        own, found = self._found()
        for horizon_s in (_SHORT_S, self.horizon_s):
            course = self._course(own, found.state, horizon_s=horizon_s)
            end_s = course.times_s[-1]
            assert end_s <= horizon_s + 1.0, f"it ends at {end_s:g} s of {horizon_s:g} s"

    def test_write_changes_what_follows(self) -> None:
        """A course with a write is another one after the write, and the same before."""
        if self.move is None:
            pytest.skip("this twin takes no write")
        own, found = self._found()
        without = _by_time(self._course(own, found.state))
        with_it = _by_time(self._course(own, found.state, [self.move]))
        shared = sorted(without.keys() & with_it.keys())
        assert any(without[each] != with_it[each] for each in shared), "the write changes nothing"
        changed_s = next(each for each in shared if without[each] != with_it[each])
        assert changed_s >= self.move.at_s, f"it changes at {changed_s:g} s, before the write"

    def test_impossible_write_is_refused(self) -> None:
        """A write of an unknown tag, or of no number, raises `TwinError`."""
        twin, found = self.twin(), self._found()[1]
        wrong = [Move("NO-SUCH-TAG.sp", 1.0, 0.0)]
        if self.move is not None:
            wrong.append(self.move._replace(value=nan))
        for move in wrong:
            with pytest.raises(TwinError):
                twin.predict(found.state, [move], self.horizon_s)

    def _own(self) -> SiteTwin:
        return SiteTwin("twin", self.twin(), 1.0, self.horizon_s)

    def _found(self) -> tuple[SiteTwin, Estimate]:
        own = self._own()
        return own, estimate_of(own, self.windows())

    def _moves(self) -> Sequence[Move]:
        return [] if self.move is None else [self.move]

    def _course(
        self,
        own: SiteTwin,
        state: Mapping[str, Any],
        moves: Sequence[Move] = (),
        horizon_s: float | None = None,
    ) -> Course:
        return course_of(own, state, moves, self.horizon_s if horizon_s is None else horizon_s)


def _content(windows: Windows) -> bytes:
    copy = deepcopy(windows)
    copy.known.clear()  # statistics that somebody has asked for
    return pickle.dumps(copy)


def _by_time(course: Course) -> dict[float, tuple[float, ...]]:
    names = sorted(course.series)
    samples = zip(*(course.series[name] for name in names), strict=True)
    return dict(zip(course.times_s, samples, strict=True))
