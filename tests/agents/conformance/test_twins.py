"""Our own twins conform, and each defect of a twin fails the check that is for it."""

import inspect
import random
import time
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import cache
from math import inf, isfinite
from typing import Any, ClassVar

import pytest

from handwheel.agents.diagnosis.windows import Windows
from handwheel.agents.lookahead.twin import Course, Estimate, Move, Twin, TwinError
from handwheel.agents.testing import TwinConformance, steady_windows
from handwheel.evaluation.twins.cstr import StirredTankTwin
from handwheel.evaluation.twins.cw100.twin import CoolingWaterTwin
from handwheel.evaluation.twins.quadtank import QuadrupleTankTwin
from handwheel.evaluation.twins.tep.twin import TennesseeEastmanTwin

from ...evaluation.twins.watched import Watched


@cache
def _watched(kind: type[Twin], model: str, for_s: float) -> Windows:
    plant = Watched.of(kind(), model, 7)
    plant.run(for_s)
    return plant.windows


class _OfAPlant(TwinConformance):
    """The twin of a simulated plant."""

    kind: ClassVar[type[Twin]]
    model: ClassVar[str]
    for_s: ClassVar[float] = 700.0

    def twin(self) -> Twin:
        return self.kind()

    def windows(self) -> Windows:
        return deepcopy(_watched(self.kind, self.model, self.for_s))


class TestCoolingWater(_OfAPlant):
    kind, model = CoolingWaterTwin, "cw-100"
    move = Move("FIC-201.sp", 30.0, 60.0)


class TestQuadrupleTank(_OfAPlant):
    kind, model = QuadrupleTankTwin, "quadtank"
    move = Move("SC-102.sp", 2.8, 60.0)


class TestStirredTank(_OfAPlant):
    kind, model = StirredTankTwin, "cstr"
    horizon_s = 300.0
    move = Move("TIC-101.sp", 353.0, 60.0)


class TestTennesseeEastman(_OfAPlant):
    kind, model, for_s = TennesseeEastmanTwin, "tep", 1900.0
    move = Move("PRODUCTION.sp", 20.8, 60.0)


class LevelTwin:
    """Twin of one level that follows its valve. The defective ones derive from it."""

    tags: Sequence[str] = ("LT-1.pv",)

    def estimate(self, windows: Windows) -> Estimate | None:
        level = windows.latest("LT-1.pv")
        return None if level is None else Estimate(windows.now_s, {"level": level})

    def predict(self, state: Mapping[str, Any], moves: Sequence[Move], horizon_s: float) -> Course:
        for move in moves:
            if move.tag != "LV-1.op" or not isfinite(move.value):
                raise TwinError(f"there is no such write: {move}")
        times = [10.0 * n for n in range(int(horizon_s / 10.0) + 1)]
        level = state["level"]
        done = [[each.value for each in moves if each.at_s <= at_s] for at_s in times]
        return Course(times, {"LT-1.pv": [level + sum(each) for each in done]})


class LevelConformance(TwinConformance):
    """The kit as an author uses it."""

    move = Move("LV-1.op", 40.0, 60.0)
    made: ClassVar[type[Twin]] = LevelTwin

    def twin(self) -> Twin:
        return self.made()

    def windows(self) -> Windows:
        return steady_windows({"LT-1.pv": 64.0})


class TestLevel(LevelConformance):
    pass


class Nameless(LevelTwin):
    tags = ()


class NamesTwice(LevelTwin):
    tags = ("LT-1.pv", "LT-1.pv")


class EstimatesOfThePast(LevelTwin):
    def estimate(self, windows: Windows) -> Estimate | None:
        found = super().estimate(windows)
        return found and replace(found, at_s=0.0)


class EstimatesFromNothing(LevelTwin):
    def estimate(self, windows: Windows) -> Estimate | None:
        return super().estimate(windows) or Estimate(windows.now_s, {"level": 0.0})


class KeepsObjects(LevelTwin):
    def estimate(self, windows: Windows) -> Estimate | None:
        found = super().estimate(windows)
        return found and replace(found, state={**found.state, "seen": {1}})


class KeepsNumbersAsKeys(LevelTwin):
    def estimate(self, windows: Windows) -> Estimate | None:
        found = super().estimate(windows)
        state: Any = {1: 2.0}
        return found and replace(found, state=state)

    def predict(self, state: Mapping[Any, Any], moves: Sequence[Move], horizon_s: float) -> Course:
        return super().predict({"level": state.get(1, 0.0)}, moves, horizon_s)


class Guesses(LevelTwin):
    def estimate(self, windows: Windows) -> Estimate | None:
        found = super().estimate(windows)
        return found and replace(found, residuals={"LT-1.pv": random.random()})


class ChangesTheWindows(LevelTwin):
    def estimate(self, windows: Windows) -> Estimate | None:
        found = super().estimate(windows)
        windows.observe({}, windows.now_s)
        return found


