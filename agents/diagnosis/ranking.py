"""Ranking of hypotheses, which names what is wrong or says what would decide."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from .check_names import CheckKey, about_piece, check_name
from .failure_modes import CheckSpec
from .hypotheses import Hypotheses
from .weigh import Moment, Weighed, measure, weigh

NAMED_DB = 10.0
"""Sum from which a hypothesis is named."""
AHEAD_DB = 7.0
"""Distance to the best rival from which it is named."""
SUSPECTED_DB = 0.0
"""Sum from which a hypothesis is suspected, so that the plant is not called normal."""
LEAST_COVERAGE = 0.6
"""Share of its signs that must be known before a hypothesis is named."""
_COMMON = 0.5  # share of the tags of two rivals
_RISKS = ("R0", "R1", "R2", "R3")

Verdict = Literal["named", "normal", "abstain"]


@dataclass(frozen=True, slots=True)
class DecidingCheck:
    """Check whose answers differ between the best hypotheses."""

    id: str
    equipment: str  # piece that it looks at; empty if it is the only one
    spec: CheckSpec
    expected: tuple[tuple[str, str], ...]  # hypothesis and the answer that it predicts

    @property
    def name(self) -> str:
        """Name by which a person answers it."""
        return check_name((self.id, self.equipment))

    @property
    def fields(self) -> dict[str, Any]:
        """It as plain JSON, its texts about the piece of equipment."""
        spec = self.spec
        return {
            "id": self.id, "equipment": self.equipment, "name": self.name,
            "title": about_piece(spec.title, self.equipment), "risk": spec.risk,
            "minutes": spec.minutes, "playbook": spec.playbook,
            "ask": about_piece(spec.ask, self.equipment), "role": spec.role,
            "answers": list(spec.answers), "expected": dict(self.expected),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ranking:
    """Hypotheses of a site on one moment, the most probable first."""

    weighed: tuple[Weighed, ...]
    named: tuple[Weighed, ...]  # each ahead of every rival; more than one are independent
    suspected: tuple[Weighed, ...]  # neither named nor refuted
    checks: tuple[DecidingCheck, ...]  # what would decide, the least risk first
    faults: tuple[tuple[str, str], ...] = ()  # methods that failed, with the reason

    @property
    def verdict(self) -> Verdict:
        """Verdict on the plant, `abstain` if it cannot be told."""
        if any(each.hypothesis.mode.is_fault for each in self.named):
            return "named"
        suspected = any(each.hypothesis.mode.is_fault for each in self.suspected)
        return "abstain" if suspected else "normal"

    @property
    def names(self) -> tuple[str, ...]:
        """Ids of the faults that are named."""
        named = (each.hypothesis for each in self.named)
        return tuple(each.id for each in named if each.mode.is_fault)

    @property
    def unjudged(self) -> tuple[Weighed, ...]:
        """Hypotheses of which too few signs are known to name or to refute them."""
        known = (*self.named, *self.suspected)
        return tuple(
            each for each in self.weighed if each.coverage < LEAST_COVERAGE and each not in known
        )

    @property
    def fields(self) -> dict[str, Any]:
        """Content for the journal, the best hypotheses with their evidence."""
        return {
            "verdict": self.verdict,
            "named": [each.hypothesis.id for each in self.named],
            "suspected": [each.hypothesis.id for each in self.suspected],
            "unjudged": [each.hypothesis.id for each in self.unjudged],
            "hypotheses": [weighed_fields(each) for each in self.weighed],
            "checks": [each.fields for each in self.checks],
            "faults": dict(self.faults),
        }  # fmt: skip


def weighed_fields(each: Weighed) -> dict[str, Any]:
    """Returns a weighed hypothesis as plain JSON."""
    return {
        "id": each.hypothesis.id, "title": each.hypothesis.title,
        "playbook": each.hypothesis.mode.playbook, "total_db": round(each.total_db, 2),
        "prior_db": each.hypothesis.mode.prior_db, "coverage": round(each.coverage, 3),
        "evidence": [one.fields for one in each.evidence],
    }  # fmt: skip


def diagnose(hypotheses: Hypotheses, moment: Moment) -> Ranking:
    """Weighs every hypothesis on one moment, and ranks them."""
    measure(hypotheses.signs, moment)
    found = [weigh(each, moment) for each in hypotheses.every]
    return rank(found, hypotheses, moment.faults, moment.answers)


def rank(
    found: Sequence[Weighed],
    hypotheses: Hypotheses,
    faults: Mapping[str, str] | None = None,
    answered: Collection[CheckKey] = (),
) -> Ranking:
    """Ranks weighed hypotheses. A check that is answered decides no more."""
    order = sorted(found, key=lambda each: (-each.total_db, each.hypothesis.id))
    named: list[Weighed] = []
    suspected: list[Weighed] = []
    for each in order:
        if each.total_db < SUSPECTED_DB:
            break
        rivals = [one for one in order if one is not each and are_rivals(one, each)]
        best = max((one.total_db for one in rivals), default=float("-inf"))
        is_clear = each.total_db >= NAMED_DB and each.total_db - best >= AHEAD_DB
        if is_clear and each.coverage >= LEAST_COVERAGE:
            named.append(each)
        elif not any(are_rivals(each, one) for one in named):
            suspected.append(each)
    checks = deciding_checks(suspected, hypotheses, answered)
    told = tuple(sorted((faults or {}).items()))
    return Ranking(tuple(order), tuple(named), tuple(suspected), checks, told)


def are_rivals(one: Weighed, other: Weighed) -> bool:
    """Whether two hypotheses explain the same, since evidence for both is on the same tags.

    Half of the tags of both must be common, because a balance of one thing and a resistance of
    another share a flow or a temperature without explaining the same.
    """
    tags = {tag for each in one.met for tag in each.tags}
    others = {tag for each in other.met for tag in each.tags}
    common = tags & others
    return bool(common) and len(common) >= _COMMON * len(tags | others)


def deciding_checks(
    suspected: Sequence[Weighed], hypotheses: Hypotheses, answered: Collection[CheckKey] = ()
) -> tuple[DecidingCheck, ...]:
    """Returns the checks for which the two best predict different answers.

    A hypothesis about another piece of equipment predicts no answer for this one.

    Args:
        suspected: The most probable first.
        answered: Checks that decide no more.
    """
    best = [each.hypothesis for each in suspected[:2]]
    found: list[DecidingCheck] = []
    for key in dict.fromkeys(key for each in best for key in each.pieces.items()):
        answers = {each.id: each.predicts(key) for each in best if key[0] in each.mode.checks}
        differs = len(answers) == len(best) and (len(best) == 1 or len({*answers.values()}) > 1)
        if differs and key not in answered:
            expected = tuple((name, answer) for name, answer in answers.items() if answer)
            found.append(DecidingCheck(*key, hypotheses.checks[key[0]], expected))
    return tuple(sorted(found, key=lambda each: (_RISKS.index(each.spec.risk), each.spec.minutes)))
