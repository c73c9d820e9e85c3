"""Plans that the twin was asked about while one situation is judged."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from handwheel.connectors.model.process_clock import Readings

from ..planning.candidates import Candidate
from ..planning.planner import COMPOSED
from .site_look_ahead import SiteLookAhead

FORBIDDEN = "twin"
"""Code of a candidate that a trusted twin forbids."""
_NOT_ASKED = "the twin was not asked about it"


@dataclass(slots=True)
class ForetoldPlans:
    """Verdicts of the twin, in this process, whatever the state of a thread says.

    Attributes:
        reasons: Why each candidate that was looked at must not be requested, empty if it may.
    """

    look_ahead: SiteLookAhead | None  # `None` without a twin
    has_written: bool = False  # whether it is a run that has written, whose rest is not foretold
    reasons: dict[str, str] = field(default_factory=dict[str, str])

    async def ask(self, chosen: Candidate, readings: Readings) -> dict[str, Any]:
        """Looks at a candidate. Returns the prediction as plain JSON, empty without one."""
        own = self.look_ahead
        if own is None or not self._is_foretold(chosen):
            return {}
        fields, self.reasons[chosen.name] = await own.foretold(chosen.plan, readings)
        return {"candidate": chosen.name, **fields}

    def _is_foretold(self, candidate: Candidate) -> bool:
        return self.look_ahead is not None and not self.has_written and bool(candidate.plan.writes)

    def prevents(self, candidate: Candidate) -> str:
        """Returns why a candidate must not be requested, empty if it may."""
        is_composed = candidate.plan.id.startswith(COMPOSED)
        if is_composed and self.look_ahead is None and not self.has_written:
            return "a composed plan needs a twin that clears it, and there is none"
        return self.reasons.get(candidate.name, _NOT_ASKED) if self._is_foretold(candidate) else ""

    def mark(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Returns the candidates, those with a code that the twin forbids."""
        return [
            replace(each, code=FORBIDDEN, reason=reason)
            if not each.code and (reason := self.reasons.get(each.name, ""))
            else each
            for each in candidates
        ]
