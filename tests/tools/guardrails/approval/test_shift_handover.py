"""A hand-over between shifts: both sign one picture, and the audit finds where they did not."""

from dataclasses import replace
from typing import Any

import pytest

from handwheel.hmi.shift.summary import summarize, summary_lines
from handwheel.tools.errors import GuardrailError, PermitRefused
from handwheel.tools.guardrails.approval.shift_handover import (
    HANDED_OVER,
    HandOverShift,
    ShiftSummary,
    check_shift,
)
from handwheel.tools.guardrails.interlocks.lockout_files import lockout_file, make_lockout_folder
from handwheel.tools.guardrails.ledger.decisions import Signed
from handwheel.tools.guardrails.signatures.decisions import Reason, ShiftVerdict

from ....gate.testbed.authority_grant import give, signed_word
from ....sites.authority_site import OTHER, PUMP, Place, faults_of
from ....sites.signed_requests import NOW


@pytest.fixture
def summary(place: Place) -> ShiftSummary:
    return summarize(place.decision_context, "anna", "bert", "look at the seal", NOW)


def _signed(
    place: Place, summary: ShiftSummary, person: str, verdict: ShiftVerdict, **said: Any
) -> Signed:
    subject = said.get("subject", summary.subject)
    said = {"card": summary.digest} | said
    return signed_word(place.decision_context, verdict, subject, NOW, by=person, **said)


def _hand_over(place: Place, summary: ShiftSummary, leaving: Signed, coming: Signed) -> None:
    HandOverShift(
        site=place.site.id, summary=summary, leaving=leaving,
        coming=coming,
    ).apply(place.decision_context, NOW)  # fmt: skip


def test_both_sign_and_one_row_keeps_it(place: Place, summary: ShiftSummary) -> None:
    words = (
        _signed(place, summary, "anna", "end-shift"),
        _signed(place, summary, "bert", "take-shift"),
    )
    _hand_over(place, summary, *words)
    with pytest.raises(GuardrailError, match=str(Reason.SAME_NONCE)):
        _hand_over(place, summary, *words)
    row = [row.fields for row in place.database.journal() if row.fields["kind"] == HANDED_OVER]
    assert [each["subject"] for each in row] == ["shift:anna:bert:1"]
    assert row[0]["body"]["card"] == summary.text
    kept = place.database.all("SELECT verdict, subject FROM decision ORDER BY number")
    assert [tuple(each) for each in kept] == [
        (each, summary.subject) for each in ("end-shift", "take-shift")
    ]
    assert faults_of(place) == ()
    assert place.standing(PUMP).mode == "OPERATOR"  # nobody's rights have changed


def test_it_shows_what_is_open(place: Place) -> None:
    make_lockout_folder(place.site.state)
    lockout_file(place.site.state, OTHER).touch()
    place.file("R-AAAAAAAA", PUMP, "person")
    until = give(place.decision_context, "PUMPS-101", NOW)
    place.take(OTHER, "MAINTENANCE")
    told = summary_lines(summarize(place.decision_context, "anna", "bert", None, NOW))
    for part in (
        "waiting:",
        f"  PUMPS-101  AGENT  by anna, until {until}",
        f"  {OTHER}, not read by a gate yet",
        f"  {OTHER}  MAINTENANCE  by carl",
        "  no snapshot from the gate: is it running?",
        "open runs: none",
    ):
        assert part in told, told
    assert any(line.startswith("  R-AAAAAAAA  PENDING") for line in told)
    assert len(told) < 24


def test_what_does_not_count_is_only_recorded(place: Place, summary: ShiftSummary) -> None:
    words: list[tuple[str, ShiftVerdict, dict[str, Any], Reason]] = [
        ("bert", "end-shift", {}, Reason.NOT_APPROVED),
        ("gina", "take-shift", {}, Reason.OTHER_PERSON),
        ("bert", "take-shift", {"card": "0" * 64}, Reason.NO_CARD),
        ("bert", "take-shift", {"subject": "shift:anna:bert:7"}, Reason.NOT_APPROVED),
        ("bert", "take-shift", {"meaning": "I take the shift"}, Reason.OTHER_MEANING),
        ("bert", "take-shift", {"attended": False}, Reason.UNATTENDED),
    ]
    for person, verdict, change, reason in words:
        before = place.told()
        leaving = _signed(place, summary, "anna", "end-shift")
        coming = _signed(place, summary, person, verdict, **change)
        with pytest.raises(GuardrailError, match=f"^{reason}$"):
            _hand_over(place, summary, leaving, coming)
        told = place.told()
        assert (told[:-1], told[-1][0]) == (before, "decision.refused"), reason
        assert told[-1][2]["reason"] == str(reason)
        assert place.database.all("SELECT count(*) FROM decision")[0][0] == 0, reason
    assert faults_of(place) == ()


NOBODYS = "a shift goes from one operator to another"


def test_a_shift_goes_from_one_operator_to_another(place: Place) -> None:
    for leaving, coming in (("anna", "anna"), ("anna", "boss"), ("boss", "anna")):
        before = place.told()
        summary = summarize(place.decision_context, leaving, coming, None, NOW)
        ended = _signed(place, summary, leaving, "end-shift")
        taken = _signed(place, summary, coming, "take-shift")
        with pytest.raises(PermitRefused, match=f"^{NOBODYS}$"):
            _hand_over(place, summary, ended, taken)
        told = [(kind, body["reason"]) for kind, _, body in place.told()[len(before) :]]
        assert told == [("decision.refused", NOBODYS)], (leaving, coming)


def test_who_can_hand_over_no_shift_is_told_before_anything_is_signed(place: Place) -> None:
    people = {each.person: each for each in place.decision_context.roster.operators}
    anna, bert, boss = (people[name] for name in ("anna", "bert", "boss"))
    check_shift(anna, bert)
    itself = "a shift is handed over to another person"
    for leaving, coming, reason in [
        (anna, replace(anna, person="otto"), itself),
        (anna, replace(anna, key_id="SHA256:another"), itself),
        (anna, boss, "boss is an administrator and has no shift"),
        (boss, anna, "boss is an administrator and has no shift"),
    ]:
        with pytest.raises(PermitRefused, match=f"^{reason}$"):
            check_shift(leaving, coming)


@pytest.mark.parametrize(
    ("change", "fault"),
    [({"card": "0" * 64}, "was made on another card"), ({}, str(Reason.BAD_SIGNATURE)), ({}, "")],
    ids=["another card", "another signature", "twin"],
)
def test_the_audit_finds_a_row_that_both_have_not_signed(
    place: Place, summary: ShiftSummary, change: dict[str, Any], fault: str
) -> None:
    leaving = _signed(place, summary, "anna", "end-shift")
    other = _signed(place, summary, "bert", "take-shift", **change)
    if fault == str(Reason.BAD_SIGNATURE):
        other = Signed(text=other.text, signature=leaving.signature)
    _forge(place, summary, leaving, other)
    found = faults_of(place)
    assert len(found) == bool(fault)
    assert all(fault in each for each in found)


def _forge(place: Place, summary: ShiftSummary, leaving: Signed, coming: Signed) -> None:
    """Records the row past every check."""
    body: dict[str, object] = {"card": summary.text}
    for part, signed in (("ended", leaving), ("taken", coming)):
        body[part] = {"text": signed.text, "signature": signed.signature}
    with place.database.transaction(NOW) as transaction:
        transaction.record(HANDED_OVER, summary.subject, body)
