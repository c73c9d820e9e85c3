"""The open-loop process against published steady states and numbers recomputed from the equations.

Both halves are needed: the table of measurements misses most errors of structure, and the
derivatives miss errors of scale.
"""

from pathlib import Path
from typing import Any

import pytest

from handwheel.connectors.config.yaml_documents import read_document
from handwheel.sim_plant.tep.process.algebra import Algebra, solve
from handwheel.sim_plant.tep.process.balances import derivatives
from handwheel.sim_plant.tep.process.operating_points import operating_point
from handwheel.sim_plant.tep.process.physics.boundary import boundary
from handwheel.sim_plant.tep.process.physics.heat import condenser_transfer, reactor_transfer
from handwheel.sim_plant.tep.process.physics.stripper import split_factors, volatility
from handwheel.sim_plant.tep.process.process import Process

from ..stepping import go_on

PUBLISHED: dict[str, Any] = read_document(Path(__file__).with_name("published.yaml")).data
MODES: list[str] = PUBLISHED["columns"]


def _column(table: str, mode: str) -> list[str]:
    return [row[MODES.index(mode)] for row in PUBLISHED[table]]


def _at(x: list[float]) -> tuple[Algebra, list[float]]:
    state = Process(None).state
    outside = boundary(state.walks, state.idv)
    now = solve(x, state.temperatures, outside)
    return now, derivatives(x, x[38:], now, outside)


def _half_unit(printed: str) -> float:
    return 0.5 * 10.0 ** -len(printed.partition(".")[2])


def test_all_287_published_measurements_agree_to_the_last_printed_digit() -> None:
    compared = 0
    for mode in MODES:
        xmeas = Process(None, mode).state.xmeas
        for number, (value, printed) in enumerate(
            zip(xmeas, _column("xmeas", mode), strict=True), start=1
        ):
            assert abs(value - float(printed)) <= _half_unit(printed), f"XMEAS {number} of {mode}"
            compared += 1
    assert compared == 287


def test_published_states_are_steady() -> None:
    for mode in MODES:
        printed = [float(value) for value in _column("states", mode) + _column("xmv", mode)]
        _, rates = _at(printed)
        assert max(abs(rate) for rate in rates) < 0.05, mode
        start = operating_point(mode)
        if mode == "base":
            _, rates = _at(start)
            assert max(abs(rate) for rate in rates) < 1e-3, mode
        assert start == pytest.approx(printed, rel=2e-6), mode


def test_base_case_recomputed_from_the_equations() -> None:
    now, _ = _at(operating_point("base"))
    flows = now.flows
    seen = {
        21049.169: now.reactor.pressure,
        20514.584: now.separator.pressure,
        24028.512: now.header.pressure,
        584.6250: now.reactor.liquid_volume,
        172.5000: now.separator.liquid_volume,
        156.5000: now.sump.liquid_volume,
        120.4000: now.reactor.temperature,
        80.1094: now.separator.temperature,
        65.7310: now.sump.temperature,
        86.1201: now.header.temperature,
        251.6069: now.reactions.rates[0],
        204.7125: now.reactions.rates[1],
        1.134874: now.reactions.rates[2],
        0.0528188: now.reactions.rates[3],
        27.594945: now.reactions.heat,
        4164.834: flows.reactor_feed,
        3251.035: flows.effluent,
        2646.368: flows.recycle,
        33.16189: flows.purge,
        571.5052: flows.underflow,
        465.3416: flows.product,
        1025.692: sum(now.column.overhead),
        1.165024: flows.work,
        25.3937: now.header.gas_mass,
        32.5314: now.reactor.gas_mass,
        25.669: now.separator.gas_mass,
        1.0432567: volatility(now.sump.temperature),
        -22.072262: now.heats.reactor,
        -7.3039825: now.heats.condenser,
        0.48777495: now.heats.stripper,
        0.85549: reactor_transfer(now.reactor.liquid_volume, 50.0),
        0.16945409: condenser_transfer(flows.effluent),
    }
    assert list(seen.values()) == [pytest.approx(value, rel=2e-6) for value in seen]
    shares = (0.934510, 0.950345, 0.951920, 0.0745632, 0.0390354)
    assert now.column.shares == pytest.approx(shares, rel=1e-5)


