"""Only exactly what a person has signed hands over, whatever the ledger's table says."""

from collections.abc import Callable
from typing import Any

import pytest

from handwheel.tools.guardrails.approval.administration import revoke_key
from handwheel.tools.guardrails.interlocks.authority import grant_authority
from handwheel.tools.guardrails.signatures import decisions
from handwheel.tools.requests.timestamps import stamp

from ....attacks.sql_shell import insert_site_decision, without_triggers
from ....gate.testbed.authority_grant import give
from ....sites.authority_site import HOUR_S, OTHER, PUMP, Place, later
from ....sites.people import key_id
from ....sites.signed_requests import NOW, head_of, seconds_ago, site_word


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
        signed = site_word("hand-over", subject, "anna", **whole)
        if said:
            with pytest.raises(decisions.DecisionRefused):
                grant_authority(place.decision_context, PUMP, until, 1, signed, NOW)
        else:
            grant_authority(place.decision_context, PUMP, until, 1, signed, NOW)
            with pytest.raises(decisions.DecisionRefused, match=str(decisions.Reason.SAME_NONCE)):
                grant_authority(place.decision_context, PUMP, until, 2, signed, NOW)
        assert (place.refusal() == "") is not bool(said), said


def forged_row(place: Place) -> None:
    until = stamp(later(HOUR_S).wall)
    place.shell.execute("INSERT INTO authority VALUES (?, 1, 'AGENT', 'anna', ?)", (PUMP, until))


def longer(place: Place) -> None:
    give(place.decision_context, PUMP, NOW)
    with without_triggers(place.shell, "authority_counts_up"):
        place.shell.execute("UPDATE authority SET until = ?", (stamp(later(2 * HOUR_S).wall),))


def other_equipments(place: Place) -> None:
    give(place.decision_context, OTHER, NOW)
    place.shell.execute("INSERT INTO authority SELECT ?, 1, mode, person, until FROM authority",
                        (PUMP,))  # fmt: skip


def taken_back_by_hand(place: Place) -> None:
    """Somebody with a shell sets back what was taken over, to the signed row of before."""
    give(place.decision_context, PUMP, NOW)
    row = place.shell.execute("SELECT generation, mode, person, until FROM authority").fetchone()
    place.take(PUMP)
    with without_triggers(place.shell, "authority_counts_up"):
        place.shell.execute(
            "UPDATE authority SET generation = ?, mode = ?, person = ?, until = ?", row
        )
    with place.database.transaction(NOW) as transaction:
        transaction.record("authority.given", PUMP, {"generation": 1, "until": row[3]})


def journal_too(place: Place) -> None:
    until = stamp(later(HOUR_S).wall)
    forged_row(place)
    with place.database.transaction(NOW) as transaction:
        transaction.record("authority.given", PUMP, {"generation": 1, "until": until})


def signature_of_nobody(place: Place) -> None:
    journal_too(place)
    subject = decisions.authority_subject(PUMP, 1, stamp(later(HOUR_S).wall))
    insert_site_decision(place.shell, "hand-over", subject, decisions.Signed("{}", "0" * 128), None)


def of_an_earlier_ledger(place: Place) -> None:
    """Anna has signed it, on a ledger of this site that is not this one."""
    journal_too(place)
    subject = decisions.authority_subject(PUMP, 1, stamp(later(HOUR_S).wall))
    signed = site_word("hand-over", subject, head="0" * 64)
    insert_site_decision(place.shell, "hand-over", subject, signed, None)


def key_was_revoked(place: Place) -> None:
    give(place.decision_context, PUMP, NOW)
    subject = decisions.key_subject(key_id("anna"))
    head, role = head_of(place.database).hash, "administrator"
    signed = site_word("revoke-key", subject, "boss", role=role, head=head, **seconds_ago(0.0))
    revoke_key(place.decision_context, signed, NOW)


def person_was_taken_off_the_list(place: Place) -> None:
    give(place.decision_context, PUMP, NOW)
    (place.site.root / "operators.yaml").unlink()


def list_cannot_be_read(place: Place) -> None:
    give(place.decision_context, PUMP, NOW)
    (place.site.root / "operators.yaml").write_text("operators: nobody", encoding="utf-8")


@pytest.mark.parametrize(
    ("attack", "reason"),
    [
        (forged_row, "the journal does not tell"),
        (other_equipments, "the journal does not tell"),
        (taken_back_by_hand, "the journal does not tell"),
        (longer, "no person has signed"),
        (journal_too, "no person has signed"),
        (signature_of_nobody, str(decisions.Reason.NOT_CANONICAL)),
        (of_an_earlier_ledger, str(decisions.Reason.OTHER_LEDGER)),
        (key_was_revoked, str(decisions.Reason.REVOKED_KEY)),
        (person_was_taken_off_the_list, str(decisions.Reason.UNKNOWN_KEY)),
        (list_cannot_be_read, "the person who granted it is not known"),
    ],
)
def test_no_row_alone_grants(place: Place, attack: Callable[[Place], None], reason: str) -> None:
    attack(place)
    assert reason in place.refusal()
    assert place.refusal(is_agents=False) == ""
