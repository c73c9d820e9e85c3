"""Residuals of the twin of the skid while the plant is steady."""

from collections.abc import Iterator

from handwheel.sim_plant.cw100.plant import CoolingWater
from handwheel.sim_plant.cw100.state import PUMPS

from ..measured import Measured
from ..residuals import residuals_of

SETTLE_S = 300.0
STEADY_S = 600.0
_STEADY = (
    ("PT-102.pv", 5.0), ("FT-103.pv", 1.5), ("TT-202.pv", 0.8), ("TT-106.pv", 0.3),
    ("SC-106.pv", 1.0), ("TV-202.pos", 1.0), ("P-101A.speed", 1.0), ("P-101B.speed", 1.0),
)  # fmt: skip
_COMPARED = (
    "PT-102.pv", "FT-103.pv", "PDT-101.pv", "TT-105.pv", "TT-106.pv", "TT-202.pv", "TT-201.pv",
    "FT-201.pv", "LT-101.pv", "TV-202.pos", "LV-101.pos", "SC-106.pv",
)  # fmt: skip


def residuals(plant: CoolingWater, measured: Measured) -> dict[str, float]:
    """Returns the residuals, none unless the plant is steady.

    A plant that moves does not stand where the model settles.

    Args:
        plant: Model at the estimate, which is advanced.
    """
    tags = [*_COMPARED, *_of_pumps(plant)]
    for each in plant.state.pumps.values():
        each.damage_tau_s = 0.0
    return residuals_of(plant, measured, _STEADY, STEADY_S, tags, SETTLE_S)


def _of_pumps(plant: CoolingWater) -> Iterator[str]:
    for name in PUMPS:
        each, side = plant.state.pumps[name], name[-1]
        if each.is_running:
            yield from (f"{name}.speed", f"IT-101{side}.pv", f"VT-101{side}.pv")
        if each.is_running and not each.damage_tau_s:  # else the temperature is on its way
            yield f"TT-111{side}.pv"
