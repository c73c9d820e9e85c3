"""Choosers of the suite `triage` that need no model."""

import re
from collections.abc import Mapping
from typing import Any

from handwheel.agents.planning.planner import PlanningCase
from handwheel.agents.planning.rules import choose

from .tasks import NONE

_WORD = re.compile(r"[A-Za-z]+|\d+[A-Z]?")


def by_rules(case: PlanningCase) -> str:
    """Chooses as the agents do without a model."""
    return choose(case).candidate or NONE


def by_words(case: PlanningCase) -> str:
    """Chooses the candidate that shares most words with the facts, the first of equal ones."""
    facts = _words(str([dict(each) for each in case.deviations]))
    scores = [len(facts & _words(_text(each))) for each in case.candidates]
    if max(scores, default=0) == 0:
        return NONE
    return str(case.candidates[scores.index(max(scores))]["name"])


def _text(candidate: Mapping[str, Any]) -> str:
    return f"{candidate['name']} {candidate['title']}"


def _words(text: str) -> set[str]:
    return {each.lower() for each in _WORD.findall(text)}
