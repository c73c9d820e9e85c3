"""The product cooler E-101: counterflow, effectiveness-NTU, with a thermal lag on both outlets."""

import math
from dataclasses import dataclass

from . import constants as k


@dataclass(slots=True)
class ExchangerState:
    """Outlet temperatures in degC and the fouling resistance in m2K/W."""

    product_out_c: float = 48.0
    water_out_c: float = 42.4
    fouling: float = 0.0


def conductance(water: float, product: float, fouling: float) -> float:
    """Returns U in W/m2K at these flows (m3/h) and fouling (m2K/W)."""
    hot = k.HOT_FILM * math.pow(max(product / 40.0, 0.02), 0.8)
    cold = k.COLD_FILM * math.pow(max(water / 60.0, 0.02), 0.8)
    return 1.0 / (1.0 / hot + 1.0 / cold + fouling)


def effectiveness(ntu: float, ratio: float) -> float:
    """Returns the effectiveness of a counterflow exchanger; `ratio` is Cmin/Cmax, 0..1.

    Source: Incropera, table 11.4; the limit at equal capacities is NTU/(1 + NTU).
    """
    if ratio > 0.999999:
        return ntu / (1.0 + ntu)
    decay = math.exp(-ntu * (1.0 - ratio))
    return (1.0 - decay) / (1.0 - ratio * decay)


def advance(
    state: ExchangerState, water: float, product: float, basin_c: float, dt_s: float
) -> None:
    """Advances both outlet temperatures by one step; flows in m3/h."""
    hot_capacity = k.PRODUCT_CAPACITY * max(product, 0.05)
    cold_capacity = k.WATER_CAPACITY * max(water, 0.5)
    smaller, larger = sorted((hot_capacity, cold_capacity))
    ntu = conductance(water, product, state.fouling) * k.AREA_M2 / (1000.0 * smaller)
    duty_kw = effectiveness(ntu, smaller / larger) * smaller * (k.PRODUCT_INLET_C - basin_c)
    share = dt_s / k.EXCHANGER_LAG_S
    product_target = k.PRODUCT_INLET_C - duty_kw / hot_capacity
    water_target = basin_c + duty_kw / cold_capacity
    state.product_out_c += share * (product_target - state.product_out_c)
    state.water_out_c += share * (water_target - state.water_out_c)
