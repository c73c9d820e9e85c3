"""Limits of the skid's state, outside of which a snapshot is refused."""

from collections.abc import Iterator

from ..pid import AUTO, MANUAL
from ..sensors import Sensor, SensorState
from ..state import Limited, check_limits
from .process import constants as k
from .process.pump import LOCAL, MAINTENANCE, PumpState
from .process.valve import ValveState
from .state import SkidState
from .tags import SENSORS

_WORD = 2**32 - 1
_MOST_STEPS = 2**53
_COLDEST_C, _HOTTEST_C = -50.0, 200.0


def check(state: SkidState) -> None:
    """Checks a state from a snapshot. Raises `SnapshotError` with the first wrong value."""
    check_limits(_values(state))


def _values(s: SkidState) -> Iterator[Limited]:
    yield "steps", s.steps, 0, _MOST_STEPS
    yield "strainer_plug", s.strainer_plug, 0.0, k.MOST_PLUG
    yield "passing", s.passing, 0.0, 100.0
    yield "link_down_s", s.link_down_s, 0.0, 1e9
    for fault, leak in s.leaks.items():
        yield f"leaks.{fault}", leak, 0.0, 100.0
    yield from _growth(s)
    yield "standby_mode", s.standby_mode, LOCAL, MAINTENANCE
    yield "load_found", s.load_found, 0.0, k.PRODUCT_MAX
    yield "load_set", s.load_set, 0.0, k.PRODUCT_MAX
    yield "flow", s.flow, 0.0, 200.0
    yield "lift", s.lift, -100.0, 200.0
    yield "header_m", s.header_m, 0.0, 200.0
    yield "product", s.product, 0.0, k.PRODUCT_MAX
    yield "loops.product_setpoint", s.loops.product_setpoint, 0.0, k.PRODUCT_MAX
    yield "water.level_m", s.water.level_m, k.MIN_LEVEL_M, k.MAX_LEVEL_M
    yield "water.fan", s.water.fan, 0.0, 1.0
    yield "water.fan_lost", s.water.fan_lost, 0.0, 1.0
    yield "water.wet_bulb_c", s.water.wet_bulb_c, _COLDEST_C, _HOTTEST_C
    yield "water.basin_c", s.water.basin_c, _COLDEST_C, _HOTTEST_C
    yield "water.return_c", s.water.return_c, _COLDEST_C, _HOTTEST_C
    yield "exchanger.product_out_c", s.exchanger.product_out_c, _COLDEST_C, _HOTTEST_C
    yield "exchanger.water_out_c", s.exchanger.water_out_c, _COLDEST_C, _HOTTEST_C
    yield "exchanger.fouling", s.exchanger.fouling, 0.0, 1.0
    yield "exchanger.fouling_limit", s.exchanger.fouling_limit, 0.0, 1.0
    yield "exchanger.fouling_tau_s", s.exchanger.fouling_tau_s, 0.0, 1e9
    yield "exchanger.flush_s", s.exchanger.flush_s, 0.0, k.FLUSH_S
    yield "exchanger.flush_rate", s.exchanger.flush_rate, 0.0, 1.0
    for name, loop in s.loops.loops.items():
        yield f"loops.{name}.mode", loop.mode, MANUAL, AUTO
        yield f"loops.{name}.output", loop.output, 0.0, 1.0
        yield f"loops.{name}.setpoint", loop.setpoint, -1000.0, 1000.0
        yield f"loops.{name}.integral", loop.integral, -1000.0, 1000.0
    for name, pump in s.pumps.items():
        for inner, value, low, high in _pump(pump):
            yield f"pumps.{name}.{inner}", value, low, high
    for name, valve in s.valves.items():
        for inner, value, low, high in _valve(valve):
            yield f"valves.{name}.{inner}", value, low, high
    for sensor in SENSORS:
        for inner, value, low, high in _sensor(sensor, s.sensors[sensor.name]):
            yield f"sensors.{sensor.name}.{inner}", value, low, high


def _growth(s: SkidState) -> Iterator[Limited]:
    for fault in s.severities:
        yield f"severities.{fault}", s.severities[fault], 0.0, 1.0
        yield f"sizes.{fault}", s.sizes[fault], -1e9, 1e9
        yield f"earlier_severities.{fault}", s.earlier_severities[fault], 0.0, 1.0
        yield f"earlier_sizes.{fault}", s.earlier_sizes[fault], -1e9, 1e9


def _pump(pump: PumpState) -> Iterator[Limited]:
    yield "speed", pump.speed, 0.0, 1.0
    yield "head_factor", pump.head_factor, 0.3, 1.0
    yield "damage", pump.damage, 0.0, 1.5
    yield "damage_tau_s", pump.damage_tau_s, 0.0, 1e9
    yield "impeller", pump.impeller, 0.0, 1.0
    yield "bearing_c", pump.bearing_c, _COLDEST_C, _HOTTEST_C
    yield "mode", pump.mode, LOCAL, MAINTENANCE
    yield "trip_cause", pump.trip_cause, 0, 9
    yield "starts", pump.starts, 0, _WORD
    yield "run_time_s", pump.run_time_s, 0.0, 1e12


def _valve(valve: ValveState) -> Iterator[Limited]:
    yield "position", valve.position, 0.0, 1.0
    yield "band", valve.band, 0.0, 1.0
    yield "slip", valve.slip, 0.0, 1.0
    yield "signal", valve.signal, 0.0, 1.0
    yield "target", valve.target, 0.0, 1.0
    yield "residual", valve.residual, -2.0, 2.0


def _sensor(sensor: Sensor, state: SensorState) -> Iterator[Limited]:
    yield "value", state.value, sensor.low, sensor.high
    yield "gain", state.gain, 0.0, 10.0
    yield "dropout", state.dropout, 0.0, 1.0
    yield "spikes", state.spikes, 0.0, 1.0
    yield "spike", state.spike, 0.0, sensor.span
    yield "unchanged_s", state.unchanged_s, 0.0, 1e12
    for name in ("bias", "offset", "drift", "drifted"):
        yield name, getattr(state, name), -1e12, 1e12
