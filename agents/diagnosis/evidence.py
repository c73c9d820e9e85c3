"""Evidence for or against a failure mode, with its weight in decibans."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

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

    @classmethod
    def of_fields(cls, fields: Mapping[str, Any]) -> Self:
        """Returns the evidence of its fields, of which the journal has none that is `None`."""
        told: dict[str, Any] = {"measured": None, "threshold": None, **fields}
        told |= {"truth": Truth(fields["truth"]), "tags": tuple(fields["tags"])}
        return cls(**told)
