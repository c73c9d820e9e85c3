"""Evidence for or against a failure mode, with its weight in decibans."""

from dataclasses import dataclass
from typing import Any

from handwheel.tools.conditions.truth import Truth

MOST_DB = 30.0
"""Largest weight of one piece of evidence, so that no single one decides alone."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Residual that a method has measured.

    Attributes:
        value: In the unit of its method.
        at: Operating point, such as a flow, by which a baseline sorts; 0 for none.
    """

    value: float
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """One sign of a failure mode as it was found. Each number is in `unit`."""

    id: str
    text: str  # sentence with the values
    truth: Truth  # whether the sign is met
    measured: float | None
    unit: str
    threshold: float | None
    weight_db: float  # above 0 it speaks for the mode, 0 if it is unknown
    tags: tuple[str, ...]
    window_s: float
    source: str  # method's, or the person who looked

    @property
    def fields(self) -> dict[str, Any]:
        """Its fields as plain JSON."""
        return {
            "id": self.id, "text": self.text, "truth": self.truth.value,
            "measured": self.measured, "unit": self.unit, "threshold": self.threshold,
            "weight_db": self.weight_db, "tags": list(self.tags), "window_s": self.window_s,
            "source": self.source,
        }  # fmt: skip
