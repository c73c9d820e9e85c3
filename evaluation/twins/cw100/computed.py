"""Tags of the exchanger that its owners compute, in a course as on site."""

from collections.abc import Mapping

from handwheel.connectors.methods.heat_exchanger import fouling, heat_duty
from handwheel.sim_plant.cw100.process import constants as k

_HOT = k.PRODUCT_DENSITY * k.PRODUCT_HEAT
_COLD = k.WATER_DENSITY * k.WATER_HEAT


def computed(values: Mapping[str, float]) -> dict[str, float]:
    """Returns both duties, and the fouling resistance where heat flows."""
    product, water = values["FT-201.pv"], values["FT-103.pv"]
    hot_in, hot_out = values["TT-201.pv"], values["TT-202.pv"]
    cold_in, cold_out = values["TT-106.pv"], values["TT-105.pv"]
    found = {
        "E-101.duty_hot": heat_duty(flow=product, warm=hot_in, cold=hot_out, heat_capacity=_HOT),
        "E-101.duty_cold": heat_duty(flow=water, warm=cold_out, cold=cold_in, heat_capacity=_COLD),
    }
    resistance = fouling(
        hot_flow=product, hot_in=hot_in, hot_out=hot_out, cold_flow=water, cold_in=cold_in,
        cold_out=cold_out, hot_heat_capacity=_HOT, area=k.AREA_M2, hot_film=k.HOT_FILM,
        hot_film_flow=40.0, cold_film=k.COLD_FILM, cold_film_flow=60.0,
    )  # fmt: skip
    return found if resistance is None else {**found, "E-101.rf": resistance}
