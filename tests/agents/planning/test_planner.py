"""What the rule planner makes of a judgement: every combination, and what it says."""

from itertools import product

import pytest

from handwheel.agents.planner import plan_by_rules
from handwheel.playbooks.run.diagnosis import CheckResult, Diagnosis
from handwheel.tools.conditions import Truth

T, F, U = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN


def case(for_: Truth, against: Truth, permissive: Truth, suggest: str = "") -> Diagnosis:
    sides = (("for", for_, ""), ("against", against, suggest), ("permissive", permissive, ""))
    return Diagnosis(
        tuple(
            CheckResult(side, side, "", truth, f"{side}?", "", other)
            for side, truth, other in sides
        )
    )


@pytest.mark.parametrize("truths", list(product(Truth, repeat=3)))
@pytest.mark.parametrize("needs_evidence", [True, False])
@pytest.mark.parametrize("suggest", ["", "cw/other"])
def test_it_acts_on_what_is_known_only(
    truths: tuple[Truth, Truth, Truth], needs_evidence: bool, suggest: str
) -> None:
    for_, against, _ = truths
    plan = plan_by_rules(case(*truths, suggest), needs_evidence=needs_evidence)
    if against is T:
        expected = ("other", suggest) if suggest else ("abstain", "")
    elif against is F and (for_ is T or not needs_evidence):
        expected = ("act", "")
    else:
        expected = ("abstain", "")
    assert (plan.choice, plan.suggests) == expected


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (case(U, F, T), "for is not known: for?"),
        (case(F, U, T), "for is not met: for?; against is not known: against?"),
        (case(T, T, T), "evidence against it is met: against: against?"),
        (case(T, F, U), "all evidence for it is met, none against it"),
    ],
)
def test_it_says_what_would_decide(found: Diagnosis, reason: str) -> None:
    assert plan_by_rules(found).reason == reason
