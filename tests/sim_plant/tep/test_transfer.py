"""What an operator does to the controllers, and that no change of mode moves a valve."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import pytest

from handwheel.sim_plant.errors import WrongState
from handwheel.sim_plant.tep.control.loops import FLOW_LOOPS, TUNING
from handwheel.sim_plant.tep.plant import TennesseeEastman, create

from ..stepping import go_on

MANUAL, AUTO, CASCADE = 0, 1, 2
SLAVES = [*FLOW_LOOPS, "TIC-1301"]
BUMP = 0.02  # percent of a valve: a change of mode may not move it further in its scan


@cache
def _upset(seed: int | None) -> Mapping[str, Any]:
    plant = create(seed)
    plant.inject("IDV4", {}, 1.0)
    plant.inject("IDV6", {}, 0.5)
    run(plant, 1200)
    return plant.snapshot()


def upset(seed: int | None = None) -> TennesseeEastman:
    """A plant in which everything moves: warmer cooling water, and half of stream 1 lost."""
    plant = create(seed)
    plant.restore(_upset(seed))
    return plant


def run(plant: TennesseeEastman, seconds: int) -> None:
    go_on(seconds, plant)


def xmv(plant: TennesseeEastman) -> list[float]:
    return list(plant.state.process.xmv)


def largest_move(before: Sequence[float], after: Sequence[float]) -> float:
    return max(abs(a - b) for a, b in zip(before, after, strict=True))


def _switch(plant: TennesseeEastman, loop: str, mode: int) -> None:
    """Changes a mode, which must not bump a valve."""
    before = xmv(plant)
    plant.write(f"{loop}.mode", mode)
    plant.step()
    assert largest_move(before, xmv(plant)) < BUMP, mode


@pytest.mark.parametrize("loop", TUNING)
def test_manual_and_back_make_no_bump(loop: str) -> None:
    plant = upset()
    output = plant.measurements()[f"{loop}.op"]
    _switch(plant, loop, MANUAL)
    run(plant, 399)  # past an analysis
    assert plant.measurements()[f"{loop}.op"] == pytest.approx(output, rel=0.02)
    _switch(plant, loop, AUTO)


@pytest.mark.parametrize("slave", SLAVES)
def test_out_of_cascade_and_back_makes_no_bump(slave: str) -> None:
    plant = upset()
    for mode in (AUTO, CASCADE, MANUAL, CASCADE, AUTO, MANUAL, AUTO, CASCADE):
        _switch(plant, slave, mode)
        run(plant, 40)


@pytest.mark.parametrize("number", range(1, 8))
def test_a_ratio_station_in_auto_keeps_its_ratio_and_goes_back_without_a_bump(number: int) -> None:
    plant = upset()
    station = f"RATIO-{number}"
    plant.write(f"{station}.mode", AUTO)
    own = 1.02 * float(plant.measurements()[f"{station}.sp"])
    plant.write(f"{station}.sp", own)
    run(plant, 400)
    assert plant.measurements()[f"{station}.sp"] == own  # its master is in auto and moves
    plant.write(f"{station}.mode", CASCADE)
    plant.step()
    assert plant.measurements()[f"{station}.sp"] == pytest.approx(own, rel=1e-3)


@pytest.mark.parametrize("flow", FLOW_LOOPS)
def test_a_flow_loop_goes_back_to_cascade_where_it_is(flow: str) -> None:
    plant = upset()
    ratio = FLOW_LOOPS[flow].ratio
    plant.write(f"{flow}.mode", MANUAL)
    plant.write(f"{flow}.op", 0.95 * float(plant.measurements()[f"{flow}.op"]))
    run(plant, 400)
    values = plant.measurements()
    measured = plant.state.readings[FLOW_LOOPS[flow].xmeas - 1]
    assert values[f"{flow}.sp"] == measured == pytest.approx(values[f"{ratio}.op"])
    plant.write(f"{flow}.mode", CASCADE)
    plant.step()
    assert plant.measurements()[f"{flow}.sp"] == pytest.approx(measured, rel=1e-3)


def test_what_a_gas_loop_cannot_pass_on_it_does_not_take_from_the_other() -> None:
    plant = upset()
    plant.write("AIC-AC.mode", MANUAL)
    plant.write("FIC-1001.mode", AUTO)
    before = plant.measurements()["RATIO-4.sp"]
    run(plant, 1200)
    assert plant.measurements()["RATIO-4.sp"] == before


def test_production_goes_to_manual_and_back_without_a_bump_while_the_override_cuts_it() -> None:
    plant = create(None)
    plant.write("PIC-1102.mode", AUTO)
    plant.inject("SENSOR-BIAS", {"sensor": "PIAZ-1101", "bias": 25.0}, 1.0)  # it shows too much
    run(plant, 1800)
    values = plant.measurements()
    assert float(values["PIC-1102.op"]) > 1.0
    index = float(values["PRODUCTION.op"])
    plant.write("PRODUCTION.mode", MANUAL)
    run(plant, 5)
    assert plant.measurements()["PRODUCTION.op"] == index
    before = xmv(plant)
    plant.write("PRODUCTION.mode", AUTO)
    plant.step()
    values = plant.measurements()
    assert values["PRODUCTION.op"] == pytest.approx(index, abs=0.05)
    assert values["PRODUCTION.working"] == pytest.approx(
        float(values["FI-1501.pv"]) + float(values["PIC-1102.op"]), abs=0.02
    )
    assert largest_move(before, xmv(plant)) < BUMP


def test_the_grade_comes_back_from_manual_without_the_kick_of_new_analyses() -> None:
    plant = create(1)
    run(plant, 60)
    plant.write("AIC-G.mode", MANUAL)
    run(plant, 1000)
    before = float(plant.measurements()["AIC-G.op"])
    plant.write("AIC-G.mode", AUTO)
    plant.step()
    assert plant.measurements()["AIC-G.op"] == pytest.approx(before, abs=1e-3)


def test_the_override_is_off_and_once_on_cuts_the_production_and_lets_go_slowly() -> None:
    plant = create(None)
    plant.write("PIC-1101.mode", MANUAL)
    plant.inject("SENSOR-BIAS", {"sensor": "PIAZ-1101", "bias": 25.0}, 1.0)  # it shows 3007 kPag
    run(plant, 60)
    assert plant.measurements()["PIC-1102.op"] == 0.0
    plant.write("PIC-1102.mode", AUTO)
    run(plant, 600)
    cut = float(plant.measurements()["PIC-1102.op"])
    assert cut > 0.05
    assert plant.measurements()["PRODUCTION.sp"] == plant.measurements()["PRODUCTION.working"]
    assert plant.measurements()["PRODUCTION.op"] < 100.8
    plant.write("PIC-1102.mode", MANUAL)
    run(plant, 60)
    # at the rate of the production set point, a minute's worth
    assert plant.measurements()["PIC-1102.op"] == pytest.approx(cut - 0.286875 / 60.0)


def test_hand_stations_move_recycle_steam_and_agitator() -> None:
    plant = create(None)
    for station in ("HIC-1401", "HIC-1502", "SC-1101"):
        plant.write(f"{station}.op", 33.0)
    run(plant, 1200)
    for valve in ("V-1401", "V-1502", "SC-1101"):
        assert plant.measurements()[f"{valve}.pos"] == pytest.approx(33.0, abs=0.01)


def test_a_ratio_follows_its_flow_loop_while_that_is_not_in_cascade() -> None:
    plant = create(None)
    plant.write("FIC-1004.mode", AUTO)
    plant.write("FIC-1004.sp", 9.6)
    plant.write("AIC-AC.mode", MANUAL)
    run(plant, 5)
    values = plant.measurements()
    assert values["RATIO-4.op"] == pytest.approx(9.6)
    with pytest.raises(WrongState, match="follows FIC-1004"):
        plant.write("RATIO-4.sp", 0.09)
    with pytest.raises(WrongState, match="leads nothing"):
        plant.write("AIC-AC.op", 0.1)


def test_production_and_grade_follow_a_new_set_point_at_their_rates() -> None:
    plant = create(None)
    plant.write("PRODUCTION.sp", 20.8)
    plant.write("AIC-G.sp", 60.0)
    start = plant.measurements()
    run(plant, 1800)
    end = plant.measurements()
    assert end["PRODUCTION.sp"] == 20.8  # reads back as written
    # Ricker's rate limits: 0.3 x 22.95 / 24 m3/h and 50 / 24 mol% in an hour
    assert start["PRODUCTION.working"] - end["PRODUCTION.working"] == pytest.approx(0.286875 / 2)
    assert end["AIC-G.working"] - start["AIC-G.working"] == pytest.approx(25.0 / 24.0)
    # more G takes more D and less E, by the feed-forward's polynomials
    assert end["RATIO-2.sp"] > start["RATIO-2.sp"] + 0.5
    assert end["RATIO-3.sp"] < start["RATIO-3.sp"] - 0.5
