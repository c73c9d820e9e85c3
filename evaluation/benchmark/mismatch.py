"""Plants whose constants differ from their data sheets, and what is learnt of them first."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from handwheel.agents.diagnosis.baseline import Baseline
from handwheel.agents.diagnosis.hypotheses import Hypotheses
from handwheel.agents.diagnosis.learning import Learning
from handwheel.connectors.model.site import Site
from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.simulation import Simulation

from ..plants.installed_plants import create_plant
from ..trial.model_plant import ModelPlant
from .suite import MismatchSpec

_SCAN_S = 5.0


@dataclass(frozen=True, slots=True)
class Learnt:
    """A healthy plant with other constants, and its healthy residuals."""

    state: Mapping[str, Any]
    baseline: Baseline


def factors_of(plant: str, seed: int, spec: MismatchSpec) -> dict[str, float]:
    """Draws the factor of each constant. All cases of a seed have the same plant."""
    draw = Random(f"constants {plant} {seed}")
    return {name: draw.uniform(1.0 - spec.off_by, 1.0 + spec.off_by) for name in spec.constants}


def learn_plant(
    site: Site, hypotheses: Hypotheses, spec: MismatchSpec, model: str, seed: int
) -> Learnt:
    """Lets a plant settle, and learns from it. Its constants must be scaled meanwhile."""
    plant = create_plant(model, seed)
    devices = ModelPlant(site, Simulation(plant, Scenario()))
    devices.advance(spec.settles)
    learning, now_s = Learning(hypotheses), 0.0
    while now_s < spec.learns:
        devices.advance(_SCAN_S)
        now_s += _SCAN_S
        learning.observe(devices.readings(), now_s)
    return Learnt(plant.snapshot(), learning.baseline)


def settled_state(spec: MismatchSpec, model: str, seed: int) -> Mapping[str, Any]:
    """Returns the state in which `learn_plant` leaves a plant. Its constants must be scaled."""
    plant = create_plant(model, seed)
    Simulation(plant, Scenario()).run(spec.settles + spec.learns)
    return plant.snapshot()
