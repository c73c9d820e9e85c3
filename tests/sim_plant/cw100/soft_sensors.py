"""Values of the cooling-water skid that its instruments tell only together.

Source: Incropera ch. 11 (duty, log-mean temperature difference); TEMA (fouling of treated
water); the constants are those of the skid's water, product, exchanger and basin.
"""

import math

from handwheel.sim_plant.cw100.plant import CoolingWater

_PRODUCT = 0.54306  # kW/K per m3/h
_WATER = 1.15879  # kW/K per m3/h
_AREA_M2 = 40.0
_HOT_FILM, _HOT_FLOW = 800.0, 40.0  # W/m2K at this flow, m3/h
_COLD_FILM, _COLD_FLOW = 3500.0, 60.0
_MAKEUP = 8.0  # m3/h with LV-101 open
_LOSSES = 0.00204  # evaporation and blow-down, m3/h per m3/h and K of range


def soft_values(plant: CoolingWater) -> dict[str, float]:
    """Computes duties in kW, open share of the heat balance, fouling in m2K/W and leak in m3/h.

    A fouling below zero says that a reading is wrong; without a duty it is no number.
    """
    shown = {name: each.value for name, each in plant.state.sensors.items()}
    product, hot_c, cooled_c = shown["FT-201"], shown["TT-201"], shown["TT-202"]
    water, cold_c, warmed_c = shown["FT-103"], shown["TT-106"], shown["TT-105"]
    hot, cold = _PRODUCT * product * (hot_c - cooled_c), _WATER * water * (warmed_c - cold_c)
    warm_end, cold_end = hot_c - warmed_c, cooled_c - cold_c
    fouling = math.nan
    if min(hot, warm_end, cold_end, water) > 0.0:
        mean = (warm_end - cold_end) / math.log(warm_end / cold_end)
        films = 1.0 / (_HOT_FILM * math.pow(product / _HOT_FLOW, 0.8))
        films += 1.0 / (_COLD_FILM * math.pow(water / _COLD_FLOW, 0.8))
        fouling = _AREA_M2 * mean / (1000.0 * hot) - films
    return {
        "soft.duty_hot": hot,
        "soft.duty_cold": cold,
        "soft.imbalance": (hot - cold) / hot if hot > 0.0 else math.nan,
        "soft.rf": fouling,
        "soft.leak": _MAKEUP * plant.state.valves["LV-101"].position
        - _LOSSES * water * (warmed_c - cold_c),
    }
