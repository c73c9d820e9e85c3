"""Residuals of the twin while the plant is steady, the measured less the settled model."""

from collections.abc import Iterator

from handwheel.agents.diagnosis.methods.steadiness import is_steady
from handwheel.sim_plant.cw100.plant import CoolingWater
from handwheel.sim_plant.cw100.state import PUMPS
from handwheel.sim_plant.cw100.tags import TAGS

from ..measured import Measured

SETTLE_S = 300.0
"""How long the model runs on from the estimate, until its loops have answered what it lacks."""
STEADY_S = 600.0
_STEADY = (
    ("PT-102.pv", 5.0), ("FT-103.pv", 1.5), ("TT-202.pv", 0.8), ("TT-106.pv", 0.3),
    ("SC-106.pv", 1.0), ("TV-202.pos", 1.0), ("P-101A.speed", 1.0), ("P-101B.speed", 1.0),
)  # fmt: skip
_COMPARED = (
    "PT-102.pv", "FT-103.pv", "PDT-101.pv", "TT-105.pv", "TT-106.pv", "TT-202.pv", "TT-201.pv",
    "FT-201.pv", "LT-101.pv", "TV-202.pos", "LV-101.pos", "SC-106.pv",
)  # fmt: skip
_OF_PUMP = ("{pump}.speed", "IT-101{side}.pv", "VT-101{side}.pv", "TT-111{side}.pv")
_SPANS = {each.name: each.span for each in TAGS}


def residuals(plant: CoolingWater, measured: Measured) -> dict[str, float]:
    """Returns the measured less the modelled value of each tag, a share of its range.

    It is empty unless the plant is steady, since the model then settles to another time's values.

    Args:
        plant: Model at the estimate, which is advanced.
    """
    if not _is_steady(measured):
        return {}
    tags = [*_COMPARED, *_of_pumps(plant)]
    for name, each in plant.state.pumps.items():
        if each.damage_tau_s:  # its temperature is on its way, so that it has settled to nothing
            tags.remove(f"TT-111{name[-1]}.pv")
            each.damage_tau_s = 0.0
    for _ in range(round(SETTLE_S / plant.step_s)):
        plant.step()
    modelled = plant.measurements()
    found: dict[str, float] = {}
    for tag in tags:
        low, high = _SPANS[tag] or (0.0, 100.0)
        found[tag] = (measured.value(tag) - float(modelled[tag])) / (high - low)
    return found


def _is_steady(m: Measured) -> bool:
    """Whether nothing has moved, also not since the last closed bucket."""
    has_stood = is_steady(m.windows, _STEADY, STEADY_S)
    return has_stood and all(abs(m.now(tag) - m.value(tag)) <= limit for tag, limit in _STEADY)


def _of_pumps(plant: CoolingWater) -> Iterator[str]:
    for name in PUMPS:
        if plant.state.pumps[name].is_running:
            yield from (each.format(pump=name, side=name[-1]) for each in _OF_PUMP)
