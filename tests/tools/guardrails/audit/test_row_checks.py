"""What the audit follows row by row: runs, leases, heartbeats, and what was signed about them."""

from pathlib import Path
from typing import Any

import pytest

from handwheel.tools.guardrails.audit.authority import AuditedAuthority
from handwheel.tools.guardrails.audit.heartbeats import AuditedHeartbeats
from handwheel.tools.guardrails.audit.leases import AuditedLeases
from handwheel.tools.guardrails.audit.lockouts import AuditedLockouts
from handwheel.tools.guardrails.audit.requests import AuditedRequest
from handwheel.tools.guardrails.audit.runs import AuditedRuns
from handwheel.tools.guardrails.ledger.store.states import ActionState
from handwheel.tools.guardrails.signatures.decisions import (
    Decision,
    authority_subject,
    lockout_subject,
    maintenance_subject,
    meaning_of_subject,
)
from handwheel.tools.guardrails.signatures.heartbeat_grants import NamedHeartbeat
from handwheel.tools.requests.lease_and_effects import Terms
from handwheel.tools.requests.request import Lease

from ....gate.testbed.authority_grant import AGENTS
from ....gate.testbed.with_oracle import SETPOINT, START, Watched
from ....sites.authority_site import later
from ....sites.in_memory import make_site
from ....sites.signed_requests import NOW, decision_of, request_of

RUN = AGENTS["run"]["run_id"]
UNTIL = "2026-11-26T08:50:25.000Z"
BEAT = NamedHeartbeat("P-101A.hb", 1000, "0" * 32)
FOR_S = 7200.0
P, D, V, R = (ActionState(each) for each in ("PLANNED", "DUE", "VERIFIED", "REFUSED"))


NOT_BACK = "its run was not being undone"
ANEW = "the new request was not approved"


def test_what_a_run_sets_due_must_fit_where_it_stands() -> None:
    for before, after, command, recovery in [
        ([], [], "", NOT_BACK),
        (["held"], [], "its run was held", NOT_BACK),
        (["held", "resuming"], [], ANEW, NOT_BACK),
        (["held", "resuming", "approved"], [], "", NOT_BACK),
        (["approved", "held"], [], "its run was held", NOT_BACK),
        ([], ["aborting"], "its run was aborting", ""),
        (["aborting"], [], "", ""),  # it was filed to take back
        (["aborting"], ["aborted"], NOT_BACK, NOT_BACK),
        (["aborting", "aborted", "resuming"], [], NOT_BACK, NOT_BACK),
    ]:
        first = request_of(**AGENTS).commands[0]
        back = first.model_copy(update={"action_id": "R-7K3MQ2XA/r1", "kind": "recovery"})
        request = request_of(recovery=[back], **AGENTS)
        runs = AuditedRuns()
        for event in ("opened", *before):
            runs.follow(RUN, f"run.{event}")
        runs.file(request)
        for event in after:
            runs.follow(RUN, f"run.{event}")
        for action, fault in zip(request.actions, (command, recovery), strict=True):
            told = [f"{action.action_id} was due, and {fault}"] if fault else []
            assert list(runs.untimely(request, action)) == told, before
    for request in (request_of(), request_of(**AGENTS)):  # what no run has opened
        runs = AuditedRuns()
        runs.follow(RUN, "run.held")
        runs.file(request)
        assert list(runs.untimely(request, request.commands[0])) == [], request


@pytest.mark.parametrize(
    ("states", "action", "reason"),
    [
        ([V, V, P, P], "r1", ""),
        ([V, V, P, P], "r2", "r2 was due, and {}/c2 had been written after it"),
        ([V, P, P, P], "r2", "r2 was due, and {}/c2 might still come"),
        ([V, R, P, P], "r2", ""),
    ],
)
def test_a_lease_takes_back_in_its_order(
    spare: Watched, states: list[ActionState], action: str, reason: str
) -> None:
    told, leases = _leased(spare, states)
    taken = told.action(f"{told.request.request_id}/{action}")
    found = list(leases.untimely(told, taken, later(FOR_S)))
    name = told.request.request_id
    assert found == ([f"{name}/{reason.format(name)}"] if reason else [])
    if states == [V, V, P, P]:  # what undoes another's command comes after all that was written
        foreign = told.request.recovery[0].model_copy(update={"undoes": "R-AAAAAAAA/c1"})
        after = f"{name}/r1 was due, and {name}/{{}} had been written after it"
        found = list(leases.untimely(told, foreign, later(FOR_S)))
        assert found == [after.format("c2"), after.format("c1")]


