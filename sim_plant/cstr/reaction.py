"""The balances of an exothermic reaction in a stirred tank, and their three steady states.

Source: Seborg, Edgar, Mellichamp, Process Dynamics and Control, chapter 2, the nonlinear CSTR.
The lag of the coolant is our own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

from ..rk4 import rk4

VOLUME = 100.0  # l
HEAT_CAPACITY = 1000.0 * 0.239 * VOLUME  # of what is in the tank, J/K
HEAT_OF_REACTION = 5.0e4  # J/mol, given off
ACTIVATION_K = 8750.0
FREQUENCY = 7.2e10  # 1/min
TRANSFER = 5.0e4  # J/(min K), to the coolant
FLOW = 100.0  # l/min
FEED_CONCENTRATION = 1.0  # mol/l
FEED_K = 350.0
COOLANT_K = 300.0

COOLANT_LAG_MIN = 0.1
_PART_MIN = 0.1 / 60.0
_NOTHING_MIN = 1e-9
NEAR = {"middle": 350.0, "cold": 324.5, "hot": 369.7}  # K, the three steady states


@dataclass(frozen=True, slots=True)
class ReactionInputs:
    """Inputs of the reaction during one step."""

    flow: float = FLOW
    feed_concentration: float = FEED_CONCENTRATION
    feed_k: float = FEED_K
    transfer: float = TRANSFER
    coolant_command_k: float = COOLANT_K


def rate_constant(temperature_k: float) -> float:
    """Returns the reaction's rate constant in 1/min."""
    return FREQUENCY * exp(-ACTIVATION_K / temperature_k)


def rates(state: Sequence[float], inputs: ReactionInputs) -> list[float]:
    """Returns the change per minute of concentration (mol/l), temperature and coolant (K)."""
    concentration, temperature, coolant = state
    reacted = rate_constant(temperature) * concentration
    through = inputs.flow / VOLUME
    heat = HEAT_OF_REACTION * VOLUME * reacted + inputs.transfer * (coolant - temperature)
    return [
        through * (inputs.feed_concentration - concentration) - reacted,
        through * (inputs.feed_k - temperature) + heat / HEAT_CAPACITY,
        (inputs.coolant_command_k - coolant) / COOLANT_LAG_MIN,
    ]


def react(
    state: Sequence[float], inputs: ReactionInputs, step_s: float, *, fineness: float = 1.0
) -> list[float]:
    """Returns the state one step later.

    A step is cut into parts of 0.1 s, and into shorter ones during a runaway, which uses the
    reactant up within milliseconds and would make it negative. `fineness` divides the length of the
    parts, for tests of convergence.
    """
    now, left = list(state), step_s / 60.0
    while left > _NOTHING_MIN:
        part = min(_PART_MIN, 0.5 / rate_constant(now[1])) / fineness
        now = rk4(lambda s: rates(s, inputs), now, min(part, left))
        left -= part
    return now


def steady(near_k: float) -> tuple[float, float]:
    """Returns concentration and temperature of the steady state near a temperature, by Newton."""
    temperature = near_k
    for _ in range(20):
        slope = (_surplus(temperature + 0.01) - _surplus(temperature - 0.01)) / 0.02
        temperature -= _surplus(temperature) / slope
    return FEED_CONCENTRATION / (1.0 + rate_constant(temperature)), temperature


def _surplus(temperature: float) -> float:
    concentration = FEED_CONCENTRATION / (1.0 + rate_constant(temperature))
    return rates((concentration, temperature, COOLANT_K), ReactionInputs())[1]
