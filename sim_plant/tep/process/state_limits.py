"""Limits of the process's state, outside of which a snapshot is refused."""

from collections.abc import Iterator, Sequence

from ...errors import SnapshotError
from ...state import Limited, check_limits
from .algebra import solve
from .physics import constants as k
from .physics.boundary import boundary
from .physics.disturbances import KINDS, Walk, WalkKind
from .state import HEADER, REACTOR, SEPARATOR, STRIPPER, VALVES, WATER, ProcessState

_MOST_STEPS = 2**53
_MOST_MOLES = 1e4
_COLDEST_C, _HOTTEST_C = -50.0, 400.0
_MOST_PRESSURE = 1e5  # mmHg
_SLACK = 1e-6
_LEAST_MOLES = -1.0  # Euler steps below zero before it stops where a reactant has run out
_OVERSHOOT = 0.05  # an episode rises a little on before it decays


def check(state: ProcessState) -> None:
    """Checks a state from a snapshot. Raises `SnapshotError` with the first wrong value."""
    check_limits(_values(state))
    try:
        now = solve(state.x, state.temperatures, boundary(state.walks, state.idv))
    except ArithmeticError as error:
        raise SnapshotError(f"state.process.x: amounts and energies do not fit: {error}") from error
    check_limits(_all("temperatures", now.temperatures, _COLDEST_C, _HOTTEST_C))
    for name, vessel in (("reactor", now.reactor), ("separator", now.separator)):
        check_limits(
            [
                (f"process.x: {name} gas volume", vessel.gas_volume, 0.0, k.SEPARATOR_VOLUME),
                (f"process.x: {name} pressure", vessel.pressure, 0.0, _MOST_PRESSURE),
            ]
        )


def _values(s: ProcessState) -> Iterator[Limited]:
    yield "process.steps", s.steps, 0, _MOST_STEPS
    for part in (REACTOR, SEPARATOR, STRIPPER, HEADER):
        yield from _all("x", s.x[part][:-1], _LEAST_MOLES, _MOST_MOLES, part.start)
    yield from _all("x", s.x[WATER], _COLDEST_C, _HOTTEST_C, WATER.start)
    yield from _all("x", s.x[VALVES], 0.0, 100.0, VALVES.start)
    yield from _all("xmv", s.xmv, 0.0, 100.0)
    yield from _all("held", s.held, 0.0, 100.0)
    yield from _all("temperatures", s.temperatures, _COLDEST_C, _HOTTEST_C)
    yield from _all("idv", s.idv, 0.0, 1.0)
    time_h = s.steps * k.STEP_S / 3600.0
    for name, walk in s.walks.items():
        for inner, value, low, high in _walk(walk, KINDS[name], time_h):
            yield f"process.walks.{name}.{inner}", value, low, high


def _all(
    name: str, values: Sequence[float], low: float, high: float, start: int = 0
) -> Iterator[Limited]:
    for index, value in enumerate(values, start):
        yield f"process.{name}.{index}", value, low, high


def _walk(walk: Walk, kind: WalkKind, time_h: float) -> Iterator[Limited]:
    yield "segment", walk.segment, 0, _MOST_STEPS
    yield "start_h", walk.start_h, 0.0, time_h
    yield "end_h", walk.end_h, time_h - k.STEP_S / 3600.0 - _SLACK, time_h + 10.0
    low = (0.0 if kind.is_episodic else kind.centre - kind.span) - _SLACK
    high = (1.0 + _OVERSHOOT if kind.is_episodic else kind.centre + kind.span) + _SLACK
    length = walk.end_h - walk.start_h
    for name, h in (("a", 0.0), ("c", 0.5 * length), ("d", length)):
        yield name, walk.a + h * (walk.b + h * (walk.c + h * walk.d)), low, high
    yield "value", walk.value, low, high
