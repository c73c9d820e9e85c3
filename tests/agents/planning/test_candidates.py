"""Judgement of a candidate: every combination of what is known, and what it says."""

from itertools import product
from unittest.mock import Mock

from handwheel.agents.agent_context import CaseContext
from handwheel.agents.planning.candidates import Candidate, judge_candidate
from handwheel.connectors.denial import Denial
from handwheel.playbooks.engine.diagnosis import CheckResult, Diagnosis
from handwheel.tools.conditions import Truth

T, F, U = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN


def judged(
    for_: Truth, against: Truth, permissive: Truth, suggest: str = "", *,
    needs_evidence: bool = True,
) -> Candidate:  # fmt: skip
    sides = (("for", for_, ""), ("against", against, suggest), ("permissive", permissive, ""))
    found = Diagnosis(
        tuple(
            CheckResult(side, side, "", truth, f"{side}?", "", other)
            for side, truth, other in sides
        )
    )
    may_be = Mock(return_value=None)
    return judge_candidate(Mock(), found, may_be, needs_evidence=needs_evidence)


def test_a_candidate_is_free_on_what_is_known_only() -> None:
    for for_, against, permissive in product(Truth, repeat=3):
        for needs_evidence, suggest in product((True, False), ("", "cw/other")):
            found = judged(for_, against, permissive, suggest, needs_evidence=needs_evidence)
            if against is T:
                expected = ("evidence", suggest)
            elif against is F and (for_ is T or not needs_evidence):
                expected = ("" if permissive is T else "permissive", "")
            else:
                expected = ("evidence", "")
            assert (found.code, found.suggests) == expected, (found, needs_evidence)


def test_a_candidate_says_what_would_decide() -> None:
    for truths, reason in (
        ((U, F, T), "for is not known: for?"),
        ((F, U, T), "for is not met: for?; against is not known: against?"),
        ((T, T, T), "evidence against it is met: against: against?"),
        ((T, F, U), "permissive is not known: permissive?"),
        ((T, F, T), ""),
    ):
        assert judged(*truths).reason == reason


def test_a_plan_that_writes_is_checked_whoever_approves_it() -> None:
    denial = Denial("lockout", "locked out")
    context = CaseContext(Mock(), Mock(), Mock(), (), Mock(return_value=denial), Mock())
    for writes, found in (((Mock(),), denial), ((), None)):
        assert context.check_plan(Mock(writes=writes, approval=None)) is found