class ChangesTheState(LevelTwin):
    def predict(self, state: Any, moves: Sequence[Move], horizon_s: float) -> Course:
        course = super().predict(state, moves, horizon_s)
        state["asked"] = True
        return course


class Remembers(LevelTwin):
    seen: ClassVar[list[int]] = []

    def predict(self, state: Mapping[str, Any], moves: Sequence[Move], horizon_s: float) -> Course:
        self.seen.append(1)
        return super().predict({"level": float(len(self.seen))}, moves, horizon_s)


class ReadsTheClock(LevelTwin):
    def predict(self, state: Mapping[str, Any], moves: Sequence[Move], horizon_s: float) -> Course:
        level = state["level"] + time.time() // 86400.0
        return super().predict({"level": level}, moves, horizon_s)


class HoldsAFunction(LevelTwin):
    def __init__(self) -> None:
        self.own = lambda: 0


class EndsEarly(LevelTwin):
    def predict(self, state: Mapping[str, Any], moves: Sequence[Move], horizon_s: float) -> Course:
        return super().predict(state, moves, horizon_s / 2.0)


class EndsLate(LevelTwin):
    def predict(self, state: Mapping[str, Any], moves: Sequence[Move], horizon_s: float) -> Course:
        return super().predict(state, moves, 2.0 * horizon_s)


class Diverges(LevelTwin):
    def predict(self, state: Mapping[str, Any], moves: Sequence[Move], horizon_s: float) -> Course:
        return super().predict({"level": inf}, moves, horizon_s)


class LosesASample(LevelTwin):
    def predict(self, state: Mapping[str, Any], moves: Sequence[Move], horizon_s: float) -> Course:
        course = super().predict(state, moves, horizon_s)
        return replace(course, series={tag: each[1:] for tag, each in course.series.items()})


class IgnoresWrites(LevelTwin):
    def predict(self, state: Mapping[str, Any], moves: Sequence[Move], horizon_s: float) -> Course:
        super().predict(state, moves, horizon_s)
        return super().predict(state, (), horizon_s)


class WritesAtOnce(LevelTwin):
    def predict(self, state: Mapping[str, Any], moves: Sequence[Move], horizon_s: float) -> Course:
        return super().predict(state, [each._replace(at_s=0.0) for each in moves], horizon_s)


class TakesAnyTag(LevelTwin):
    def predict(self, state: Mapping[str, Any], moves: Sequence[Move], horizon_s: float) -> Course:
        return super().predict(state, [each._replace(tag="LV-1.op") for each in moves], horizon_s)


class TakesNoNumber(LevelTwin):
    def predict(self, state: Mapping[str, Any], moves: Sequence[Move], horizon_s: float) -> Course:
        finite = [each for each in moves if isfinite(each.value)]
        return super().predict(state, finite, horizon_s)


class RaisesAnother(LevelTwin):
    def predict(self, state: Mapping[str, Any], moves: Sequence[Move], horizon_s: float) -> Course:
        try:
            return super().predict(state, moves, horizon_s)
        except TwinError as error:
            raise KeyError(str(error)) from None


DEFECTS: Sequence[tuple[str, type[LevelTwin]]] = [
    ("tags_are_texts", Nameless),
    ("tags_are_texts", NamesTwice),
    ("estimate_is_of_now", EstimatesOfThePast),
    ("nothing_measured_is_no_estimate", EstimatesFromNothing),
    ("state_is_plain_json", KeepsObjects),
    ("state_is_plain_json", KeepsNumbersAsKeys),
    ("estimate_is_pure", Guesses),
    ("estimate_is_pure", ChangesTheWindows),
    ("course_is_pure", ChangesTheState),
    ("course_is_pure", Remembers),
    ("no_clock_is_read", ReadsTheClock),
    ("twin_is_sent_to_another_process", HoldsAFunction),
    ("course_is_whole", EndsEarly),
    ("course_is_whole", EndsLate),
    ("course_is_whole", Diverges),
    ("course_is_whole", LosesASample),
    ("write_changes_what_follows", IgnoresWrites),
    ("write_changes_what_follows", WritesAtOnce),
    ("impossible_write_is_refused", TakesAnyTag),
    ("impossible_write_is_refused", TakesNoNumber),
    ("impossible_write_is_refused", RaisesAnother),
]


@pytest.mark.parametrize(
    ("check", "twin"), DEFECTS, ids=lambda each: getattr(each, "__name__", each)
)
def test_a_defective_twin_fails_its_check(
    check: str, twin: type[LevelTwin], monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = type("Kit", (LevelConformance,), {"made": twin})()
    run = getattr(kit, f"test_{check}")
    more = (monkeypatch,) if "monkeypatch" in inspect.signature(run).parameters else ()
    with pytest.raises((AssertionError, TwinError, KeyError, pytest.fail.Exception)):
        run(*more)


def test_every_check_of_a_twin_has_a_defect() -> None:
    checks = {name.removeprefix("test_") for name in vars(TwinConformance) if "test_" in name}
    assert checks == {check for check, _ in DEFECTS}
