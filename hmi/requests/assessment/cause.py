"""Diagnosis beside a request, as the few lines that a person needs to decide."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from handwheel.agents.diagnosis.probability import ahead_db
from handwheel.agents.diagnosis.ranking import Ranking
from handwheel.agents.diagnosis.weigh import Weighed
from handwheel.agents.planning.verdict import unjudged_text
from handwheel.tools.conditions import Truth

from .model import AssessedLine

_SUSPECTS = 2  # of those that are not decided
_COUNTS_DB = 3.0  # from which a sign is told that speaks against a fault
_WORDS = ((20.0, "strong evidence"), (10.0, "good evidence"), (6.0, "a hint"))  # as documented


@dataclass(frozen=True, slots=True)
class Asked:
    """Purpose of a request, as far as its released playbook says it."""

    playbook: str = ""  # empty for none that is released
    answers: Collection[str] = ()  # ids of the hypotheses that it answers
    is_for_fault: bool = False  # whether nobody has ordered it


def cause_lines(ranking: Ranking, asked: Asked) -> list[AssessedLine]:
    """Returns what is wrong, what speaks against it, and what would decide."""
    if ranking.verdict == "named":
        return list(_named(ranking, asked))
    if ranking.verdict == "abstain":
        return list(_undecided(ranking, asked))
    return list(_normal(ranking, asked))


def fault_fields(ranking: Ranking, asked: Asked) -> dict[str, Any]:
    """Returns the fields of a ranking, whose named and suspected are those faults it is about.

    These are the ones that the request answers. If it answers none of them, they are all faults.
    """
    fields = ranking.fields
    for key, found in (("named", ranking.named), ("suspected", ranking.suspected)):
        faults = [each.hypothesis.id for each in found if each.hypothesis.mode.is_fault]
        fields[key] = [each for each in faults if each in asked.answers] or faults
    return fields


def _named(ranking: Ranking, asked: Asked) -> Iterator[AssessedLine]:
    faults = [each for each in ranking.named if each.hypothesis.mode.is_fault]
    own = [each for each in faults if each.hypothesis.id in asked.answers]
    first, *others = [*own, *(each for each in faults if each not in own)]
    sign = first.met[0].text if first.met else "by what is usual, without a sign"
    strength = _strength(ahead_db(first, ranking))
    yield AssessedLine(text=f"{first.hypothesis.title}: {sign}; {strength}")
    if asked.answers and not own:
        answers = _titles(ranking, asked.answers)
        text = f"{asked.playbook} answers another fault: {answers}"
        yield AssessedLine(text=text, is_abnormal=True)
    yield AssessedLine(text=f"against: {_against(first)}")
    if others:
        also = "; ".join(each.hypothesis.title for each in others)
        faults_ = "another fault" if len(others) == 1 else "other faults"
        yield AssessedLine(text=f"at the same time, {faults_}: {also}")


def _against(weighed: Weighed) -> str:
    found = min(weighed.evidence, key=lambda each: each.weight_db, default=None)
    unknown = [each.id for each in weighed.evidence if each.truth is Truth.UNKNOWN]
    rest = f"; not known: {', '.join(unknown)}" if unknown else ""
    if found is None or found.weight_db >= 0.0:
        return f"none of the known signs{rest}"
    if found.weight_db > -_COUNTS_DB:
        return f"no sign that counts{rest}"
    return f"{_strength(-found.weight_db)}: {found.text}{rest}"


def _strength(decibans: float) -> str:
    """Returns evidence in words. A sum of signs has no more than that one is strong."""
    return next((words for least_db, words in _WORDS if decibans >= least_db), "little")


def _undecided(ranking: Ranking, asked: Asked) -> Iterator[AssessedLine]:
    faults = [each for each in ranking.suspected if each.hypothesis.mode.is_fault]
    shown = [f"{each.hypothesis.title} ({_strength(each.total_db)})" for each in faults[:_SUSPECTS]]
    more = f", and {len(faults) - _SUSPECTS} more" if len(faults) > _SUSPECTS else ""
    yield AssessedLine(text=f"not decided: {'; '.join(shown)}{more}")
    ids = {each.hypothesis.id for each in faults}
    tests = {each.spec.playbook for each in ranking.checks} - {""}
    if asked.is_for_fault and asked.answers and ids.isdisjoint(asked.answers):
        answers = _titles(ranking, asked.answers)
        text = f"{asked.playbook} answers none of them, but: {answers}"
        yield AssessedLine(text=text, is_abnormal=True)
    yield AssessedLine(text=f"against: {_against(faults[0])}")
    if asked.playbook in tests:
        yield AssessedLine(text="would decide: this request, a test step")
    elif ranking.checks:
        fields = ranking.checks[0].fields
        by = fields["playbook"] or f"asked of {fields['role']}"
        text = f"would decide: {fields['title']} ({by}, {fields['minutes']:g} min)"
        yield AssessedLine(text=text)
    else:
        yield AssessedLine(text="would decide: no check of the failure modes")


def _normal(ranking: Ranking, asked: Asked) -> Iterator[AssessedLine]:
    changes = ", ".join(each.hypothesis.title for each in ranking.named)
    usual = f"; {changes}, which needs no response" if changes else ""
    yield AssessedLine(text=f"no fault is named or suspected{usual}{unjudged_text(ranking)}")
    answered = [each for each in ranking.weighed if each.hypothesis.id in asked.answers]
    if not asked.is_for_fault or not answered:
        return
    best = answered[0]  # the most probable of them
    text = f"not seen now: {best.hypothesis.title}; against: "
    yield AssessedLine(text=text + _against(best), is_abnormal=True)


def _titles(ranking: Ranking, names: Collection[str]) -> str:
    found = [each.hypothesis.title for each in ranking.weighed if each.hypothesis.id in names]
    return "; ".join(found)
