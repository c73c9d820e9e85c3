"""Rules by which a playbook is chosen from the candidates of a case."""

from collections.abc import Mapping
from typing import Any

from .planner import COMPOSED, Kind, Plan, PlanningCase

_ACTS = "all evidence for it is met, none against it"


def choose(case: PlanningCase) -> Plan:
    """Chooses the playbook of a named fault, else the first candidate that nothing prevents.

    A candidate that answers another fault than the named one is passed over.
    """
    candidates, ranking = case.candidates, case.ranking
    named = set(ranking.get("named", ()))
    titles = _titles(ranking)
    free = [each for each in candidates if not each["code"]]
    own = [each for each in free if not named.isdisjoint(each["answers"])]
    passed = passed_over(case)
    able = [*own, *(each for each in free if each not in own and each["name"] not in passed)]
    told = [{"name": name, "reason": reason} for name, reason in passed.items()]
    if able:
        first = able[0]
        answered = sorted(named.intersection(first["answers"]))
        why = f"{titles.get(answered[0], answered[0])}; {_ACTS}" if answered else _ACTS
        tests = {each["playbook"] for each in ranking.get("checks", ())}
        playbook = str(first.get("playbook", ""))
        kind: Kind = "check" if playbook in tests else "act"
        kind = "compose" if playbook.startswith(COMPOSED) else kind
        return Plan(kind, why, first["name"], risk=first.get("risk", ""), passed_over=told)
    reasons = [(each["name"], passed.get(each["name"], each["reason"])) for each in candidates]
    if not reasons:
        needs_nothing = ranking.get("verdict") == "normal"
        return Plan("leave" if needs_nothing else "abstain", _undecided(ranking))
    text = "; ".join(f"{name}: {reason}" for name, reason in reasons)
    return Plan("abstain", str(reasons[0][1]) if len(reasons) == 1 else text, passed_over=told)


def passed_over(case: PlanningCase) -> dict[str, str]:
    """Returns the free candidates that answer another fault than the named one, and which."""
    named, titles = set(case.ranking.get("named", ())), _titles(case.ranking)
    free = (each for each in case.candidates if not each["code"] and each["answers"])
    return {
        each["name"]: _other_fault(each, named, titles)
        for each in free
        if named and named.isdisjoint(each["answers"])
    }


def _titles(ranking: Mapping[str, Any]) -> Mapping[str, str]:
    return {each["id"]: each["title"] for each in ranking.get("hypotheses", ())}


def _other_fault(candidate: Mapping[str, Any], named: set[str], titles: Mapping[str, str]) -> str:
    answers = " or ".join(titles.get(each, each) for each in candidate["answers"])
    found = ", ".join(titles.get(each, each) for each in sorted(named))
    return f"it answers another fault ({answers}) than the named one ({found})"


def _undecided(ranking: Mapping[str, Any]) -> str:
    line = str(ranking.get("line", ""))
    return f"{line}; no playbook answers it" if ranking.get("named") else line or "nothing is named"
