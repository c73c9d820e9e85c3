"""Flow and heads of the water circuit, solved algebraically once a step."""

from math import sqrt

from . import constants as k


def system_curve(valve_opening: float, *, is_isolated: bool = False) -> float:
    """Returns the loss of riser, exchanger and TV-202, in m/(m3/h)2.

    Args:
        valve_opening: Stroke of the equal-percentage valve, 0..1.
        is_isolated: HV-105 or HV-106 is shut, and leaks as much as a shut TV-202.
    """
    if is_isolated or valve_opening < 0.02:
        kv = k.SHUT_VALVE_KV
    else:
        kv = k.VALVE_KV * k.VALVE_RANGEABILITY ** (valve_opening - 1.0)
    return k.RISER + k.HEAD_PER_BAR / (kv * kv)


def pump_flow(shutoff_head: float, lift: float) -> float:
    """Returns one pump's flow in m3/h, 0 behind its closed non-return valve.

    Args:
        shutoff_head: Head at no flow and the present speed, m.
        lift: Header head less suction head, m.
    """
    surplus = shutoff_head - lift
    return sqrt(surplus / k.PUMP_CURVE) if surplus > 0.0 else 0.0


def solve(
    shutoff_heads: tuple[float, float],
    level: float,
    system: float,
    strainer: float,
    passing: float = 0.0,
) -> float:
    """Returns the flow through the exchanger in m3/h.

    Args:
        shutoff_heads: Of pumps A and B at their present speed, m; 0 for a stopped one.
        level: Basin level, m.
        system: Loss after the pumps, m/(m3/h)2.
        strainer: Loss of the common strainer, m/(m3/h)2.
        passing: Backflow through the stopped pump, m3/h per square root of its head in m.
    """
    strongest = max(shutoff_heads)
    if strongest <= 0.0:
        return 0.0
    if passing <= 0.0 and min(shutoff_heads) <= 0.0:
        surplus = level + strongest - k.STATIC_HEAD_M
        return sqrt(surplus / (system + strainer + k.PUMP_CURVE)) if surplus > 0.0 else 0.0
    return _bisect(shutoff_heads, level, system + strainer, passing)


def _bisect(shutoff_heads: tuple[float, float], level: float, loss: float, passing: float) -> float:
    first, second = shutoff_heads
    low, high = 0.0, 200.0
    for _ in range(40):
        flow = 0.5 * (low + high)
        lift = k.STATIC_HEAD_M - level + loss * flow * flow
        back = passing * sqrt(max(lift, 0.0))
        if pump_flow(first, lift) + pump_flow(second, lift) - back > flow:
            low = flow
        else:
            high = flow
    return 0.5 * (low + high)
