"""Verdicts: each expectation against an outcome, in a sentence that says what was found."""

from dataclasses import replace

import pytest

from handwheel.connectors.model.site import Site
from handwheel.evaluation.playbook_tests.case import Expected
from handwheel.evaluation.playbook_tests.schema import ExpectedWorkOrderSpec
from handwheel.evaluation.playbook_tests.verdict import failures_of
from handwheel.evaluation.trial.outcome import (
    FiledRequest,
    Judgement,
    Outcome,
    RunOutcome,
    SentWrite,
    TraceEvent,
)

P = "cw/changeover"
DONE = [TraceEvent(1.0, "step", name, "DONE", "") for name in ("start", "stop")]
OUTCOME = Outcome(
    runs=[RunOutcome("U-1", P, "HELD", "broken promise", DONE)],
    requests=[FiledRequest(60.0, "R-1", "U-1", ["start"], "CLOSED", "")],
    writes=[SentWrite(70.0, "P-101B.run_cmd", True, "true", "VERIFIED", "R-1")],
    judgements=[Judgement(P, "against it", ["suction", "steady"], "cw/strainer")],
    triggered=frozenset({P}),
    escalated_to=frozenset({"shift-supervisor"}),
)


@pytest.mark.parametrize(
    ("expected", "failure"),
    [
        (Expected(final="held", trace=["start", "stop"], asked=1, writes=1, workorders=[]), ""),
        (Expected(blocked_by=["steady"], suggested="cw/strainer"), ""),
        (Expected(escalated_to=["shift-supervisor"]), ""),
        (Expected(final="complete"), "final: is held (broken promise), expected complete"),
        (Expected(trace=["start"]), "trace: is start, stop, expected start"),
        (Expected(asked=2), "asked: 1 requests (start at 1 min 00 s), expected 2"),
        (Expected(writes=0), "writes: 1 were sent (P-101B.run_cmd = true), expected 0"),
        (Expected(workorders=[ExpectedWorkOrderSpec(asset="P-101A", priority=2)]),
         "workorders: none for P-101A of priority 2; raised: none"),
        (Expected(blocked_by=["header"]),
         "blocked_by: header is missing; found: suction, steady"),
        (Expected(suggested="cw/leak"), "suggested: cw/leak is missing; found: cw/strainer"),
        (Expected(escalated_to=["ben"]), "escalated_to: ben is missing; found: shift-supervisor"),
    ],
)  # fmt: skip
def test_what_is_not_met_is_said_with_what_was_found(expected: Expected, failure: str) -> None:
    assert failures_of(expected, OUTCOME, P) == ([failure] if failure else [])


def test_each_write_is_compared_in_its_order(site: Site) -> None:
    start, stop = site.tags["P-101B.run_cmd"], site.tags["P-101A.run_cmd"]
    assert failures_of(Expected(writes=[(start, True)]), OUTCOME, P) == []
    for wanted, said in (
        ([(stop, False)], "number 1 is P-101B.run_cmd = true, expected P-101A.run_cmd = false"),
        ([(start, True), (stop, False)], "number 2 was not sent, expected P-101A.run_cmd"),
        ([], "number 1 is P-101B.run_cmd = true, expected no more"),
    ):
        (failure,) = failures_of(Expected(writes=wanted), OUTCOME, P)
        assert said in failure


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (replace(OUTCOME, runs=[]), "not_started"),
        (replace(OUTCOME, runs=[], judgements=[]), "not_started"),
        (Outcome(), "not_triggered"),
    ],
)
def test_without_a_run_it_is_said_why(outcome: Outcome, state: str) -> None:
    assert outcome.final(P)[0] == state
