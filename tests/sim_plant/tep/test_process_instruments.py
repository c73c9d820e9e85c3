"""Noise, analysers, sticking valves, shutdowns and snapshots of the process."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import fmean, pstdev
from typing import Any

import pytest

from handwheel.connectors.config.yaml_documents import read_document
from handwheel.sim_plant.tep.process.algebra import solve
from handwheel.sim_plant.tep.process.analysers import analysers
from handwheel.sim_plant.tep.process.measure import compositions
from handwheel.sim_plant.tep.process.physics.boundary import boundary
from handwheel.sim_plant.tep.process.physics.thermo import LIQUID, enthalpy
from handwheel.sim_plant.tep.process.physics.valves import follow
from handwheel.sim_plant.tep.process.process import Process

from ..stepping import go_on

PUBLISHED: dict[str, Any] = read_document(Path(__file__).with_name("published.yaml")).data
SIGMA: list[float] = PUBLISHED["sigma"]


def _true_compositions(process: Process) -> list[float]:
    state = process.state
    now = solve(state.x, state.temperatures, boundary(state.walks, state.idv))
    return compositions(now)


def test_noise_has_the_published_size_and_leaves_the_process_alone() -> None:
    noisy, quiet = _upset(0), _upset(None)
    assert noisy.state.xmeas == quiet.state.xmeas
    errors: list[list[float]] = [[] for _ in range(22)]
    noisy.step()
    quiet.step()
    assert noisy.state.xmeas == quiet.state.xmeas, "there is no noise at the start"
    for _ in range(1000):
        noisy.step()
        quiet.step()
        for index, error in enumerate(errors):
            error.append((noisy.state.xmeas[index] - quiet.state.xmeas[index]) / SIGMA[index])
    assert noisy.state.x == quiet.state.x
    assert noisy.state.walks == quiet.state.walks != _upset(0).state.walks
    for number, error in enumerate(errors, start=1):
        assert abs(fmean(error)) < 0.15, number
        assert pstdev(error) == pytest.approx(1.0, abs=0.1), number


def test_analyser_noise_has_the_published_size() -> None:
    state = Process(None).state
    seen: list[list[float]] = []
    for analyser, period in zip(analysers(3), (360, 900), strict=True):
        for number in range(1, 1001):
            state.steps = number * period
            assert analyser.is_due(state.steps)
            assert not analyser.is_due(state.steps + 1)
            analyser.sample(state, [50.0] * 19)
            seen.append(state.xmeas[22:])
    gas, product = list(zip(*seen[1:1000], strict=True)), list(zip(*seen[1001:], strict=True))
    for index, sigma in enumerate(SIGMA[22:]):
        column = gas[index] if index < 14 else product[index]
        assert fmean(column) == pytest.approx(50.0, abs=0.15 * sigma), index + 23
        assert pstdev(column) == pytest.approx(sigma, rel=0.1), index + 23


def test_analysers_show_a_sample_one_period_late() -> None:
    process = Process(None)
    process.state.idv[0] = 1.0
    first = process.state.xmeas[22:]
    taken: dict[int, list[float]] = {}
    shown: list[list[float]] = []
    for second in range(1901):
        if second % 180 == 0:
            taken[second] = _true_compositions(process)
        process.step()
        shown.append(process.state.xmeas[22:])
    assert shown[719][:14] == first[:14] != taken[360][:14]
    assert shown[720][:14] == shown[1079][:14] == pytest.approx(taken[360][:14], rel=1e-9)
    assert shown[1080][:14] == pytest.approx(taken[720][:14], rel=1e-9)
    assert shown[1799][14:] == first[14:] != taken[900][14:]
    assert shown[1800][14:] == pytest.approx(taken[900][14:], rel=1e-9)


def test_a_sticking_valve_ignores_two_percent() -> None:
    for idv, stuck in [(14, [10]), (15, [11]), (19, [5, 7, 8, 9]), (1, [])]:
        severities = [0.0] * 20
        severities[idv - 1] = 1.0
        start = [10.0 + 5.0 * valve for valve in range(12)]
        held = list(start)
        small, large = [value + 2.0 for value in start], [value - 2.01 for value in start]
        follow(held, small, severities)
        assert held == [start[index] if index + 1 in stuck else small[index] for index in range(12)]
        follow(held, large, severities)
        assert held == large, idv
        follow(held, [-0.1, 100.1] * 6, severities)
        assert held == [0.0, 100.0] * 6, idv


def _scale(first: int, last: int, factor: float) -> Callable[[list[float]], None]:
    def edit(x: list[float]) -> None:
        x[first:last] = [value * factor for value in x[first:last]]

    return edit


def _fill_reactor(factor: float) -> Callable[[list[float]], None]:
    def edit(x: list[float]) -> None:
        _scale(0, 3, 0.5)(x)  # the gas has less room
        _scale(3, 9, factor)(x)

    return edit


def _heat_reactor(temperature: float) -> Callable[[list[float]], None]:
    def edit(x: list[float]) -> None:
        _scale(0, 3, 0.05)(x)  # the vapour alone comes close to the pressure's limit
        x[8] = sum(n * enthalpy(c, temperature) for n, c in zip(x[3:8], LIQUID[3:], strict=True))

    return edit


# Downs and Vogel 1993, table 6: kPag, degC and m3 over the base case's
SHUTDOWNS = {
    "reactor pressure high": (_scale(0, 3, 1.1802), _scale(0, 3, 1.1803)),
    "reactor temperature high": (_heat_reactor(174.9), _heat_reactor(175.1)),
    "reactor level high": (_fill_reactor(23.99 / 16.5548), _fill_reactor(24.01 / 16.5548)),
    "reactor level low": (_scale(3, 9, 2.01 / 16.5548), _scale(3, 9, 1.99 / 16.5548)),
    "separator level high": (_scale(12, 18, 11.99 / 4.88468), _scale(12, 18, 12.01 / 4.88468)),
    "separator level low": (_scale(12, 18, 1.01 / 4.88468), _scale(12, 18, 0.99 / 4.88468)),
    "stripper level high": (_scale(18, 27, 7.99 / 4.43161), _scale(18, 27, 8.01 / 4.43161)),
    "stripper level low": (_scale(18, 27, 1.01 / 4.43161), _scale(18, 27, 0.99 / 4.43161)),
}


def test_every_shutdown_freezes_the_process() -> None:
    for reason, (within, beyond) in SHUTDOWNS.items():
        riding, tripping = Process(None), Process(5)
        within(riding.state.x)
        riding.step()
        assert riding.state.trip == "", reason
        beyond(tripping.state.x)
        frozen = list(tripping.state.x)
        go_on(3, tripping)
        assert tripping.state.trip == reason
        assert tripping.state.x == frozen, reason
        assert tripping.time_s == 3.0, reason


def _upset(seed: int | None) -> Process:
    process = Process(seed)
    for number in (8, 13, 17):
        process.state.idv[number - 1] = 1.0
    return process


def test_the_trip_is_tested_on_true_values_and_not_on_noise() -> None:
    process = Process(5)
    process.state = replace(process.state, steps=1)
    _scale(0, 3, 1.1802)(process.state.x)  # 0.08 kPa below the limit, a quarter sigma
    x = process.state.x
    shown: list[float] = []
    while not process.state.trip and process.state.steps < 400:
        process.state.x = list(x)
        process.step()
        shown.append(process.state.xmeas[6])
    assert process.state.trip == ""
    assert max(shown) > 3000.0 > fmean(shown)
