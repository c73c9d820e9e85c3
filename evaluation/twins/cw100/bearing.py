"""Bearing of a pump, by its vibration and how it grows."""

from collections.abc import Iterator, Sequence
from math import exp, log, sqrt
from typing import NamedTuple

from handwheel.agents.diagnosis.windows import Bucket
from handwheel.sim_plant.cw100.process import constants as k
from handwheel.sim_plant.cw100.process.pump import MAX_DAMAGE, PumpState
from handwheel.sim_plant.cw100.state import PUMPS

from ..measured import Measured

STEADIEST = 2.0
"""By how much the speed of a pump that runs steadily may vary, %."""
_TREND_S = 1200.0
_SIGNIFICANT = 4.0  # standard errors
_LEAST_DAMAGE = 0.002
_WORN = 1.5 * k.HEALTHY_DAMAGE
_JUMP = 0.5  # of the logarithm
_FASTEST_S = 300.0  # time constant
_DAY_S = 86400.0
_LAG_S = 600.0  # of the bearing's temperature


class _Damage(NamedTuple):
    at_s: float
    damage: float


def estimate(
    each: PumpState, name: str, m: Measured, back: float, *, is_cavitating: bool
) -> Iterator[str]:
    """Sets the damage of a bearing and its growth, which goes on in the course.

    Args:
        back: Flow that runs back through the standby, m3/h.
    """
    each.damage, each.damage_tau_s = k.HEALTHY_DAMAGE, 0.0
    if is_cavitating:  # it shakes the pump, so that only the temperature tells the bearing
        bearing = f"TT-111{name[-1]}.pv"
        steady_c = m.mean(bearing, 120.0) + _LAG_S * m.slope(bearing, 300.0)
        excess_k = steady_c - k.AMBIENT_C - 15.0 * each.speed
        damage = excess_k / (45.0 * each.speed)
        each.damage = min(max(damage, k.HEALTHY_DAMAGE), MAX_DAMAGE)
        return
    found = list(_damages(name, m, _TREND_S, back)) if each.is_running else []
    if not found:
        found = list(_damages(name, m, _DAY_S, back))[-10:]
        if found:
            each.damage = _within(sum(one.damage for one in found) / len(found))
        elif not each.is_running:
            yield f"{name} has a sound bearing, since it has not run for a day."
        return
    each.damage, each.damage_tau_s = _growth(found, m.windows.now_s)
    if each.damage_tau_s:
        yield f"The bearing of {name} wears on as it did in the last {_TREND_S / 60:g} min."


def _damages(name: str, m: Measured, last_s: float, back: float) -> Iterator[_Damage]:
    """Yields the damage by the vibration of each bucket in which the pump ran steadily."""
    other = PUMPS[1 - PUMPS.index(name)]
    speeds, others, flows = (
        {each.at_s: each for each in m.windows.buckets(tag, last_s)}
        for tag in (f"{name}.speed", f"{other}.speed", "FT-103.pv")
    )
    for vibration in m.windows.buckets(f"VT-101{name[-1]}.pv", last_s):
        speed, flow = speeds.get(vibration.at_s), flows.get(vibration.at_s)
        if speed is None or flow is None or not _is_steady(speed):
            continue
        beside = others.get(vibration.at_s)
        count = 2 if beside is not None and beside.mean > 100.0 * k.TURNING else 1
        n = speed.mean / 100.0
        off_design = (flow.mean + back) / count / (k.RATED_FLOW * n) - 1.0
        excess = vibration.mean - 1.3 * n * n - off_design * off_design
        yield _Damage(vibration.at_s, excess / (9.0 * n * n))


def _is_steady(speed: Bucket) -> bool:
    return speed.low > 20.0 and speed.high - speed.low <= STEADIEST


def _growth(found: Sequence[_Damage], now_s: float) -> tuple[float, float]:
    """Returns the damage now and the time constant of its growth, 0 where it does not grow."""
    found = _since_jump(found)
    recent = found[-30:]
    level = _within(sum(each.damage for each in recent) / len(recent))
    for each in (found, found[len(found) // 2 :]):  # the older half may be of before the wear
        rate, error, last = _line(each, now_s)
        halves_agree = each is not found or _halves_agree(found, now_s)
        if halves_agree and rate > _SIGNIFICANT * error > 0.0 and last > _WORN:
            return _within(last), max(1.0 / rate, _FASTEST_S)
    return level, 0.0


def _since_jump(found: Sequence[_Damage]) -> Sequence[_Damage]:
    """Returns the part since the damage last jumped, as no wear does within a bucket."""
    for n in range(len(found) - 1, 0, -1):
        before, after = (max(each.damage, _LEAST_DAMAGE) for each in found[n - 1 : n + 1])
        if max(before, after) > _WORN and abs(log(after / before)) > _JUMP:
            return found[n:]
    return found


def _halves_agree(found: Sequence[_Damage], now_s: float) -> bool:
    half = len(found) // 2
    (first, e1, _), (second, e2, _) = _line(found[:half], now_s), _line(found[half:], now_s)
    return abs(first - second) <= _SIGNIFICANT * sqrt(e1 * e1 + e2 * e2)


def _line(found: Sequence[_Damage], now_s: float) -> tuple[float, float, float]:
    """Returns rate, standard error and present value of an exponential through some damages."""
    count = len(found)
    if count < 6:
        return 0.0, 0.0, 0.0
    logs = [log(max(each.damage, _LEAST_DAMAGE)) for each in found]
    mean_t, mean = sum(each.at_s for each in found) / count, sum(logs) / count
    square = sum((each.at_s - mean_t) ** 2 for each in found)
    cross = sum((each.at_s - mean_t) * (y - mean) for each, y in zip(found, logs, strict=True))
    rate = cross / square
    rest = sum(
        (y - mean - rate * (each.at_s - mean_t)) ** 2 for each, y in zip(found, logs, strict=True)
    )
    error = sqrt(rest / (count - 2) / square)
    return rate, error, exp(mean + rate * (now_s - mean_t))


def _within(damage: float) -> float:
    return min(max(damage, 0.0), MAX_DAMAGE)
