"""Verdict of a ranking on one case, as plain JSON and in one line."""

from collections.abc import Callable, Sequence
from typing import Any

from ..deviations.deviation import HYPOTHESIS
from ..diagnosis.probability import ahead_db, probability
from ..diagnosis.ranking import DecidingCheck, Ranking, weighed_fields
from ..diagnosis.weigh import Weighed
from .situation import Situation

_SUREST = 99.0  # percent; nothing is sure
_MOST = 3  # hypotheses of which the journal keeps the evidence, at least those that are named


def case_ranking(
    ranking: Ranking,
    situation: Situation,
    deciding: Callable[[Sequence[Weighed]], Sequence[DecidingCheck]],
) -> dict[str, Any]:
    """Returns what a ranking says of one case, the best hypotheses with their evidence.

    Args:
        situation: Of the case, with its deviations, hypotheses and confirmed faults.
        deciding: Returns the checks that would decide between suspects, the best two first.
    """
    of_case = [each for each in ranking.weighed if each.hypothesis.id in situation.hypotheses]
    named = [each for each in ranking.named if each in of_case and _name(each) in situation.named]
    suspected = [
        each
        for each in (*ranking.named, *ranking.suspected)
        if each in of_case and each not in named and each.hypothesis.mode.is_fault
    ]
    kept = [*named, *suspected][: max(_MOST, len(named))]
    rest = [each for each in of_case if each not in kept]
    checks = deciding(suspected) if not named else ()
    fields: dict[str, Any] = {
        "verdict": "named" if named else "abstain" if suspected else "normal",
        "named": [_name(each) for each in named],
        "suspected": [_name(each) for each in suspected],
        "hypotheses": [_fields(each, ranking) for each in kept],
        "others": {_name(each): round(each.total_db, 1) for each in rest},
        "checks": [each.fields for each in checks],
        "faults": dict(ranking.faults),
    }  # fmt: skip
    changes = [
        each for each in ranking.named if each in of_case and not each.hypothesis.mode.is_fault
    ]
    if named or suspected:
        return {**fields, "line": _line(named, suspected, ranking, fields["checks"])}
    ids = {str(each["id"]) for each in situation.deviations}
    stood = [each for each in of_case if HYPOTHESIS + _name(each) in ids]
    return {**fields, "line": _unseen_text(stood, changes) + unjudged_text(ranking)}


def _unseen_text(stood: Sequence[Weighed], changes: Sequence[Weighed]) -> str:
    """Returns that no fault is suspected, also not those that stand as deviations of the case."""
    if stood:
        return f"{' and '.join(each.hypothesis.title for each in stood)}: not suspected now"
    if changes:
        told = ", ".join(each.hypothesis.title for each in changes)
        return f"{told}, which needs no response"
    return "no known fault explains it"


def _fields(each: Weighed, ranking: Ranking) -> dict[str, Any]:
    """Returns a hypothesis for the journal, which keeps no empty values."""
    fields = weighed_fields(each)
    evidence = [{k: v for k, v in one.items() if v is not None} for one in fields["evidence"]]
    return {**fields, "evidence": evidence, "ahead_db": round(ahead_db(each, ranking), 1)}


def _name(each: Weighed) -> str:
    return each.hypothesis.id


def unjudged_text(ranking: Ranking) -> str:
    """Returns how many faults cannot be excluded, since too few of their signs are known."""
    faults = [each for each in ranking.weighed if each.hypothesis.mode.is_fault]
    open_ = [each for each in ranking.unjudged if each.hypothesis.mode.is_fault]
    if not open_:
        return ""
    return f"; too little is known to judge {len(open_)} of {len(faults)} faults"


def _percent(each: Weighed, ranking: Ranking) -> str:
    found = probability(each.total_db, ahead_db(each, ranking))
    return f"{min(found * 100.0, _SUREST):.0f} %"


def _line(
    named: Sequence[Weighed],
    suspected: Sequence[Weighed],
    ranking: Ranking,
    checks: Sequence[dict[str, Any]],
) -> str:
    if named:
        return "; ".join(
            f"{each.hypothesis.title}, {_percent(each, ranking)} probable" for each in named
        )
    titles = " or ".join(each.hypothesis.title for each in suspected[:_MOST])
    deciding = f"to decide: {checks[0]['title']}" if checks else "no check is known to decide"
    return f"{titles}; {deciding}"
