"""The exothermic stirred tank: its three steady states, and what happens when the loop lets go."""

from cmath import sqrt
from collections.abc import Sequence
from dataclasses import replace

import pytest

from handwheel.sim_plant.cstr import reaction
from handwheel.sim_plant.cstr.plant import STEP_S, StirredTank
from handwheel.sim_plant.cstr.reaction import NEAR, ReactionInputs, rates, react, steady
from handwheel.sim_plant.errors import SnapshotError, WrongState
from handwheel.sim_plant.pid import MANUAL
from handwheel.sim_plant.scenario import FaultEvent, Scenario
from handwheel.sim_plant.simulation import Simulation

from .stepping import go_on


def _run(plant: StirredTank, seconds: float) -> None:
    go_on(round(seconds / STEP_S), plant)


def test_the_balances_stand_still_in_three_places() -> None:
    cases: list[tuple[str, Sequence[float]]] = [
        ("cold", (0.8773, 324.48)),
        ("middle", (0.4999, 350.005)),
        ("hot", (0.2088, 369.70)),
    ]
    for mode, published in cases:
        # Seborg, Edgar, Mellichamp, chapter 2, parameters of the nonlinear CSTR; states recomputed.
        concentration, temperature = steady(NEAR[mode])
        assert concentration == pytest.approx(published[0], abs=1e-4)
        assert temperature == pytest.approx(published[1], abs=0.01)
        assert rates((concentration, temperature, 300.0), ReactionInputs()) == pytest.approx(
            (0.0, 0.0, 0.0), abs=1e-9
        )


@pytest.mark.parametrize("nudge", [0.1, -0.1])
def test_in_manual_the_middle_state_dies_or_runs_away(nudge: float) -> None:
    plant = StirredTank()
    plant.write("TIC-101.mode", MANUAL)
    plant.state.reactor[1] += nudge
    _run(plant, 600.0)
    if nudge < 0.0:
        assert plant.state.reactor == pytest.approx((0.8773, 324.48, 300.0), abs=0.05)
        assert plant.first_trip() is None
    else:
        verdict = plant.first_trip()
        assert verdict is not None
        assert verdict[1] == "TSHH-101 high"
        assert 60.0 < verdict[0] < 120.0


@pytest.mark.parametrize("mode", ["middle", "hot"])
def test_in_auto_the_loop_holds_an_unstable_state_through_noise(mode: str) -> None:
    plant = StirredTank(seed=7)
    plant.start(mode)
    for _ in range(round(1800.0 / STEP_S)):
        plant.step()
        assert abs(plant.state.reactor[1] - NEAR[mode]) < 1.0


def test_half_the_parts_of_a_step_give_the_same_runaway() -> None:
    coarse = fine = [0.4999, 350.1, 300.0]
    hottest = 0.0
    for _ in range(600):
        coarse = react(coarse, ReactionInputs(), STEP_S)
        fine = react(fine, ReactionInputs(), STEP_S, fineness=2.0)
        hottest = max(hottest, coarse[1])
        assert coarse[:1] == pytest.approx(fine[:1], abs=1e-4)
        assert coarse[1:] == pytest.approx(fine[1:], abs=0.05)
    assert hottest == pytest.approx(432.0, abs=0.1)


def _eigenvalues(concentration: float, temperature: float) -> list[complex]:
    """Of the linearised reaction with the coolant at 300 K, in 1/min, the slower one last."""

    def change(c: float, t: float) -> Sequence[float]:
        return rates((c, t, 300.0), ReactionInputs())

    small = 1e-5
    by_c = [
        (up - down) / (2.0 * small)
        for up, down in zip(
            change(concentration + small, temperature),
            change(concentration - small, temperature),
            strict=True,
        )
    ]
    by_t = [
        (up - down) / (2.0 * small)
        for up, down in zip(
            change(concentration, temperature + small),
            change(concentration, temperature - small),
            strict=True,
        )
    ]
    trace, determinant = by_c[0] + by_t[1], by_c[0] * by_t[1] - by_t[0] * by_c[1]
    root = sqrt(trace * trace - 4.0 * determinant)
    return [(trace + root) / 2.0, (trace - root) / 2.0]


