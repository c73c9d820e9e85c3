"""Return line, cooling tower and basin."""

from dataclasses import dataclass

from . import constants as k


@dataclass(slots=True)
class WaterState:
    """Levels in m, temperatures in degC, the fan as a fraction."""

    level_m: float = 2.1
    basin_c: float = 26.0
    return_c: float = 42.4
    fan: float = 0.64
    makeup_valve: float = 0.15


def advance(water: WaterState, flow: float, outlet_c: float, leak: float, dt_s: float) -> None:
    """Advances return line, tower and basin by one step.

    Args:
        flow: Circulating water, m3/h.
        outlet_c: Water leaving the exchanger (TT-105), degC.
        leak: Loss from the basin, m3/h.

    Source: tower effectiveness of Merkel type; evaporation over the tower's own range;
    blow-down at four cycles of concentration.
    """
    water.return_c += dt_s * (outlet_c - water.return_c) / k.RETURN_LAG_S
    effectiveness = 0.2 + 0.6 * water.fan**0.6
    cold_c = water.return_c - effectiveness * (water.return_c - k.WET_BULB_C)
    evaporation = k.EVAPORATION * flow * (water.return_c - cold_c)
    makeup = k.MAKEUP_MAX * water.makeup_valve
    net = makeup - evaporation - evaporation / 3.0 - leak
    hours = dt_s / 3600.0
    volume = k.BASIN_AREA_M2 * water.level_m
    mixing = flow * (cold_c - water.basin_c) + makeup * (k.MAKEUP_C - water.basin_c)
    water.basin_c += hours * mixing / volume
    level = water.level_m + hours * net / k.BASIN_AREA_M2
    water.level_m = min(max(level, k.MIN_LEVEL_M), k.MAX_LEVEL_M)
