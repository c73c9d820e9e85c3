"""Situation of a case on one snapshot, from which a deliberation starts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handwheel.connectors.model.process_clock import Readings

from .candidates import Candidate


@dataclass(frozen=True, slots=True)
class Situation:
    """Deviations and candidates of a case or run, as they were found at one moment.

    Attributes:
        deviations: As plain JSON, each with its time, its rate and its time to a limit.
        hypotheses: Ids of those that explain a deviation.
        named: Ids of the confirmed faults among them.
        answers: Faults that each candidate answers, by its name.
    """

    at: str  # stamp
    candidates: Sequence[Candidate]
    readings: Readings
    deviations: Sequence[Mapping[str, Any]] = ()
    hypotheses: Sequence[str] = ()
    named: Sequence[str] = ()
    answers: Mapping[str, Sequence[str]] | None = None