def _leased(room: Watched, states: list[ActionState]) -> tuple[AuditedRequest, AuditedLeases]:
    """A request with a lease as the journal tells of it, its commands verified just now."""
    request = room.approved(START, SETPOINT, terms=Terms(Lease(for_s=FOR_S)))
    told, leases = AuditedRequest(request), AuditedLeases(AuditedRuns())
    for each, state in zip(request.actions, states, strict=True):
        told.actions[each.action_id] = state
        leases.move(each.action_id, state, NOW)
    return told, leases


def _word(verdict: str, subject: str, *, is_right: bool) -> Decision:
    meaning = meaning_of_subject(verdict, subject) if is_right else "I sign whatever it is"  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    return decision_of(digest=None, verdict=verdict, subject=subject, meaning=meaning)


def _beating(folder: Path, *, is_right: bool = True) -> tuple[AuditedAuthority, AuditedHeartbeats]:
    """P-101A is the agents', by a word that names its heartbeat."""
    authority = AuditedAuthority(make_site(folder))
    heartbeats = AuditedHeartbeats(authority)
    subject = authority_subject("P-101A", 1, UNTIL, (BEAT,))
    heartbeats.sign(_word("grant-authority", subject, is_right=is_right))
    list(authority.give("P-101A", {"generation": 1, "mode": "AGENT", "until": UNTIL}))
    return authority, heartbeats


STARTED = {"scope": "P-101A", "generation": 1, "until": UNTIL, "named": str(BEAT)}
BEGAN = "the heartbeat of P-101A began"


def test_a_heartbeat_begins_and_stops_once_at_a_time(tmp_path: Path) -> None:
    _, heartbeats = _beating(tmp_path)
    stopped = {"reason": "the gate ends"}
    never = f"the heartbeat of P-101A stopped ({stopped['reason']}), and had not begun"
    assert list(heartbeats.stop("P-101A", stopped)) == [never]
    for _ in range(2):
        assert list(heartbeats.start("P-101A", STARTED)) == []
        assert list(heartbeats.start("P-101A", STARTED)) == [f"{BEGAN} a second time"]
        assert list(heartbeats.stop("P-101A", stopped)) == []
        assert list(heartbeats.stop("P-101A", stopped)) == [never]
    list(heartbeats.start("P-101A", STARTED))
    heartbeats.forget()  # another gate
    assert list(heartbeats.start("P-101A", STARTED)) == []


def test_a_heartbeat_begins_under_the_latest_word(tmp_path: Path) -> None:
    cases = {"generation": 2}, {"until": "2026-11-27T08:50:25.000Z"}, {"scope": "site"}
    for changes in cases:
        authority, heartbeats = _beating(tmp_path)
        started: dict[str, Any] = {**STARTED, **changes}
        fault = f"{BEGAN}, and {started['scope']} was not granted"
        assert fault in list(heartbeats.start("P-101A", started)), changes
        heartbeats.forget()
        list(authority.take("P-101A", {"generation": 2, "mode": "OPERATOR"}))
        after = f"{BEGAN}, and P-101A was not granted"
        assert list(heartbeats.start("P-101A", STARTED)) == [after], changes


def test_each_is_signed_in_its_own_words(tmp_path: Path) -> None:
    body: dict[str, Any] = {"generation": 1}
    for is_right in (True, False):
        authority = AuditedAuthority(make_site(tmp_path))
        authority.sign(
            _word("grant-authority", authority_subject("P-101A", 1, UNTIL), is_right=is_right)
        )
        found = list(authority.give("P-101A", {**body, "mode": "AGENT", "until": UNTIL}))
        fault = "P-101A was granted to agents, and no person has signed it"
        assert found == ([] if is_right else [fault])
        authority.sign(
            _word("end-maintenance", maintenance_subject("P-101A", 2), is_right=is_right)
        )
        list(authority.take("P-101A", {"generation": 2, "mode": "MAINTENANCE"}))
        found = list(authority.take("P-101A", {"generation": 3, "mode": "LOCAL"}))
        fault = "P-101A was taken out of MAINTENANCE, and no person has signed it"
        assert found == ([] if is_right else [fault])
        lockouts = AuditedLockouts(make_site(tmp_path))
        lockouts.sign(_word("release", lockout_subject("site", 1), is_right=is_right))
        found = [*lockouts.latch("site", body), *lockouts.release("site", body)]
        fault = "lockout 1 of site was released, and no administrator has signed"
        assert found == ([] if is_right else [fault])
        _, heartbeats = _beating(tmp_path, is_right=is_right)
        found = list(heartbeats.start("P-101A", STARTED))
        assert found == ([] if is_right else [f"{BEGAN}, and no grant names it"])
