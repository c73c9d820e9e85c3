"""Soft sensors of the cooling-water skid, computed from several of its instruments.

The plant does not compute them. A result is `None`, which is bad quality, where the readings
allow none.

Source: Incropera ch. 11 (duty, log-mean temperature difference); TEMA (fouling of treated
water); the constants are those of the skid's water, product, exchanger and basin.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

_PRODUCT = 0.54306  # kW/K per m3/h
_WATER = 1.15879  # kW/K per m3/h
_AREA_M2 = 40.0
_HOT_FILM, _HOT_FLOW = 800.0, 40.0  # W/m2K at this flow, m3/h
_COLD_FILM, _COLD_FLOW = 3500.0, 60.0

FOULING_LIMIT = 3.0e-4  # m2K/W
_LEAST_GROWTH = 1e-7  # m2K/W per day: less is no trend
_WINDOW_H, _LEAST_H = 168, 24
_MOST_DAYS = 365.0
_OPEN_BALANCE = 0.08  # share of the hot duty

_MAKEUP = 8.0  # m3/h with LV-101 open
_LOSSES = 0.00204  # evaporation and blow-down, m3/h per m3/h and K of range
_BASIN_M3_PER_PERCENT = 7.069 * 3.0 / 100.0


@dataclass(frozen=True, slots=True)
class ExchangerReadings:
    """Six readings around E-101, flows in m3/h and temperatures in degC.

    Attributes:
        product: FT-201.
        product_in_c: TT-201.
        product_out_c: TT-202.
        water: FT-103.
        water_in_c: TT-106.
        water_out_c: TT-105.
    """

    product: float
    product_in_c: float
    product_out_c: float
    water: float
    water_in_c: float
    water_out_c: float


def duty_hot(seen: ExchangerReadings) -> float:
    """Returns the heat that the product gives, kW."""
    return _PRODUCT * seen.product * (seen.product_in_c - seen.product_out_c)


def duty_cold(seen: ExchangerReadings) -> float:
    """Returns the heat that the water takes, kW."""
    return _WATER * seen.water * (seen.water_out_c - seen.water_in_c)


def imbalance(seen: ExchangerReadings) -> float | None:
    """Returns the open share of the heat balance, of the hot duty. `None` without a duty."""
    hot = duty_hot(seen)
    return (hot - duty_cold(seen)) / hot if hot > 0.0 else None


def fouling(seen: ExchangerReadings) -> float | None:
    """Returns the fouling resistance of E-101, m2K/W, which holds only while `is_balanced`.

    A negative value says that a reading is wrong.

    Returns:
        `None` without flows, without a duty, or where the temperatures cross.
    """
    hot = duty_hot(seen)
    warm_end = seen.product_in_c - seen.water_out_c
    cold_end = seen.product_out_c - seen.water_in_c
    if min(hot, warm_end, cold_end, seen.product, seen.water) <= 0.0:
        return None
    if abs(warm_end - cold_end) < 0.01:  # where the formula is 0/0
        mean = 0.5 * (warm_end + cold_end)
    else:
        mean = (warm_end - cold_end) / math.log(warm_end / cold_end)
    films = 1.0 / (_HOT_FILM * math.pow(seen.product / _HOT_FLOW, 0.8))
    films += 1.0 / (_COLD_FILM * math.pow(seen.water / _COLD_FLOW, 0.8))
    return _AREA_M2 * mean / (1000.0 * hot) - films


def is_balanced(seen: ExchangerReadings) -> bool:
    """Returns whether both duties are equal within 8 % of the hot one."""
    hot = duty_hot(seen)
    return abs(hot - duty_cold(seen)) < _OPEN_BALANCE * hot


def days_to_limit(hourly: Sequence[float]) -> float | None:
    """Returns the days until the fouling is at its limit if it grows as in the last week.

    Fouling slows down as it grows, so the straight line gives too few days, which is safe.

    Args:
        hourly: Means of `fouling` over an hour each, m2K/W, oldest first; the last 168 count.

    Returns:
        0 to 365 days; `None` with less than 24 h, or where the fouling does not grow.
    """
    window = hourly[-_WINDOW_H:]
    count = len(window)
    if count < _LEAST_H:
        return None
    middle, mean = 0.5 * (count - 1), sum(window) / count
    upper = sum((hour - middle) * (value - mean) for hour, value in enumerate(window))
    lower = sum((hour - middle) ** 2 for hour in range(count))
    per_day = 24.0 * upper / lower
    if per_day <= _LEAST_GROWTH:
        return None
    return min(max((FOULING_LIMIT - window[-1]) / per_day, 0.0), _MOST_DAYS)


def leak_estimate(seen: ExchangerReadings, makeup_percent: float, level_rate: float) -> float:
    """Returns the loss of the basin beyond evaporation and blow-down, m3/h.

    A healthy basin shows -0.03, because the tower's range differs from the exchanger's.

    Args:
        makeup_percent: Position of LV-101.
        level_rate: How fast LT-101 rises, % per hour.
    """
    losses = _LOSSES * seen.water * (seen.water_out_c - seen.water_in_c)
    return _MAKEUP * makeup_percent / 100.0 - losses - _BASIN_M3_PER_PERCENT * level_rate
