"""Signed decisions: no byte can be changed, and the words say what moves."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handwheel.tools.guardrails.approval.decide import check_card
from handwheel.tools.guardrails.identity.keys import KeyFault
from handwheel.tools.guardrails.ledger.records import RequestRecord
from handwheel.tools.guardrails.ledger.store.states import RequestState
from handwheel.tools.guardrails.signatures.decisions import (
    DecisionRefused,
    Reason,
    authority_subject,
    meaning_of,
    meaning_of_subject,
    parse_decision,
    sign,
    verify,
)
from handwheel.tools.guardrails.signatures.heartbeat_grants import (
    NamedHeartbeat,
    heartbeat_of,
    heartbeat_text,
    split_heartbeats,
)
from handwheel.tools.requests.canonical import canonical, digest
from handwheel.tools.requests.timestamps import stamp

from ....gate.testbed.authority_grant import AGENTS
from ....gate.testbed.heartbeat import BEAT, PUMP, make_beating_site
from ....sites.people import SITE, START, YEAR, key_id, key_of
from ....sites.signed_requests import NOW, REQUEST, ROSTER, decision_of, request_of, signed_by

_ONCE = signed_by()


@given(st.data())
def test_no_byte_of_text_or_signature_can_be_changed(data: st.DataObject) -> None:
    assert verify(_ONCE, ROSTER, set(), SITE, NOW.wall)[1].person == "anna"
    is_text = data.draw(st.booleans())
    before = (_ONCE.text if is_text else _ONCE.signature).encode()
    place, byte = data.draw(st.integers(0, len(before) - 1)), data.draw(st.integers(0, 255))
    changed = (before[:place] + bytes([byte]) + before[place + 1 :]).decode(
        errors="surrogateescape"
    )
    forged = _ONCE.model_copy(update={"text" if is_text else "signature": changed})
    if forged != _ONCE:
        with pytest.raises(DecisionRefused):
            verify(forged, ROSTER, set(), SITE, NOW.wall)


def test_a_signature_is_for_this_domain_and_the_time_of_an_enrolment() -> None:
    signature = key_of("anna").sign(_ONCE.text.encode()).hex()
    elsewhere = _ONCE.model_copy(update={"signature": signature})
    late = signed_by(signed_at=stamp(START + YEAR))
    for signed, reason in ((elsewhere, Reason.BAD_SIGNATURE), (late, Reason.KEY_NOT_VALID)):
        with pytest.raises(DecisionRefused, match=reason):
            verify(signed, ROSTER, set(), SITE, NOW.wall)


def test_another_spelling_of_the_same_is_no_decision() -> None:
    decision = decision_of(boot_ms=999000)
    document = decision.model_dump(by_alias=True, exclude_none=True)
    assert parse_decision(canonical(document)) == decision
    unsaid = {key: value for key, value in document.items() if key != "schema"}
    for other in (unsaid, document | {"boot_ms": 999000.0}):
        with pytest.raises(DecisionRefused, match=f"^{Reason.NOT_CANONICAL}$"):
            parse_decision(canonical(other))


def test_a_word_about_something_else_or_with_anothers_key_says_nothing_of_a_request() -> None:
    for word in ["release", "grant-authority", "resolve-applied", ""]:
        assert meaning_of(word, REQUEST) is None  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(KeyFault, match="names another key"):
        sign(decision_of("anna"), key_of("bert"))


def test_the_meaning_says_exactly_what_moves() -> None:
    writes = "P-101B.run_cmd = true (wire 01050010ff00)"
    assert meaning_of("approve", REQUEST) == f"I have read R-7K3MQ2XA and approve exactly: {writes}"
    command = REQUEST.commands[0].model_dump()
    undo = {**command, "action_id": "R-7K3MQ2XA/u1", "kind": "recovery", "shown": "40", "unit": "%"}
    assert meaning_of("approve", request_of(recovery=[undo], **AGENTS)).endswith(
        f"{writes}; and to roll it back: P-101B.run_cmd = 40 % (wire 01050010ff00)"
    )
    others = [
        meaning_of("propose", REQUEST), meaning_of("reject", REQUEST),
        meaning_of("revoke", REQUEST), meaning_of_subject("resolve-applied", "R-7K3MQ2XA/c1"),
        meaning_of_subject("resolve-not-applied", "R-7K3MQ2XA/c1"),
        meaning_of_subject("release", "lockout:site:3"),
        meaning_of_subject("revoke-key", f"key:{key_id('anna')}"),
    ]  # fmt: skip
    assert len(set(others)) == 7
    assert not any("approve exactly" in each for each in others)


_C1 = "R-7K3MQ2XA/c1"
_RECORD = RequestRecord(
    REQUEST, REQUEST.text, REQUEST.digest, RequestState.PENDING, "", NOW, None, ()
)
_CARD = {"schema": "card/1", "request_digest": REQUEST.digest}
_OUTCOME = {**_CARD, "schema": "outcome/1", "action_id": _C1}
_ANOTHERS = {"request_digest": "0" * 64}


def test_each_word_is_signed_on_the_kind_of_document_that_shows_what_it_is_about() -> None:
    for shown, counts_for in [
        (_CARD, "approve reject revoke"),
        (_OUTCOME, "resolve-applied resolve-not-applied"),
        (None, "reject revoke"),
        (_CARD | _ANOTHERS, ""),
        (_OUTCOME | _ANOTHERS, ""),
        (_OUTCOME | {"action_id": "R-7K3MQ2XA/c2"}, ""),
        (_CARD | {"schema": "outcome/1"}, ""),
        (_CARD | {"action_id": _C1, "schema": "nothing/9"}, ""),
        ([_CARD], ""),
    ]:
        card = None if shown is None else canonical(shown)
        counted, reasons = list[str](), set[Reason]()
        for verdict in ("approve", "reject", "revoke", "resolve-applied", "resolve-not-applied"):
            more: dict[str, Any] = {"subject": _C1} if verdict.startswith("resolve") else {}
            more |= {"card": digest("card", card)} if card else {}
            try:
                check_card(decision_of(verdict=verdict, **more), _RECORD, card)
                counted.append(verdict)
            except DecisionRefused as refusal:
                reasons.add(refusal.reason)
        assert " ".join(counted) == counts_for, shown
        assert reasons == {Reason.NO_CARD}, shown
    nothing = canonical({**_CARD, "schema": "outcome/1"})
    said = decision_of(verdict="resolve-applied", card=digest("card", nothing))
    with pytest.raises(DecisionRefused, match=Reason.NO_CARD):  # a resolution of no action
        check_card(said, _RECORD, nothing)


UNTIL = "2026-11-25T08:50:25.123Z"
BARE = f"authority:PUMPS-101:3:{UNTIL}"
MARK = "0123456789abcdef" * 2
TWO = (NamedHeartbeat("P-101A.hb", 1000, MARK), NamedHeartbeat("P-101B.hb", 200, MARK))
FIRST = f"P-101A.hb/1000ms/{MARK}"


def test_what_is_named_is_found_again_and_said_in_words() -> None:
    assert authority_subject("PUMPS-101", 3, UNTIL) == BARE
    assert split_heartbeats(BARE) == (BARE, ())
    assert meaning_of_subject("grant-authority", BARE) == f"I grant authority to agents: {BARE}"
    subject = authority_subject("PUMPS-101", 3, UNTIL, TWO)
    assert subject == f"{BARE}:heartbeat={FIRST},P-101B.hb/200ms/{MARK}"
    assert split_heartbeats(subject) == (BARE, TWO)
    assert meaning_of_subject("grant-authority", subject) == (
        f"I grant authority to agents: {subject}; and the gate may write its heartbeat into "
        "P-101A.hb every 1 s until then; and the gate may write its heartbeat into P-101B.hb "
        "every 0.2 s until then"
    )


def test_any_other_spelling_names_nothing_and_is_no_hand_over() -> None:
    for named in [
        "", ",", f"{FIRST},", f"{FIRST},{FIRST}", f" {FIRST}", FIRST.replace("1000", "01000"),
        FIRST.replace("ms", "s"), FIRST.upper(), FIRST[:-1], f"{FIRST}0",
        f"{FIRST}:heartbeat={FIRST}",
        FIRST.replace("1000", "1000000"), FIRST.replace("P-101A", "Ｐ-101A"), f"{FIRST}\n",
    ]:  # fmt: skip
        subject = f"{BARE}:heartbeat={named}"
        assert split_heartbeats(subject) == (subject, ()), named


def test_equipment_without_a_heartbeat_has_no_text_to_be_signed(tmp_path: Path) -> None:
    site = make_beating_site(tmp_path)
    assert f'"tag":"{BEAT}"' in heartbeat_text(site, PUMP)
    assert heartbeat_of(site, "P-101B") is None
    with pytest.raises(KeyError, match="P-101B"):
        heartbeat_text(site, "P-101B")
