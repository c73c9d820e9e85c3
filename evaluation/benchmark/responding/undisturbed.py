"""Course of an episode without any agent, beside which every response is measured."""

from dataclasses import dataclass, field

from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.simulation import Simulation

from ...plants.installed_plants import create_plant
from ..episodes import Episode
from ..symptom import Symptom
from .harm import EVERY_S, Harm, HarmMeter


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """Course of a plant while nobody acts."""

    harm: Harm
    symptom_s: float | None  # a tag showed the fault
    # the first time of each after the onset
    alarms: dict[str, float] = field(default_factory=dict[str, float])


def leave_alone(episode: Episode) -> Undisturbed:
    """Plays an episode to its end without agents and people."""
    plant = create_plant(episode.plant, episode.seed)
    simulation = Simulation(plant, Scenario(episode.events, plant.time_s))
    symptom, meter = Symptom(episode), HarmMeter(plant)
    alarms: dict[str, float] = {}
    now_s = 0.0
    while now_s < episode.end_s:
        events = simulation.run(EVERY_S)
        now_s += EVERY_S
        for event in events if now_s > episode.onset_s else ():
            if event.kind == "alarm":
                alarms.setdefault(event.tag, now_s)
        symptom.observe(plant, now_s)
        meter.observe(plant, EVERY_S)
    return Undisturbed(meter.harm(plant), symptom.at_s, alarms)
