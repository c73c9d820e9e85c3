"""What a fault leaves in the skid, and how a test sets one."""

from dataclasses import asdict
from typing import Any

from handwheel.sim_plant.cw100.plant import CoolingWater
from handwheel.sim_plant.cw100.tags import FAULTS
from handwheel.sim_plant.simulation import Simulation

from ...plants.served import warm


def causes(plant: CoolingWater) -> dict[str, Any]:
    """What only faults and the field change: the same as of a fresh plant if all is well."""
    s = plant.state
    found: dict[str, Any] = {
        "plug": s.strainer_plug, "leaks": dict(s.leaks), "passing": s.passing,
        "link": s.link_down_s, "fouling": s.exchanger.fouling, "grows": s.exchanger.fouling_tau_s,
        "fan": s.water.fan_lost, "weather": s.water.wet_bulb_c, "load": s.loops.product_setpoint,
    }  # fmt: skip
    for name, pump in s.pumps.items():
        found[name] = (
            pump.damage, pump.damage_tau_s, pump.impeller, pump.is_start_blocked,
            pump.has_electrical_fault,
        )  # fmt: skip
    for name, valve in s.valves.items():
        found[name] = (valve.is_stuck, valve.band, valve.slip)
    for name, sensor in s.sensors.items():
        found[name] = {
            what: value for what, value in asdict(sensor).items()
            if what not in {"value", "is_faulty", "is_lost", "spike", "unchanged_s"}
        }  # fmt: skip
    return found


HEALTHY = causes(warm())


def skid(simulation: Simulation) -> CoolingWater:
    """Returns the skid that a simulation steps."""
    plant = simulation.plant
    assert isinstance(plant, CoolingWater)
    return plant


def set_fault(plant: CoolingWater, fault: str, severity: float = 1.0, **given: float | str) -> None:
    """Sets a fault; what is not given has its usual size."""
    parameters = {name: each.default for name, each in FAULTS[fault].parameters.items()}
    plant.inject(fault, {**parameters, **given}, severity)
