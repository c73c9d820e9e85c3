"""Failure modes of the Tennessee Eastman plant, and their residuals on known balances."""

from collections.abc import Callable, Mapping
from math import sin

import pytest

from handwheel.agents.deviations.continuous_diagnosis import ContinuousDiagnosis
from handwheel.agents.diagnosis.diagnoser import checked
from handwheel.agents.diagnosis.hypotheses import Hypotheses
from handwheel.agents.diagnosis.load import load_hypotheses
from handwheel.agents.diagnosis.windows import Windows
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.values import GOOD, DataValue
from handwheel.evaluation.plants.installed_plants import create_plant, parse_fault
from handwheel.evaluation.trial.model_plant import ModelPlant
from handwheel.evaluation.trial.site import in_memory_site
from handwheel.hmi.site.files.site_template import PlantEndpoints
from handwheel.playbooks.language.loader import load_library
from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.simulation import Simulation
from handwheel.tools.conditions import History

from ...plants.served import site_of

Course = float | Callable[[float], float]
"""Value of a tag, or its course over the time in hours."""

# The base case, Downs and Vogel 1993
BASE: Mapping[str, float] = {
    "FI-1001.pv": 0.25052, "FI-1002.pv": 3664.0, "FI-1004.pv": 9.34774, "FI-1006.pv": 26.9024,
    "FI-1101.pv": 42.3389, "FI-1502.pv": 230.308, "V-1001.pos": 24.6436, "V-1004.pos": 61.3019,
    "V-1101.pos": 41.1058, "V-1201.pos": 18.1135, "V-1502.pos": 47.4457, "PIAZ-1101.pv": 2705.0,
    "PI-1301.pv": 2633.73, "PI-1501.pv": 3102.21, "LIAZ-1101.pv": 75.0, "TIAZ-1101.pv": 120.4,
    "TI-1102.pv": 94.5993, "TI-1201.pv": 77.297, "TI-1301.pv": 80.1094, "TI-1501.pv": 65.731,
    "XI-1004.a": 32.1876, "XI-1004.b": 8.89327, "XI-1004.c": 26.3833, "XI-1005.a": 32.9575,
    "XI-1005.b": 13.823, "XI-1005.c": 23.9781, "XI-1005.d": 1.25654, "FI-1301.pv": 25.1602,
    "AIC-A.pv": 54.955, "AIC-A.sp": 54.955,
}  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return site_of(tmp_path_factory.mktemp("tep") / "site", PlantEndpoints(), "tep")


@pytest.fixture(scope="module")
def hypotheses(site: Site) -> Hypotheses:
    playbooks, findings = load_library(site)
    found, problems = load_hypotheses(site, [each.id for each in playbooks])
    assert (findings, problems) == ([], [])
    return found


def test_the_failure_modes_bind_to_a_new_site_and_name_its_playbooks(
    hypotheses: Hypotheses,
) -> None:
    answered = {each.id: each.mode.playbook for each in hypotheses.every if each.mode.playbook}
    assert answered == {
        "a-feed-lost": "tep/a-feed-loss",
        "reactor-transfer-low": "tep/reactor-cooling",
        "reactor-valve-sticks": "tep/cooling-valve-sticks",
        "liquid-valves-stick": "tep/liquid-valves-stick",
    }
    assert hypotheses.every_s == 60.0


def windows_of(changed: Mapping[str, Course], hours: float = 9.5) -> Windows:
    """Returns windows that have seen the base case with changes, closely in the last half hour."""
    found = Windows(BASE)
    end_s = int(hours * 3600.0)
    close_s = max(end_s - 1800, 0) // 120 * 120
    for now_s in (*range(0, close_s, 120), *range(close_s, end_s, 10)):
        values = {
            name: value(now_s / 3600.0) if callable(value) else value
            for name, value in {**BASE, **changed}.items()
        }
        readings = {name: DataValue(each, GOOD, None, None, 0) for name, each in values.items()}
        found.observe(readings, float(now_s))
    return found


def swung(middle: float, by: float) -> Course:
    """Returns a course that swings with a period of an hour."""
    return lambda hours: middle + by * sin(6.28 * hours)


def stepped(before: float, after: float, at_h: float) -> Course:
    return lambda hours: before if hours < at_h else after


