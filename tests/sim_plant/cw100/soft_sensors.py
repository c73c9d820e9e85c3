"""Values of the cooling-water skid that its instruments tell only together."""

import math

from handwheel.sim_plant.cw100.plant import CoolingWater
from handwheel.tools import soft_sensors as soft


def readings(plant: CoolingWater) -> soft.ExchangerReadings:
    shown = {name: each.value for name, each in plant.state.sensors.items()}
    return soft.ExchangerReadings(
        *(shown[each] for each in ("FT-201", "TT-201", "TT-202", "FT-103", "TT-106", "TT-105"))
    )


def soft_values(plant: CoolingWater) -> dict[str, float]:
    """Returns duties in kW, open share of the heat balance, fouling in m2K/W and leak in m3/h."""
    seen, makeup = readings(plant), plant.state.valves["LV-101"].position * 100.0
    imbalance, fouling = soft.imbalance(seen), soft.fouling(seen)
    return {
        "soft.duty_hot": soft.duty_hot(seen),
        "soft.duty_cold": soft.duty_cold(seen),
        "soft.imbalance": math.nan if imbalance is None else imbalance,
        "soft.rf": math.nan if fouling is None else fouling,
        "soft.leak": soft.leak_estimate(seen, makeup, 0.0),
    }
