"""Stripper sump, liquid with all eight components dissolved. Source: Downs and Vogel 1993."""

from collections.abc import Sequence
from dataclasses import dataclass

from .thermo import Mixture, liquid_cubic, liquid_volume, temperature


@dataclass(slots=True)
class Sump:
    """Properties of the sump from its inventory and energy."""

    temperature: float  # degC
    liquid: Mixture  # mole fractions of A to H
    liquid_enthalpy: float  # 1e6 Btu/lb-mol
    liquid_volume: float  # ft3
    molar_volume: float  # ft3/lb-mol


def sump(state: Sequence[float], guess: float) -> Sump:
    """Solves the sump from lb-mol of A to H, then the energy of the liquid, 1e6 Btu."""
    a, b, c, d, e, f, g, h, energy = state
    moles = a + b + c + d + e + f + g + h
    liquid = a, b, c, d, e, f, g, h
    t = temperature(*liquid_cubic(liquid), energy, guess)
    volume = liquid_volume(liquid, t)
    return Sump(
        t,
        (a / moles, b / moles, c / moles, d / moles, e / moles, f / moles, g / moles, h / moles),
        energy / moles,
        volume,
        volume / moles,
    )
