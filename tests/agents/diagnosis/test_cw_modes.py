"""Failure modes of cw-100 on values that its episodes seldom reach."""

from collections.abc import Mapping

import pytest

from handwheel.agents.diagnosis.hypotheses import Hypotheses
from handwheel.agents.diagnosis.load import load_hypotheses
from handwheel.agents.diagnosis.ranking import Ranking, diagnose
from handwheel.agents.diagnosis.weigh import Moment
from handwheel.agents.diagnosis.windows import Windows
from handwheel.connectors.methods.heat_exchanger import fouling
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.values import GOOD, DataValue
from handwheel.tools.conditions import History


@pytest.fixture(scope="module")
def hypotheses(site: Site) -> Hypotheses:
    return load_hypotheses(site)[0]


@pytest.mark.parametrize(
    ("position", "named"), [(60.0, ("make-up-valve-stuck",)), (92.0, ()), (100.0, ())]
)
def test_a_valve_far_from_an_output_at_its_limit_is_stuck(
    hypotheses: Hypotheses, position: float, named: tuple[str, ...]
) -> None:
    values = {"LIC-101.op": 100.0, "LV-101.pos": position}
    assert _ranking(hypotheses, values).names == named


# Water of 60 m3/h at 26 degC, and a fouling resistance of 3e-4 m2K/W.
FOULED = {
    "FT-201.pv": 40.0, "TT-201.pv": 80.0, "TT-202.pv": 48.09, "FT-103.pv": 60.0, "TT-106.pv": 26.0,
    "TT-105.pv": 35.97,
}  # fmt: skip
CLEAN = {**FOULED, "TT-202.pv": 44.07, "FT-103.pv": 70.3, "TT-105.pv": 35.58}


@pytest.mark.parametrize(
    ("state", "read", "named", "suspected"),
    [
        (FOULED, {}, ["exchanger-fouled"], []),
        (FOULED, {"TT-202.pv": 44.09}, [], ["product-temperature-reads-low"]),
        (FOULED, {"TT-202.pv": 51.09}, ["exchanger-fouled"], ["product-temperature-reads-high"]),
        (CLEAN, {"TT-202.pv": 48.07}, ["product-temperature-reads-high"], []),
        (CLEAN, {"FT-103.pv": 80.0}, [], ["product-temperature-reads-high"]),  # it might be both
    ],
)
def test_an_open_heat_balance_is_named_only_where_one_transmitter_explains_all(
    hypotheses: Hypotheses,
    state: Mapping[str, float],
    read: Mapping[str, float],
    named: list[str],
    suspected: list[str],
) -> None:
    found = _ranking(hypotheses, _with_computed({**state, **read}))
    assert list(found.names) == named
    assert [each.hypothesis.id for each in found.suspected] == suspected


def _with_computed(values: Mapping[str, float]) -> dict[str, float]:
    hot_flow, hot_in, hot_out, cold_flow, cold_in, cold_out = (values[each] for each in FOULED)
    resistance = fouling(
        hot_flow=hot_flow, hot_in=hot_in, hot_out=hot_out, cold_flow=cold_flow, cold_in=cold_in,
        cold_out=cold_out, hot_heat_capacity=1955.0, area=40.0, hot_film=800.0,
        hot_film_flow=40.0, cold_film=3500.0, cold_film_flow=60.0,
    )  # fmt: skip
    assert resistance is not None
    return {
        **values,
        "XA-PKG-101.active": False,
        "E-101.rf": resistance,
        "E-101.duty_hot": hot_flow * 1955.0 * (hot_in - hot_out) / 3600.0,
        "E-101.duty_cold": cold_flow * 4171.64 * (cold_out - cold_in) / 3600.0,
    }


def _ranking(hypotheses: Hypotheses, values: Mapping[str, float]) -> Ranking:
    """Returns the ranking of a plant that stood at some values for a while."""
    windows, history = Windows(sorted(hypotheses.tags)), History(hypotheses.conditions)
    readings = {name: DataValue(each, GOOD, None, None, 0.0) for name, each in values.items()}
    for n in range(140):
        windows.observe(readings, n * 5.0)
        history.observe(readings, n * 5.0)
    return diagnose(hypotheses, Moment(windows, readings, history))
