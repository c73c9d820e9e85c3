"""What the rule planner makes of a judgement: every combination, and what it says."""

from itertools import product

from handwheel.agents.planner import plan_by_rules
from handwheel.playbooks.engine.diagnosis import CheckResult, Diagnosis
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


def test_it_acts_on_what_is_known_only() -> None:
    for for_, against, permissive in product(Truth, repeat=3):
        for needs_evidence, suggest in product((True, False), ("", "cw/other")):
            found = case(for_, against, permissive, suggest)
            plan = plan_by_rules(found, needs_evidence=needs_evidence)
            if against is T:
                expected = ("other", suggest) if suggest else ("abstain", "")
            elif against is F and (for_ is T or not needs_evidence):
                expected = ("act", "")
            else:
                expected = ("abstain", "")
            assert (plan.choice, plan.suggests) == expected, (found, needs_evidence)


def test_it_says_what_would_decide() -> None:
    for truths, reason in (
        ((U, F, T), "for is not known: for?"),
        ((F, U, T), "for is not met: for?; against is not known: against?"),
        ((T, T, T), "evidence against it is met: against: against?"),
        ((T, F, U), "all evidence for it is met, none against it"),
    ):
        assert plan_by_rules(case(*truths)).reason == reason
