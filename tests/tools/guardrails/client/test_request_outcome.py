"""Outcome of a request, from every state in which the ledger can have it."""

from dataclasses import replace
from typing import Any

import pytest

from handwheel.tools.guardrails.client.request_outcome import RequestOutcome, outcome_of
from handwheel.tools.guardrails.ledger.effects import Effect
from handwheel.tools.guardrails.ledger.records import RequestRecord
from handwheel.tools.guardrails.ledger.store.states import ActionRecord, ActionState, RequestState
from handwheel.tools.requests.request import ExpectedEffect

from ....sites.signed_requests import NOW, request_of

R, A = RequestState, ActionState
EFFECT = ExpectedEffect(text="PT-102.pv > 352 kPa", within_s=120.0)
NAME = request_of().request_id


def _outcome(
    state: RequestState, *states: ActionState, is_approved: bool = True, verdicts: str = "",
    count: int = 0,
) -> RequestOutcome:  # fmt: skip
    """The outcome of a request whose commands stand so, with effects and some verdicts."""
    request = request_of()
    first = request.commands[0]
    commands = tuple(
        first.model_copy(update={"action_id": f"{NAME}/c{n}", "effects": ()})
        for n in range(1, len(states) + 1)
    )
    last = commands[-1].model_copy(update={"effects": (EFFECT,) * count})
    request = request.model_copy(update={"commands": (*commands[:-1], last)})
    actions = tuple(
        ActionRecord(each.action_id, state, "why", None, None)
        for each, state in zip(request.commands, states, strict=True)
    )
    record = RequestRecord(
        request, request.text, request.digest, state, "because", NOW,
        NOW if is_approved else None, actions,
    )  # fmt: skip
    judged = [
        Effect(last.action_id, n, EFFECT.text, 120.0, f"seen {n}", verdict)
        for n, verdict in enumerate(verdicts.split(), start=1)
    ]
    return outcome_of(record, judged)


STATES: list[tuple[Any, str]] = [
    ((R.PROPOSED, A.PLANNED), "WAITING"),
    ((R.PENDING, A.PLANNED), "WAITING"),
    ((R.PARTIAL, A.PLANNED), "WAITING"),
    ((R.DENIED, A.CANCELLED), "DENIED"),
    ((R.REJECTED, A.CANCELLED), "REJECTED"),
    ((R.EXPIRED, A.CANCELLED), "EXPIRED"),
    ((R.REVOKED, A.VERIFIED, A.CANCELLED), "REVOKED"),
    ((R.APPROVED, A.PLANNED), "RUNNING"),
    ((R.APPROVED, A.VERIFIED, A.DUE), "RUNNING"),
    ((R.APPROVED, A.VERIFIED, A.CLAIMED), "RUNNING"),
    ((R.APPROVED, A.VERIFIED, A.SENDING), "RUNNING"),
    ((R.APPROVED, A.VERIFIED, A.VERIFIED), "COMPLETE"),  # in its lease
    ((R.CLOSED, A.VERIFIED, A.VERIFIED), "COMPLETE"),
    ((R.CLOSED, A.VERIFIED, A.SKIPPED), "COMPLETE"),
    ((R.CLOSED, A.RESOLVED_APPLIED), "COMPLETE"),
    ((R.CLOSED, A.VERIFIED, A.CANCELLED), "FAILED"),
    ((R.APPROVED, A.REFUSED), "FAILED"),
    ((R.APPROVED, A.ABORTED_NOT_SENT), "FAILED"),
    ((R.APPROVED, A.VERIFIED, A.INVALIDATED), "FAILED"),
    ((R.CLOSED, A.RESOLVED_NOT_APPLIED), "FAILED"),
    ((R.INVALIDATED, A.VERIFIED, A.INVALIDATED), "FAILED"),
    ((R.SUPERSEDED, A.VERIFIED), "COMPLETE"),
    ((R.SUPERSEDED, A.PLANNED), "INVALIDATED"),
    ((R.APPROVED, A.UNKNOWN), "UNKNOWN"),
    ((R.INVALIDATED, A.MISMATCH, A.INVALIDATED), "UNKNOWN"),
]


@pytest.mark.parametrize(("given", "state"), STATES)
def test_outcome_of_each_state(given: Any, state: str) -> None:
    found = _outcome(*given)
    assert (found.state, found.kept, found.effects) == (state, None, ())
    assert "because" in found.reason or state == "UNKNOWN"


def test_outcome_names_every_state_of_request_of() -> None:
    assert {given[0] for given, _ in STATES} == set(RequestState)


def test_outcome_invalidated_before_approval_is_no_failure() -> None:
    assert _outcome(R.INVALIDATED, A.INVALIDATED, is_approved=False).state == "INVALIDATED"


def test_outcome_unknown_says_what_a_person_must_do() -> None:
    found = _outcome(R.APPROVED, A.UNKNOWN)
    assert f"{NAME}/c1 is UNKNOWN: why; look at the plant" in found.reason


@pytest.mark.parametrize(
    ("verdicts", "state", "kept"),
    [
        ("", "RUNNING", None),
        ("CAME", "RUNNING", None),
        ("CAME CAME", "COMPLETE", True),
        ("CAME MISSED", "COMPLETE", False),
        ("UNKNOWN CAME", "COMPLETE", False),
    ],
)
def test_outcome_is_kept_when_every_effect_came(
    verdicts: str, state: str, kept: bool | None
) -> None:
    found = _outcome(R.CLOSED, A.VERIFIED, verdicts=verdicts, count=2)
    assert (found.state, found.kept) == (state, kept)
    given = verdicts.split()
    assert [each.verdict for each in found.effects] == [*given, *[None] * (2 - len(given))]
    assert [each.observed for each in found.effects] == [
        *(f"seen {n}" for n in range(1, len(given) + 1)), *[""] * (2 - len(given)),
    ]  # fmt: skip


def test_outcome_resolved_by_a_person_has_no_proven_effect() -> None:
    found = _outcome(R.CLOSED, A.RESOLVED_APPLIED, count=1)
    assert (found.state, found.kept) == ("COMPLETE", False)
    assert found.effects[0].verdict == "UNKNOWN"


def test_outcome_fields_are_plain() -> None:
    found = replace(_outcome(R.CLOSED, A.VERIFIED, verdicts="CAME", count=1), reason="done")
    assert found.fields == {
        "state": "COMPLETE", "kept": True, "reason": "done",
        "effects": (
            {"expected": EFFECT.text, "within_s": 120.0, "verdict": "CAME", "observed": "seen 1"},
        ),
    }  # fmt: skip
