"""Case of a site from its deviation to what its work orders have found."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import AliasChoices, Field, TypeAdapter
from pydantic.dataclasses import dataclass as validated


@validated(frozen=True, slots=True)
class SeenSign:
    """Sign of a hypothesis as the agents have found it."""

    id: str
    text: str  # sentence with the values
    truth: str  # `true`, `false` or `unknown`
    weight_db: float  # above 0 it speaks for the hypothesis


@validated(frozen=True, slots=True)
class RankedHypothesis:
    """Hypothesis of a diagnosis with its sum and its signs."""

    id: str  # failure mode and piece of equipment, such as `bearing-worn P-101A`
    title: str
    playbook: str  # that answers it; empty for none
    total_db: float
    prior_db: float
    coverage: float  # share of its signs that are known
    signs: tuple[SeenSign, ...] = Field(validation_alias=AliasChoices("evidence", "signs"))
    ahead_db: float | None = None  # distance to the best rival; `None` if it was not kept

    @property
    def mode(self) -> str:
        """Id of its failure mode."""
        return self.id.partition(" ")[0]

    @property
    def piece(self) -> str:
        """Piece of equipment in its id, empty for none."""
        return self.id.partition(" ")[2]


@validated(frozen=True, slots=True)
class CaseDiagnosis:
    """Diagnosis of a case with its best hypotheses, the most probable first."""

    verdict: str = ""  # `named`, `normal` or `abstain`; empty without a diagnosis
    named: tuple[str, ...] = ()  # ids of the hypotheses
    suspected: tuple[str, ...] = ()
    hypotheses: tuple[RankedHypothesis, ...] = ()

    @property
    def leading(self) -> tuple[RankedHypothesis, ...]:
        """The hypotheses that are named, else those that are suspected."""
        ids = self.named or self.suspected
        return tuple(each for each in self.hypotheses if each.id in ids)


@dataclass(frozen=True, slots=True)
class AskedRequest:
    """Request of a run, and what people have decided."""

    request_id: str
    state: str
    filed_at: str  # stamp
    decided_by: tuple[str, ...]  # those who have signed a decision; it is not verified here
    after_s: float | None  # seconds from filing to the last of them; `None` if nobody has


@dataclass(frozen=True, slots=True)
class CaseRun:
    """Run of a case, or one that such a run has started."""

    run_id: str
    playbook: str
    state: str
    reason: str
    equipment: tuple[str, ...]  # that it has owned
    requests: tuple[AskedRequest, ...]
    orders: tuple[str, ...]  # ids of the work orders that it has raised or referred to
    nested: tuple[str, ...]  # ids of the runs that it has started
    expected: int  # results that were evaluated
    kept: int  # those of them that came


@dataclass(frozen=True, slots=True)
class RaisedOrder:
    """Work order of a case, and what the person who closed it has found."""

    workorder_id: str
    title: str
    asset: str
    opened_at: str  # stamp
    closed_at: str = ""  # stamp; empty while it is open
    closed_by: str = ""
    found: str = ""  # failure mode, `nothing`, or empty if it was not told
    note: str = ""


@dataclass(frozen=True, slots=True)
class Gain:
    """Gain that advice has promised, and the one that came."""

    promised: float
    unit: str
    measured: float | None = None  # `None` if it was not measured
    is_kept: bool | None = None


@dataclass(frozen=True, slots=True)
class Episode:
    """Case as the journal and the work orders tell it."""

    case_id: str
    opened_at: str  # stamp
    closed_at: str  # stamp; empty while it is open
    ended: str  # reason of its end; empty while it is open
    condition: str  # trigger or deviation that opened it, with its values
    deviations: tuple[str, ...]  # ids, such as `alarm PDAH-101`, in the order in which they came
    equipment: tuple[str, ...]  # of the leading hypotheses, the runs and the work orders
    classes: tuple[str, ...]  # classes of that equipment
    choice: str  # playbook that was asked for last; empty for none
    diagnosis: CaseDiagnosis  # the last that named a fault, else the last
    runs: tuple[CaseRun, ...]
    orders: tuple[RaisedOrder, ...]
    gain: Gain | None = None

    @property
    def named(self) -> str:
        """Id of the first hypothesis that was named, empty for none."""
        return next(iter(self.diagnosis.named), "")

    @property
    def end(self) -> str:
        """State of its last run that no other one has started, empty for none."""
        nested = {name for each in self.runs for name in each.nested}
        states = [each.state for each in self.runs if each.run_id not in nested]
        return states[-1] if states else ""

    @property
    def found_by(self) -> RaisedOrder | None:
        """The last closed work order that tells what was found."""
        found = [each for each in self.orders if each.found]
        return max(found, key=lambda each: (each.closed_at, each.workorder_id), default=None)

    @property
    def found(self) -> str:
        """Found failure mode, `nothing`, or empty if nobody has told it."""
        return self.found_by.found if self.found_by else ""

    @property
    def confirmed(self) -> bool | None:
        """Agreement of what was found with the named faults, `None` if either is missing."""
        if not self.diagnosis.named or not self.found:
            return None
        named = {*self.diagnosis.named, *(each.partition(" ")[0] for each in self.diagnosis.named)}
        return any(each.found in named for each in self.orders)


def diagnosis_of(fields: Mapping[str, Any]) -> CaseDiagnosis:
    """Returns a diagnosis from its plain JSON. What is not so raises `ValueError` and the like.

    Args:
        fields: `Ranking.fields`, or what the journal has of it. Empty for none.
    """
    if not fields:
        return CaseDiagnosis()
    return _DIAGNOSIS.validate_python({name: fields[name] for name in _KEYS})  # none may be missing


_DIAGNOSIS = TypeAdapter(CaseDiagnosis)
_KEYS = ("verdict", "named", "suspected", "hypotheses")
