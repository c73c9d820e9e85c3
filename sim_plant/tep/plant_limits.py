"""Limits of the controllers' state, outside of which a snapshot is refused."""

from collections.abc import Iterator

from ..errors import SnapshotError
from ..state import Limited, check_limits
from .control.loops import AUTO, CASCADE, MANUAL, OVERRIDE_TUNING, SLAVES
from .plant_state import TepState
from .process import state_limits
from .process.shutdown import CAUSES

_MOST_STEPS = 2**53
_MUCH = 1e9


def check(state: TepState) -> None:
    """Checks a state from a snapshot. Raises `SnapshotError` with the first wrong value."""
    if state.process.trip and state.process.trip not in CAUSES:
        raise SnapshotError(f"state.process.trip is {state.process.trip!r}, no cause of a shutdown")
    state_limits.check(state.process)
    check_limits(_values(state))


def _values(s: TepState) -> Iterator[Limited]:
    yield "steps", s.steps, 0, _MOST_STEPS
    yield "process.steps", s.process.steps, s.steps, s.steps
    for name, loop in s.control.loops.items():
        low, high = (MANUAL, CASCADE if name in SLAVES else AUTO)
        yield f"control.loops.{name}.mode", loop.mode, low, high
        yield f"control.loops.{name}.setpoint", loop.setpoint, -_MUCH, _MUCH
        yield f"control.loops.{name}.output", loop.output, -_MUCH, _MUCH
        yield f"control.loops.{name}.error", loop.error, -_MUCH, _MUCH
    for name, station in s.control.ratios.items():
        yield f"control.ratios.{name}.mode", station.mode, AUTO, CASCADE
        yield f"control.ratios.{name}.value", station.value, -_MUCH, _MUCH
        yield f"control.ratios.{name}.bias", station.bias, -_MUCH, _MUCH
    cut = s.control.override
    yield "control.override.mode", cut.mode, MANUAL, AUTO
    yield "control.override.output", cut.output, OVERRIDE_TUNING.low, OVERRIDE_TUNING.high
    yield "control.override.setpoint", cut.setpoint, -_MUCH, _MUCH
    yield "control.override.error", cut.error, -_MUCH, _MUCH
    yield "control.production_rate", s.control.production_rate, 0.0, _MUCH
    yield "control.grade_rate", s.control.grade_rate, 0.0, _MUCH
    yield "control.production", s.control.production, -_MUCH, _MUCH
    yield "control.production_trim", s.control.production_trim, -_MUCH, _MUCH
    yield "control.grade", s.control.grade, -_MUCH, _MUCH
    for index, value in enumerate(s.readings):
        yield f"readings.{index}", value, -_MUCH, _MUCH
