"""Tags of the exchanger that its owners compute, with the constants of its data sheet."""

from ..model import PlantComputation
from .process import constants as k

_HOT_CAPACITY = f"{k.PRODUCT_DENSITY * k.PRODUCT_HEAT:g} kJ/m3K"
_COLD_CAPACITY = f"{k.WATER_DENSITY * k.WATER_HEAT:.7g} kJ/m3K"
_CLEANED_AT = "0.0003 m2K/W"  # beyond it the temperature loop has no authority left

E_101 = {
    "duty_hot": PlantComputation(
        "heat_duty",
        "kW",
        {
            "flow": "FT-201.pv",
            "warm": "TT-201.pv",
            "cold": "TT-202.pv",
            "heat_capacity": _HOT_CAPACITY,
        },
    ),
    "duty_cold": PlantComputation(
        "heat_duty",
        "kW",
        {
            "flow": "FT-103.pv",
            "warm": "TT-105.pv",
            "cold": "TT-106.pv",
            "heat_capacity": _COLD_CAPACITY,
        },
    ),
    "rf": PlantComputation(
        "fouling",
        "m2K/W",
        {
            "hot_flow": "FT-201.pv",
            "hot_in": "TT-201.pv",
            "hot_out": "TT-202.pv",
            "cold_flow": "FT-103.pv",
            "cold_in": "TT-106.pv",
            "cold_out": "TT-105.pv",
            "hot_heat_capacity": _HOT_CAPACITY,
            "area": f"{k.AREA_M2:g} m2",
            "hot_film": f"{k.HOT_FILM:g} W/m2K",
            "hot_film_flow": "40 m3/h",
            "cold_film": f"{k.COLD_FILM:g} W/m2K",
            "cold_film_flow": "60 m3/h",
        },
    ),
    "days_to_limit": PlantComputation(
        "days_to_limit", "d", {"fouling": "E-101.rf", "limit": _CLEANED_AT}
    ),
}
