"""Plants that have run for a time before something begins."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.simulation import Simulation

from .installed_plants import create_plant

_KEPT = 16  # states of plants in memory


def warm_plant(model: str, seed: int | None, warmup_s: float) -> Plant:
    """Returns a plant after some seconds of plant time without a fault.

    Its state is computed once in a process. Raises `ScenarioError` for a model that is not
    installed.
    """
    plant = create_plant(model, seed)
    if warmup_s > 0.0:
        plant.restore(_warmed_up(model, seed, warmup_s))
    return plant


@lru_cache(_KEPT)
def _warmed_up(model: str, seed: int | None, warmup_s: float) -> Mapping[str, Any]:
    plant = create_plant(model, seed)
    Simulation(plant, Scenario()).run(warmup_s)
    return plant.snapshot()
