"""Soft sensors of the cooling-water skid: what its instruments tell only together.

Source: Incropera ch. 11 (duty, log-mean temperature difference); TEMA (fouling of treated
water); the constants are those of the skid's water, product, exchanger and basin.
"""

import math
from dataclasses import dataclass

_PRODUCT = 0.54306  # kW/K per m3/h
_WATER = 1.15879  # kW/K per m3/h
_AREA_M2 = 40.0
_HOT_FILM, _HOT_FLOW = 800.0, 40.0  # W/m2K at this flow, m3/h
_COLD_FILM, _COLD_FLOW = 3500.0, 60.0

_MAKEUP = 8.0  # m3/h with LV-101 open
_LOSSES = 0.00204  # evaporation and blow-down, m3/h per m3/h and K of range
_BASIN_M3_PER_PERCENT = 7.069 * 3.0 / 100.0


@dataclass(frozen=True, slots=True)
class ExchangerReadings:
    """The six readings around E-101: flows in m3/h, temperatures in degC.

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


def imbalance(seen: ExchangerReadings) -> float:
    """Returns by what share of the hot duty the heat balance is open."""
    return 1.0 - duty_cold(seen) / duty_hot(seen) if duty_hot(seen) > 0.0 else math.nan


def fouling(seen: ExchangerReadings) -> float:
    """Returns the fouling resistance of E-101, m2K/W; negative where a reading is wrong."""
    warm_end = seen.product_in_c - seen.water_out_c
    cold_end = seen.product_out_c - seen.water_in_c
    if min(duty_hot(seen), warm_end, cold_end, seen.water) <= 0.0:
        return math.nan
    mean = (warm_end - cold_end) / math.log(warm_end / cold_end)
    films = 1.0 / (_HOT_FILM * math.pow(seen.product / _HOT_FLOW, 0.8))
    films += 1.0 / (_COLD_FILM * math.pow(seen.water / _COLD_FLOW, 0.8))
    return _AREA_M2 * mean / (1000.0 * duty_hot(seen)) - films


def leak_estimate(seen: ExchangerReadings, makeup_percent: float, level_rate: float) -> float:
    """Returns what the basin loses beyond evaporation and blow-down, m3/h.

    A healthy basin shows -0.03, for the tower's range is not quite the exchanger's.

    Args:
        makeup_percent: Position of LV-101.
        level_rate: How fast LT-101 rises, % per hour.
    """
    losses = _LOSSES * seen.water * (seen.water_out_c - seen.water_in_c)
    return _MAKEUP * makeup_percent / 100.0 - losses - _BASIN_M3_PER_PERCENT * level_rate
