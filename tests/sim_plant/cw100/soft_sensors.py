"""Values of the cooling-water skid that its instruments tell only together."""

import math

from handwheel.connectors.methods.installed import load_method
from handwheel.sim_plant.cw100.computed import E_101
from handwheel.sim_plant.cw100.plant import CoolingWater

_MAKEUP = 8.0  # m3/h with LV-101 open
_LOSSES = 0.00204  # evaporation and blow-down, m3/h per m3/h and K of range


def soft_values(plant: CoolingWater) -> dict[str, float]:
    """Returns duties in kW, open share of the heat balance, fouling in m2K/W and leak in m3/h."""
    shown = {f"{name}.pv": each.value for name, each in plant.state.sensors.items()}
    found = {name: _computed(name, shown) for name in ("duty_hot", "duty_cold", "rf")}
    hot, cold = found["duty_hot"], found["duty_cold"]
    losses = _LOSSES * shown["FT-103.pv"] * (shown["TT-105.pv"] - shown["TT-106.pv"])
    return {
        **{f"soft.{name}": value for name, value in found.items()},
        "soft.imbalance": (hot - cold) / hot if hot else math.nan,
        "soft.leak": _MAKEUP * plant.state.valves["LV-101"].position - losses,
    }


def _computed(name: str, shown: dict[str, float]) -> float:
    """Computes a tag as a site of the plant does."""
    each = E_101[name]
    method = load_method(each.method)
    assert method is not None
    inputs = {
        key: shown[given] if given in shown else float(given.split()[0])
        for key, given in each.inputs.items()
    }
    value = method.compute(**inputs)
    return math.nan if value is None else value
