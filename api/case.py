"""Open cases of a site, as its agents have judged them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from handwheel.agents.diagnosis.evidence import Evidence


@dataclass(frozen=True, slots=True)
class RankedHypothesis:
    """Failure mode of a piece of equipment, with the evidence for and against it.

    Attributes:
        id: Mode and equipment, such as `bearing-worn P-101A`.
        is_named: Whether it is far enough ahead of every other one to be relied on.
        total_db: Prior and evidence, decibans.
        coverage: Share of its signs that are known, 0 to 1.
    """

    id: str
    title: str
    is_named: bool
    total_db: float
    coverage: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class OpenCase:
    """Deviation that is not answered yet.

    Attributes:
        condition: Trigger that opened it, with its values.
        deviations: Everything that belongs to it, as text.
        hypotheses: The most probable first; empty where the site has no failure modes.
        run_id: Run that answers it now; empty for none.
    """

    id: str
    opened_at: str  # stamp
    condition: str
    equipment: tuple[str, ...]
    deviations: tuple[str, ...]
    hypotheses: tuple[RankedHypothesis, ...]
    run_id: str

    @property
    def named(self) -> tuple[RankedHypothesis, ...]:
        """Hypotheses that are named."""
        return tuple(each for each in self.hypotheses if each.is_named)

    @classmethod
    def of_fields(cls, fields: Mapping[str, Any]) -> Self:
        """Returns the case of an answer of the agents' socket."""
        ranking: Mapping[str, Any] = fields["ranking"] or {}
        named: Sequence[str] = ranking.get("named", ())
        hypotheses = tuple(
            RankedHypothesis(
                each["id"], each["title"], each["id"] in named, each["total_db"],
                each["coverage"], tuple(map(Evidence.of_fields, each["evidence"])),
            )
            for each in ranking.get("hypotheses", ())
        )  # fmt: skip
        return cls(
            fields["case_id"], fields["opened_at"], fields["condition"],
            tuple(fields["equipment"]), tuple(fields["deviations"]), hypotheses, fields["run_id"],
        )  # fmt: skip