def test_base_operating_cost() -> None:
    process = Process(None)  # Downs and Vogel 1993: 170.6 $/h
    assert process.cost() == pytest.approx(170.626, abs=1e-3)
    go_on(3, process)
    assert process.cost() == pytest.approx(170.626, abs=1e-3)


def test_the_stripper_without_liquid_and_beyond_its_temperatures() -> None:
    assert split_factors(900.0, 0.1, 60.0) == (0.9999, 0.999, 0.999, 0.99, 0.98)
    assert volatility(5.29) == 0.1
    assert volatility(170.0) == pytest.approx(volatility(170.001), abs=0.02)


def _scaled(first: int, last: int, factor: float) -> Algebra:
    x = operating_point("base")
    x[first:last] = [value * factor for value in x[first:last]]
    return _at(x)[0]


def test_no_stream_flows_against_the_pressure() -> None:
    thin = _scaled(27, 36, 0.5).flows
    assert thin.reactor_feed == 0.0
    assert thin.recycle == pytest.approx(280275.0 / 25.669, rel=1e-4), "no back pressure"
    assert _scaled(0, 3, 0.3).flows.effluent == 0.0
    cold = operating_point("base")
    cold[9:12], cold[17] = [0.1, 0.1, 0.1], -0.1
    assert _at(cold)[0].separator.pressure < 760.0
    assert _at(cold)[0].flows.purge == 0.0
    assert _scaled(27, 36, 1.6).flows.recycle == pytest.approx(1e-3 / 25.669, rel=1e-4)


def test_reactions_1_and_2_need_a_and_c() -> None:
    rates = _scaled(2, 3, 0.0).reactions.rates
    assert rates[:2] == (0.0, 0.0)
    assert min(rates[2:]) > 0.0
    assert _scaled(0, 1, 0.0).reactions.rates == (0.0, 0.0, 0.0, 0.0)


def test_heat_beyond_the_base_case() -> None:
    assert reactor_transfer(50.0, 50.0) == 0.0, "the coils are dry"
    assert reactor_transfer(300.0, 50.0) == pytest.approx(0.85549 * 0.711538, rel=1e-5)
    assert reactor_transfer(585.0, 100.0) == pytest.approx(0.85549 * 1.25)
    assert _scaled(26, 27, 1.8).sump.temperature > 100.0
    assert _scaled(26, 27, 1.8).heats.stripper == 0.0


def test_warmer_cooling_water_warms_the_coils() -> None:
    process = Process(None)
    process.state.idv[3] = process.state.idv[4] = 1.0
    before = process.state.x[36:38]
    process.step()
    risen = [(b - a) * 3600.0 for a, b in zip(before, process.state.x[36:38], strict=True)]
    reactor, condenser = 411.0581 * 500.53 * 5.0 / 7060.0, 217.3619 * 500.53 * 5.0 / 11138.0
    assert risen == pytest.approx([reactor, condenser], rel=1e-4)


def test_the_process_trips_within_five_hours_without_control() -> None:
    process = Process(None)
    while not process.state.trip and process.time_s < 5 * 3600:
        process.step()
    assert process.state.trip == "reactor pressure high"  # the only outcome in Downs and Vogel 1993


def test_a_runaway_without_cooling_ends_as_with_shorter_steps() -> None:
    # As computed with 400 steps a second. Steps of 1 s trip at 197 and 110 s.
    for mode, seconds in (("base", 418.0), ("4", 180.0)):
        process = Process(None, mode)
        process.state.xmv[9] = 0.0
        while not process.state.trip and process.time_s < 600.0:
            process.step()
        assert process.state.trip == "reactor pressure high"
        assert process.time_s == pytest.approx(seconds, abs=2.0), mode


def test_valves_lag_by_their_time_constants() -> None:
    process = Process(None)
    x = process.state.x[38:]
    process.state.xmv[:] = [value + 1.0 if value < 99.0 else value for value in x]
    process.step()
    moved = [after - before for after, before in zip(process.state.x[38:], x, strict=True)]
    assert moved == pytest.approx([1.0 / lag for lag in PUBLISHED["lag"]])
