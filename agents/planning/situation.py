"""Situation of a case on one snapshot, from which a deliberation starts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.model.process_clock import Readings
from handwheel.playbooks.engine.diagnosis import Judgement
from handwheel.playbooks.execution.opening import ModelChoice

from .candidates import Candidate
from .planners import Bind


@dataclass(frozen=True, slots=True)
class Situation:
    """Deviations and candidates of a case or run, as they were found at one moment.

    Attributes:
        deviations: As plain JSON, each with its time, its rate and its time to a limit.
        hypotheses: Ids of those that explain a deviation.
        named: Ids of the confirmed faults among them.
        answers: Faults that each candidate answers, by its name.
        risks: Lowest class of each candidate's requests, by its name.
        bind: Judges a candidate with other values; `None` where none can be bound.
        has_written: Whether it is a run that has written something, whose rest is not foretold.
    """

    at: str  # stamp
    candidates: Sequence[Candidate]
    readings: Readings
    deviations: Sequence[Mapping[str, Any]] = ()
    hypotheses: Sequence[str] = ()
    named: Sequence[str] = ()
    answers: Mapping[str, Sequence[str]] | None = None
    risks: Mapping[str, str] | None = None
    bind: Bind | None = None
    has_written: bool = False

    def answered(self, name: str) -> tuple[str, ...]:
        """Returns the confirmed faults that a candidate answers."""
        answers = (self.answers or {}).get(name, ())
        return tuple(each for each in self.named if each in answers)

    def candidate(self, plan: Mapping[str, Any]) -> Candidate | None:
        """Returns the candidate of a plan with its values, `None` if it may not be followed.

        Args:
            plan: As plain JSON, which is checked, since a checkpoint may have been changed.
        """
        name = plan.get("choice", "")
        values: Mapping[str, str] = plan.get("parameters", {})
        found = next((each for each in self.candidates if each.name == name), None)
        if found is not None and values and not found.code:
            try:
                found = self.bind(found.name, values) if self.bind else None
            except HandwheelError:
                return None
        return None if found is None or found.code else found


class Judged(NamedTuple):
    """Result of a deliberation."""

    chosen: Candidate | None  # the candidate to act by
    judgement: Judgement
    kept: Mapping[str, Any]  # what the journal keeps
    candidates: Sequence[Candidate]  # those of the situation, with what the twin forbids

    @property
    def choice(self) -> ModelChoice | None:
        """Choice of the model by which a case is answered, `None` for one by rules."""
        exchange = self.kept.get("plan", {}).get("exchange", {})
        if not (model := str(exchange.get("model", ""))):
            return None
        return ModelChoice(model, str(exchange["prompt_hash"]), self.judgement.reason)
