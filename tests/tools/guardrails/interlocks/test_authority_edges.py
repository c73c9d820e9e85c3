"""Which heartbeats a hand-over lets go, and whose word hands nothing over whatever it says."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from handwheel.tools.errors import PermitRefused
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.interlocks.authority_check import (
    allowed_heartbeats,
    check_grantor_roles,
)
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.policy.policy import load_policy
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.decisions import (
    Reason,
    authority_subject,
    meaning_of_subject,
)
from handwheel.tools.guardrails.signatures.heartbeat_grants import NamedHeartbeat, heartbeats_of

from ....attacks.sql_shell import insert_site_decision, without_triggers
from ....gate.testbed.authority_grant import give
from ....gate.testbed.heartbeat import make_beating_site
from ....sites.authority_site import HOUR_S, PUMP, PUMPS, Place, later
from ....sites.signed_requests import NOW, head_of, site_word

MORE = NamedHeartbeat("P-101B.hb", 200, "0" * 32)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    site = make_beating_site(tmp_path)
    with Database(site.state, site.id) as database:
        context = DecisionContext(site, database, load_policy(site), load_roster(site))
        with closing(sqlite3.connect(site.state / "ledger.db", isolation_level=None)) as shell:
            yield Place(context, shell)


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


def test_a_row_of_before_the_taking_over_lets_no_heartbeat_go(place: Place) -> None:
    until = give(place.decision_context, PUMP, NOW, heartbeats=heartbeats_of(place.site, PUMP))
    place.take(PUMP)
    with without_triggers(place.shell):
        statement = "UPDATE authority SET mode = 'AGENT', generation = 1, until = ?"
        place.shell.execute(statement, (until,))
    assert _allowed(place) == set()
    assert place.standing().reason == (
        "the journal does not tell that P-101A was granted to agents"
    )


def test_another_word_beside_the_one_that_counts_names_no_more(place: Place) -> None:
    until = give(place.decision_context, PUMP, NOW, heartbeats=heartbeats_of(place.site, PUMP))
    subject = authority_subject(PUMP, 1, until, (MORE,))
    head = head_of(place.database).hash
    others: list[tuple[str, dict[str, Any]]] = [
        ("carl", {}),  # whom nobody has enrolled here
        ("anna", {"meaning": meaning_of_subject("hand-over", authority_subject(PUMP, 1, until))}),
        ("anna", {"head": "0" * 64}),
    ]
    for person, changes in others:
        signed = site_word("hand-over", subject, person, **{"head": head, **changes})
        insert_site_decision(place.shell, "hand-over", subject, signed, None)
        assert _allowed(place) == {"P-101A.hb"}
    signed = site_word("hand-over", subject, head=head)
    insert_site_decision(place.shell, "hand-over", subject, signed, None)
    assert _allowed(place) == {"P-101A.hb", "P-101B.hb"}


def test_an_agent_hands_nothing_over_whatever_roles_it_has(place: Place) -> None:
    anna = place.decision_context.roster.by_name("anna", NOW.wall)
    assert anna is not None
    check_grantor_roles(place.decision_context, PUMP, anna)
    agent = replace(anna, roles=anna.roles | {"agent"})
    with pytest.raises(PermitRefused, match=f"^anna: {Reason.AGENT}$"):
        check_grantor_roles(place.decision_context, PUMP, agent)
