"""Product cooler E-101, a counterflow exchanger with a thermal lag on both outlets.

It fouls, and is cleaned in service: with the HV-107 set open the water flows the other way
and removes the deposit while the product is cooled.
"""

import math
from dataclasses import dataclass

from . import constants as k


@dataclass(slots=True)
class ExchangerState:
    """Outlet temperatures in degC and the fouling resistance in m2K/W."""

    product_out_c: float = 48.0
    water_out_c: float = 42.4
    fouling: float = 0.0
    fouling_limit: float = 0.0  # final value of the fouling, m2K/W
    fouling_tau_s: float = 0.0  # time constant of its growth; 0 while it does not grow
    flush_s: float = 0.0  # remaining time of a back-flush, during which HV-107 is open
    flush_rate: float = 0.0  # cleaning rate of a back-flush, m2K/W per second

    def flush(self) -> None:
        """Begins a back-flush, which cleans linearly for half an hour."""
        self.flush_s = k.FLUSH_S
        self.flush_rate = max(self.fouling - k.FLUSHED_FOULING, 0.0) / k.FLUSH_S


def conductance(water: float, product: float, fouling: float) -> float:
    """Returns U in W/m2K at these flows (m3/h) and fouling (m2K/W)."""
    hot = k.HOT_FILM * math.pow(max(product / 40.0, 0.02), 0.8)
    cold = k.COLD_FILM * math.pow(max(water / 60.0, 0.02), 0.8)
    return 1.0 / (1.0 / hot + 1.0 / cold + fouling)


def effectiveness(ntu: float, ratio: float) -> float:
    """Returns the effectiveness of a counterflow exchanger with Cmin/Cmax of `ratio`, 0..1.

    Source: Incropera, table 11.4; the limit at equal capacities is NTU/(1 + NTU).
    """
    if ratio > 0.999999:
        return ntu / (1.0 + ntu)
    decay = math.exp(-ntu * (1.0 - ratio))
    return (1.0 - decay) / (1.0 - ratio * decay)


def advance(
    state: ExchangerState, water: float, product: float, basin_c: float, dt_s: float
) -> None:
    """Advances by one step, flows in m3/h. Source: asymptotic fouling, Kern and Seaton 1959."""
    hot_capacity = k.PRODUCT_CAPACITY * max(product, 0.05)
    cold_capacity = k.WATER_CAPACITY * max(water, 0.5)
    smaller, larger = hot_capacity, cold_capacity
    if larger < smaller:
        smaller, larger = larger, smaller
    ntu = conductance(water, product, state.fouling) * k.AREA_M2 / (1000.0 * smaller)
    duty_kw = effectiveness(ntu, smaller / larger) * smaller * (k.PRODUCT_INLET_C - basin_c)
    share = dt_s / k.EXCHANGER_LAG_S
    product_target = k.PRODUCT_INLET_C - duty_kw / hot_capacity
    water_target = basin_c + duty_kw / cold_capacity
    state.product_out_c += share * (product_target - state.product_out_c)
    state.water_out_c += share * (water_target - state.water_out_c)
    if state.flush_s > 0.0:
        state.flush_s -= dt_s
        state.fouling = max(state.fouling - state.flush_rate * dt_s, 0.0)
    elif state.fouling_tau_s:
        growth = (state.fouling_limit - state.fouling) / state.fouling_tau_s
        state.fouling += growth * dt_s
