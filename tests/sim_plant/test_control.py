"""The PLC's building blocks: PI controller, alarm and alarm states, for every input."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handwheel.sim_plant.alarm import AlarmDefinition, AlarmState, Priority, scan
from handwheel.sim_plant.noise import NoiseBank
from handwheel.sim_plant.pid import AUTO, MANUAL, PI, LoopState

percent = st.floats(0.0, 100.0)
TUNING = PI(gain=1.5, integral_time_s=60.0, span=100.0, low=0.3, high=0.9, direct=True)


@given(st.lists(percent, min_size=1, max_size=200))
def test_in_auto_the_output_keeps_its_limits_and_the_integral_does_not_wind_up(
    values: list[float],
) -> None:
    loop = LoopState(setpoint=48.0, output=0.5, integral=0.5)
    for value in values:
        output = TUNING.step(loop, value, 0.5)
        assert 0.3 <= output <= 0.9
    for _ in range(2):
        loop.setpoint = 48.0 - (loop.output - 0.6) * 100.0
        for _ in range(400):
            TUNING.step(loop, 48.0, 0.5)
    assert abs(loop.integral) < 2.0


@given(value=percent, output=st.floats(0.0, 1.0))
def test_from_manual_to_auto_makes_no_bump(value: float, output: float) -> None:
    loop = LoopState(setpoint=48.0, output=output, integral=0.0, mode=MANUAL)
    assert TUNING.step(loop, value, 0.5) == output
    loop.mode = AUTO
    step = TUNING.gain * abs(48.0 - value) / TUNING.span * 0.5 / TUNING.integral_time_s
    bumpless = min(max(output, TUNING.low), TUNING.high)
    assert TUNING.step(loop, value, 0.5) == pytest.approx(bumpless, abs=step + 1e-9)


@given(
    st.booleans(),
    st.integers(1, 5),
    st.lists(st.tuples(st.sampled_from([44, 45, 46, 50, 51]), st.booleans()), max_size=60),
)
def test_an_alarm_turns_when_its_delay_has_passed_without_a_break_and_never_else(
    is_high: bool, delay: int, values: list[tuple[int, bool]]
) -> None:
    rest = (Priority.LOW, "", "", "")
    definition = AlarmDefinition("XAH-1", "XT-1", 50.0, 5.0, float(delay), is_high, *rest)
    state, is_active, is_seen, held = AlarmState(), False, True, 0
    for value, is_acknowledged in values:
        is_turning = value < 45 if is_active else value > 50
        held = held + 1 if is_turning else 0
        expected = held == delay
        if expected:
            is_active, is_seen, held = not is_active, is_seen and is_active, 0
        shown = float(value if is_high else 100 - value)
        assert scan(definition, state, shown, 1.0) == expected
        assert (state.active, state.acknowledged) == (is_active, is_seen)
        if is_acknowledged:
            state.acknowledged = is_seen = True


@given(st.integers(0, 3000))
def test_noise_depends_on_seed_sensor_and_step_alone(step: int) -> None:
    both, alone = NoiseBank(4, ("A", "B")), NoiseBank(4, ("B",))
    both.row(step // 2)
    assert both.row(step)[1] == alone.row(step)[0]
    assert NoiseBank(None, ("A",)).row(step) == (0.0,)