def test_only_the_cold_state_is_stable() -> None:
    # Recomputed. The middle one is a saddle; the hot one is a focus that spirals out.
    cold, middle, hot = (_eigenvalues(*steady(NEAR[mode])) for mode in ("cold", "middle", "hot"))
    assert all(each.real < 0.0 for each in cold)
    assert [each.real for each in middle] == pytest.approx([2.83, -0.454], abs=0.01)
    assert all(each.imag == 0.0 for each in middle)
    assert hot == pytest.approx([1.357 + 1.539j, 1.357 - 1.539j], abs=0.005)


def test_lost_cooling_alarms_trips_and_needs_the_field_key_once_it_is_cold() -> None:
    plant = StirredTank(seed=1)
    simulation = Simulation(plant, Scenario((FaultEvent("C01", 60.0),)))
    tags = [event.tag for event in simulation.run(100.0)]
    assert tags == ["C01", "TAL-102", "I-101", "TAH-101"]
    verdict = plant.first_trip()
    assert verdict is not None
    assert verdict[0] == pytest.approx(82.0, abs=2.0)
    values = plant.measurements()
    assert values["I-101.active"] is True
    assert values["FT-101.pv"] == pytest.approx(0.0, abs=2.0)
    with pytest.raises(WrongState, match="above 360 K"):
        plant.act("reset-feed")
    simulation.run(60.0)
    plant.act("reset-feed")
    plant.step()
    assert plant.measurements()["FT-101.pv"] == pytest.approx(100.0, abs=2.0)


def test_a_feed_upset_is_carried_by_the_coolant_that_the_heat_balance_asks_for() -> None:
    cases: list[tuple[str, dict[str, float]]] = [
        ("C02", {"feed_concentration": 1.2}),
        ("C03", {"feed_k": 360.0}),
    ]
    for fault, heat in cases:
        plant = StirredTank()
        Simulation(plant, Scenario((FaultEvent(fault, 60.0),))).run(3600.0)
        assert plant.first_trip() is None, fault
        temperature, inputs = NEAR["middle"] + 0.0055, replace(ReactionInputs(), **heat)
        concentration = inputs.feed_concentration / (1.0 + reaction.rate_constant(temperature))
        surplus = rates((concentration, temperature, temperature), inputs)[1]  # K/min, uncooled
        coolant = temperature - surplus * reaction.HEAT_CAPACITY / reaction.TRANSFER
        assert plant.state.reactor == pytest.approx((concentration, temperature, coolant), rel=1e-4)
        assert plant.measurements()["TIC-101.op"] == pytest.approx(
            100.0 * (320.0 - coolant) / 40.0, rel=0.01
        )


def test_an_upset_that_is_too_much_runs_away() -> None:
    cases: list[tuple[str, dict[str, float | str]]] = [
        ("C02", {"concentration": 1.5}),
        ("C03", {"temperature": 380.0}),
        ("SENSOR-BIAS", {"sensor": "TT-101", "bias": -5.0}),
    ]
    for fault, parameters in cases:
        plant = StirredTank()
        Simulation(plant, Scenario((FaultEvent(fault, 60.0, parameters),))).run(300.0)
        assert plant.first_trip() is not None, fault


def test_the_output_is_written_in_manual_only_and_moves_the_coolant() -> None:
    plant = StirredTank()
    with pytest.raises(WrongState, match="in auto"):
        plant.write("TIC-101.op", 40.0)
    plant.write("TIC-101.mode", MANUAL)
    plant.write("TIC-101.op", 100.0)
    _run(plant, 60.0)
    assert plant.measurements()["TT-102.pv"] == pytest.approx(280.0, abs=0.1)
    plant.write("TIC-101.sp", 340.0)
    plant.write("FIC-101.sp", 90.0)
    plant.step()
    values = plant.measurements()
    assert (values["TIC-101.sp"], values["FT-101.pv"]) == (340.0, 90.0)


def test_a_state_that_no_reactor_can_have_is_refused() -> None:
    plant = StirredTank()
    saved = plant.snapshot()
    saved["state"]["reactor"][1] = 0.0
    with pytest.raises(SnapshotError, match="no reactor"):
        plant.restore(saved)
