"""Healthy residuals are learnt in ranges, and evidence is then measured against them."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from handwheel.agents.deviations.continuous_diagnosis import ContinuousDiagnosis
from handwheel.agents.diagnosis.baseline import NO_BASELINE, Baseline
from handwheel.agents.diagnosis.evidence import Measured
from handwheel.agents.diagnosis.hypotheses import Hypotheses
from handwheel.agents.diagnosis.learning import healthy_ranges, learn
from handwheel.agents.diagnosis.load import load_hypotheses
from handwheel.connectors.model.values import GOOD, DataValue
from handwheel.hmi.site.files.site_template import PlantEndpoints
from handwheel.tools.conditions import History
from handwheel.tools.conditions.operands import Readings

from ...plants.served import site_of

MODES = """\
schema: failure-modes/1
modes:
  - id: plugged
    title: The strainer is plugged
    prior_db: -10
    signs:
      - {id: resistance, method: strainer_resistance, from: 2, to: 4, met_db: 25, not_met_db: -20,
         inputs: {dp: PDT-101.pv, flow: FT-103.pv, clean: 0.003}, baseline: true}
"""
CLEAN = 0.003
FLOWS = (36.0, 48.0)


@pytest.fixture(scope="module")
def strainer(tmp_path_factory: pytest.TempPathFactory) -> Hypotheses:
    folder = tmp_path_factory.mktemp("site")
    site = site_of(folder, PlantEndpoints())
    (folder / "own.yaml").write_text(MODES, encoding="utf-8")
    found, problems = load_hypotheses(replace(site, failure_modes=("own.yaml",)))
    assert problems == []
    return found


def scans(resistance: float, minutes: int) -> Iterator[tuple[Readings, float]]:
    """A strainer at two loads, each for half the time; the resistance is a multiple of clean."""
    for second in range(0, minutes * 60, 5):
        flow = FLOWS[second >= minutes * 30]
        values = {"FT-103.pv": flow, "PDT-101.pv": resistance * CLEAN * flow**2}
        yield {n: DataValue(e, GOOD, None, None, 0.0) for n, e in values.items()}, float(second)


def named(hypotheses: Hypotheses, baseline: Baseline, resistance: float) -> list[str]:
    diagnosis = ContinuousDiagnosis(hypotheses, History(hypotheses.conditions), baseline)
    for readings, now_s in scans(resistance, 12):
        diagnosis.observe(readings, now_s)
    return diagnosis.named


def test_a_healthy_plant_with_other_constants_is_named_only_without_its_baseline(
    strainer: Hypotheses,
) -> None:
    learning = learn(strainer, scans(5.0, 50))
    ((call, ranges),) = learning.baseline.residuals.items()
    assert call in strainer.learnt_calls
    assert (len(ranges) > 1, ranges[0].low, ranges[-1].high) == (True, *FLOWS)
    assert max(e.mean for e in ranges) - min(e.mean for e in ranges) < 0.1
    assert list(learning.named) == ["plugged"]  # only a person can say that it is none
    assert named(strainer, NO_BASELINE, 5.0) == ["plugged"]
    assert named(strainer, learning.baseline, 5.0) == []
    assert named(strainer, learning.baseline, 10.0) == ["plugged"]


def test_a_fault_stands_until_the_plant_restarts(strainer: Hypotheses) -> None:
    diagnosis = ContinuousDiagnosis(strainer, History(strainer.conditions))
    *earlier, (readings, now_s) = scans(10.0, 12)
    for each in earlier:
        diagnosis.observe(*each)
    diagnosis.observe(readings, now_s - 20.0)  # the clock was guessed while it was not readable
    assert (list(diagnosis.standing), diagnosis.named) == (["plugged"], ["plugged"])
    diagnosis.observe(readings, 0.0)
    assert (list(diagnosis.standing), diagnosis.named) == ([], [])


def test_residuals_are_learnt_only_if_they_were_measured_often(strainer: Hypotheses) -> None:
    learning = learn(strainer, scans(1.0, 15))
    assert (learning.baseline.residuals, learning.missing) == ({}, [*strainer.learnt_calls])
    assert learning.named == {}


def test_ranges_are_as_many_as_the_operating_point_moves_and_values_allow() -> None:
    def count(values: int, low: float, high: float) -> int:
        step = (high - low) / (values - 1)
        return len(healthy_ranges([Measured(1.0, low + n * step) for n in range(values)]))

    assert [count(n, 20.0, 50.0) for n in (20, 39, 40, 100, 500)] == [1, 1, 2, 5, 5]
    assert [count(500, 50.0 - w, 50.0) for w in (0.0, 4.0, 11.0, 16.0)] == [1, 1, 2, 3]
    (steady,) = healthy_ranges([Measured(float(n % 2)) for n in range(20)])
    assert (steady.low, steady.high, steady.mean, steady.spread, steady.count) == (
        0.0, 0.0, 0.5, 0.5, 20,
    )  # fmt: skip