# What is seen, then the signs whose residual it moves, with the residual
_SEEN: Mapping[str, tuple[Mapping[str, Course], Mapping[str, float]]] = {
    "base": (
        {},
        {
            "a-feed-lost delivery": 1.0, "ac-feed-poor-in-a exchange": -1.08,
            "ac-feed-rich-in-b share": 0.5, "reactor-water-warm inlet": 35.0,
            "condenser-water-warm inlet": 40.0, "reactor-transfer-low transfer": 1.0,
            "condenser-transfer-low transfer": 1.0, "reactor-transfer-low gap": 1.0,
            "stripper-heat-off steam": 0.0, "effluent-restricted resistance": 0.0,
            "kinetics-drift rate": 0.0, "reactor-water-varies wander": 0.0,
            "ac-feed-varies swing": 0.0, "ac-feed-temperature-varies stripper": 0.0,
        },
    ),
    "stream 1 lost": ({"FI-1001.pv": 0.0}, {"a-feed-lost delivery": 0.0}),
    "stream 4 short": ({"V-1004.pos": 76.627}, {"ac-feed-short delivery": 0.8}),
    "A replaced by C": (
        {"XI-1004.a": 31.5252, "XI-1004.c": 27.0457},
        {"ac-feed-poor-in-a exchange": -4.08},
    ),
    "composition swings": (
        {"AIC-A.pv": swung(54.955, 4.0)},
        {"ac-feed-varies swing": 3.4},
    ),
    "more B": ({"XI-1004.b": 9.00366}, {"ac-feed-rich-in-b share": 1.0}),
    "warm water": (
        {"V-1101.pos": stepped(41.1058, 44.874, 8.0)},
        {"reactor-water-warm inlet": 40.0, "reactor-water-varies wander": 0.0},
    ),
    "cooler fouled": (
        {"V-1101.pos": 46.09, "TI-1102.pv": 88.15},
        {"reactor-transfer-low transfer": 0.8, "reactor-transfer-low gap": 1.25},
    ),
    "steam short": ({"FI-1502.pv": 184.246}, {"stripper-heat-off steam": 0.2}),
    "line restricted": ({"PI-1301.pv": 2578.28}, {"effluent-restricted resistance": 0.778}),
    "slow reaction": ({"XI-1005.d": 1.5707}, {"kinetics-drift rate": 0.2}),
    "stripper swings": (
        {"TI-1501.pv": swung(65.731, 0.5)},
        {"ac-feed-temperature-varies stripper": 0.354},
    ),
}  # fmt: skip


@pytest.mark.parametrize("seen", _SEEN)
def test_a_residual_on_a_known_balance_is_what_was_changed(
    seen: str, hypotheses: Hypotheses
) -> None:
    changed, expected = _SEEN[seen]
    windows = windows_of(changed)
    signs = {f"{each.id} {sign.spec.id}": sign for each in hypotheses.every for sign in each.signs}
    for name, residual in expected.items():
        sign = signs[name]
        assert sign.method is not None
        measured = checked(sign.method.measure(windows, sign.inputs))
        assert measured is not None, name
        assert measured.value == pytest.approx(residual, rel=0.06, abs=0.03), name


def test_residuals_of_windows_with_too_few_samples_are_unknown(hypotheses: Hypotheses) -> None:
    windows = windows_of({}, hours=0.01)
    signs = [sign for each in hypotheses.every for sign in each.signs]
    assert [
        each.call for each in signs if each.method and each.method.measure(windows, each.inputs)
    ] == []


def test_the_lost_feed_is_named_within_ten_minutes_and_nothing_before(
    site: Site, hypotheses: Hypotheses
) -> None:
    plant = create_plant("tep", seed=1)
    fault = parse_fault("IDV6@20min", plant.faults)
    devices = ModelPlant(in_memory_site(site), Simulation(plant, Scenario((fault,), plant.time_s)))
    history = History(hypotheses.conditions)
    diagnosis = ContinuousDiagnosis(hypotheses, history)
    named: dict[str, float] = {}
    for n in range(1, 361):
        devices.advance(5.0)
        readings = devices.readings()
        history.observe(readings, n * 5.0)
        diagnosis.observe(readings, n * 5.0)
        named |= {each: n / 12.0 for each in diagnosis.named if each not in named}
    assert list(named) == ["a-feed-lost"]
    assert 22.0 < named["a-feed-lost"] < 30.0
