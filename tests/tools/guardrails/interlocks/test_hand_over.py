"""Heartbeats that a hand-over lets go, and words that hand nothing over any more."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from handwheel.tools.errors import PermitRefused
from handwheel.tools.guardrails.approval.administration import RevokeKey
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.interlocks.authority_check import (
    allowed_heartbeats,
    check_grantor_roles,
)
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.policy.policy import load_policy
from handwheel.tools.guardrails.signatures import decisions
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.decisions import (
    Reason,
    authority_subject,
    meaning_of_subject,
)
from handwheel.tools.guardrails.signatures.heartbeat_grants import NamedHeartbeat, heartbeats_of
from handwheel.tools.requests.timestamps import stamp

from ....attacks.past_the_checks import record_decision
from ....gate.testbed.authority_grant import give
from ....gate.testbed.heartbeat import make_beating_site
from ....gate.testbed.words import grant_authority
from ....sites.authority_site import HOUR_S, OTHER, PUMP, PUMPS, Place, later
from ....sites.people import key_id
from ....sites.signed_requests import NOW, head_of, seconds_ago, site_word

MORE = NamedHeartbeat("P-101B.hb", 200, "0" * 32)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    site = make_beating_site(tmp_path)
    with Database(site.state, site.id) as database:
        yield Place(DecisionContext(site, database, load_policy(site), load_roster(site)))


def _allowed(place: Place, scope: str = PUMP, seconds: float = 0.0) -> set[str]:
    return {each.tag for each in allowed_heartbeats(place.decision_context, scope, later(seconds))}


def test_a_heartbeat_goes_while_a_hand_over_that_names_it_counts(place: Place) -> None:
    give(place.decision_context, PUMP, NOW, lasts_s=HOUR_S)
    assert _allowed(place) == set()  # it names none
    named = heartbeats_of(place.site, PUMP)
    give(place.decision_context, PUMP, NOW, lasts_s=HOUR_S, heartbeats=named)
    assert (_allowed(place), _allowed(place, PUMPS)) == ({"P-101A.hb"}, set())
    assert _allowed(place, seconds=HOUR_S) == set()
    place.take(PUMP)
    assert _allowed(place) == set()


def test_another_word_beside_the_one_that_counts_names_no_more(place: Place) -> None:
    until = give(place.decision_context, PUMP, NOW, heartbeats=heartbeats_of(place.site, PUMP))
    subject = authority_subject(PUMP, 1, until, (MORE,))
    head = head_of(place.database).hash
    others: list[tuple[str, dict[str, Any]]] = [
        ("carl", {}),  # whom nobody has enrolled here
        (
            "anna",
            {"meaning": meaning_of_subject("grant-authority", authority_subject(PUMP, 1, until))},
        ),
    ]
    for person, changes in others:
        signed = site_word("grant-authority", subject, person, **{"head": head, **changes})
        record_decision(place.database, NOW, subject, signed)
        assert _allowed(place) == {"P-101A.hb"}
    signed = site_word("grant-authority", subject, head=head)
    record_decision(place.database, NOW, subject, signed)
    assert _allowed(place) == {"P-101A.hb", "P-101B.hb"}


def test_an_agent_hands_nothing_over_whatever_roles_it_has(place: Place) -> None:
    anna = place.decision_context.roster.by_name("anna", NOW.wall)
    assert anna is not None
    check_grantor_roles(place.decision_context, PUMP, anna)
    agent = replace(anna, roles=anna.roles | {"agent"})
    with pytest.raises(PermitRefused, match=f"^anna: {Reason.AGENT}$"):
        check_grantor_roles(place.decision_context, PUMP, agent)


def test_only_exactly_the_signed_hand_over_counts(place: Place) -> None:
    cases: list[dict[str, Any]] = [
        {"verdict": "release"},
        {"subject": decisions.authority_subject(OTHER, 1, stamp(later(HOUR_S).wall))},
        {"subject": decisions.authority_subject(PUMP, 2, stamp(later(HOUR_S).wall))},
        {"subject": decisions.authority_subject(PUMP, 1, stamp(later(2 * HOUR_S).wall))},
        {"meaning": "I hand something over"},
        {"head": "0" * 64},
        {"signed_at": stamp(later(-HOUR_S).wall)},
        {"attended": False},
        {},
    ]
    until = stamp(later(HOUR_S).wall)
    subject = decisions.authority_subject(PUMP, 1, until)
    for said in cases:
        whole = {"head": head_of(place.database).hash, **seconds_ago(0.0), **said}
        signed = site_word("grant-authority", subject, "anna", **whole)
        if said:
            with pytest.raises(decisions.DecisionRefused):
                grant_authority(place.decision_context, PUMP, until, 1, signed, NOW)
        else:
            grant_authority(place.decision_context, PUMP, until, 1, signed, NOW)
            with pytest.raises(decisions.DecisionRefused, match=str(decisions.Reason.SAME_NONCE)):
                grant_authority(place.decision_context, PUMP, until, 2, signed, NOW)
        assert (place.refusal() == "") is not bool(said), said


def key_was_revoked(place: Place) -> None:
    give(place.decision_context, PUMP, NOW)
    subject = decisions.key_subject(key_id("anna"))
    head, role = head_of(place.database).hash, "administrator"
    signed = site_word("revoke-key", subject, "boss", role=role, head=head, **seconds_ago(0.0))
    message = RevokeKey(site=place.site.id, signed=signed)
    message.apply(place.decision_context, NOW)


def person_was_taken_off_the_list(place: Place) -> None:
    give(place.decision_context, PUMP, NOW)
    (place.site.root / "operators.yaml").unlink()


def list_cannot_be_read(place: Place) -> None:
    give(place.decision_context, PUMP, NOW)
    (place.site.root / "operators.yaml").write_text("operators: nobody", encoding="utf-8")


@pytest.mark.parametrize(
    ("attack", "reason"),
    [
        (key_was_revoked, str(decisions.Reason.REVOKED_KEY)),
        (person_was_taken_off_the_list, str(decisions.Reason.UNKNOWN_KEY)),
        (list_cannot_be_read, "the person who granted it is not known"),
    ],
)
def test_a_hand_over_counts_no_longer_than_its_word(
    place: Place, attack: Callable[[Place], None], reason: str
) -> None:
    attack(place)
    assert reason in place.refusal()
    assert place.refusal(is_agents=False) == ""
