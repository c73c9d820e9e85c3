"""Valves with a first-order lag, and a dead band on the command while they stick.

Source: Downs and Vogel 1993; sticking after the original program, 2 % on the command.
"""

from collections.abc import Sequence

from . import constants as k

_DEAD_BAND = 2.0  # percent
_RATES = tuple(3600.0 / lag for lag in k.VALVE_LAGS_S)  # 1/h

# IDV number to the XMV that it makes stick
_STICKING = {14: (10,), 15: (11,), 19: (5, 7, 8, 9)}


def follow(held: list[float], commands: Sequence[float], idv: Sequence[float]) -> None:
    """Passes the commands on to the valves, except small moves of a sticking one.

    Args:
        held: Commands that the valves follow, percent; overwritten in place.
        commands: XMV 1 to 12, percent.
        idv: Severities; any above 0 makes its valves stick.
    """
    kept = [
        (valve - 1, held[valve - 1])
        for number, valves in _STICKING.items()
        if idv[number - 1] > 0.0
        for valve in valves
        if abs(held[valve - 1] - commands[valve - 1]) <= _DEAD_BAND
    ]
    held[:] = [
        command if 0.0 <= command <= 100.0 else min(max(command, 0.0), 100.0)
        for command in commands
    ]
    for index, command in kept:
        held[index] = command


def rates(positions: Sequence[float], held: Sequence[float]) -> list[float]:
    """Returns the speed of each valve, percent per hour."""
    return [
        (target - position) * rate
        for position, target, rate in zip(positions, held, _RATES, strict=True)
    ]
