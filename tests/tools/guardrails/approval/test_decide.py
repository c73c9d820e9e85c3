"""Words on a request that are not quite the words for it."""

from collections.abc import Mapping
from typing import Any

import pytest

from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.approval.propose import Propose
from handwheel.tools.guardrails.ledger.decisions import Signed
from handwheel.tools.guardrails.ledger.store.states import RequestState
from handwheel.tools.guardrails.signatures.decisions import (
    Decision,
    DecisionRefused,
    Reason,
    RequestVerdict,
    meaning_of_subject,
    parse_decision,
    sign,
)
from handwheel.tools.requests.canonical import digest
from handwheel.tools.requests.request import ActionRequest

from ....gate.testbed.with_oracle import START, START_B, Watched
from ....gate.testbed.words import decide
from ....sites.people import key_of


def _refused(room: Watched, signed: Signed, card: str | None) -> str:
    desk = room.desk
    before = len(list(desk.database.journal()))
    decisions = desk.database.all("SELECT count(*) FROM decision")[0][0]
    with pytest.raises(GuardrailError) as refusal:
        decide(desk.decision_context, signed, card, room.clock.now())
    assert [row["reason"] for row in room.rows("decision.refused")][-1] == str(refusal.value)
    assert len(list(desk.database.journal())) == before + 1
    assert desk.database.all("SELECT count(*) FROM decision")[0][0] == decisions
    return str(refusal.value)


def test_a_request_is_filed_on_its_own_signature_only(spare: Watched) -> None:
    desk = spare.desk
    request, _ = desk.request([START])
    other, _ = desk.request([START_B])
    words: tuple[tuple[RequestVerdict, ActionRequest], ...] = (
        ("propose", other), ("approve", request),
    )  # fmt: skip

    def propose(signed: Signed) -> None:
        message = Propose(site=spare.site.id, request=request, signed=signed)
        message.apply(desk.decision_context, spare.clock.now())

    for word, meant in words:
        signed = desk.signed(word, meant, "gina", card=None)
        with pytest.raises(DecisionRefused, match=f"^{Reason.OTHER_DIGEST}$"):
            propose(signed)
        assert desk.database.all("SELECT count(*) FROM request")[0][0] == 0, word
        assert spare.rows("decision.refused")[-1]["reason"] == str(Reason.OTHER_DIGEST), word
    own = desk.signed("propose", request, "gina", card=None)
    propose(own)
    assert desk.record(request.request_id).state is RequestState.PENDING


def test_what_is_no_card_approves_nothing(spare: Watched) -> None:
    request = spare.desk.propose(START)
    for card in ("", "{", '{"schema": "card/1"}', "[1,2]"):
        signed = spare.desk.signed("approve", request, "anna", card=digest("card", card))
        assert _refused(spare, signed, card) == str(Reason.NO_CARD), card
    spare.desk.approve(request, "anna")
    assert spare.desk.record(request.request_id).state is RequestState.APPROVED


def test_a_signature_in_the_place_of_a_revoked_one_is_still_the_only_one(spare: Watched) -> None:
    desk = spare.desk
    request = desk.propose(("P-101A.mode", 0))  # which two people approve
    assert desk.say("approve", request, "anna") is RequestState.PARTIAL
    desk.revoke_key("anna")
    assert desk.say("approve", request, "bert") is RequestState.PARTIAL
    assert [row["to"] for row in spare.rows("request.PARTIAL")] == ["PARTIAL"]
    assert desk.states(request) == ["PLANNED"]


async def _unknown(room: Watched) -> ActionRequest:
    """A request of two commands: of the first nobody knows what became of it."""
    await room.start_gate()
    request = room.approved(START, ("PIC-102.sp", 360.0))
    room.plant.fault = "answer lost"
    room.watch()
    await room.act()
    assert room.desk.states(request) == ["UNKNOWN", "PLANNED"]
    return request


def _resolution(room: Watched, request: ActionRequest, name: str, **changes: Any) -> Signed:
    said: Mapping[str, Any] = {
        "verdict": "resolve-applied", "subject": name,
        "meaning": meaning_of_subject("resolve-applied", name),
        "card": digest("card", room.desk.outcome(request, name)),
    }  # fmt: skip
    approval = parse_decision(room.desk.signed("approve", request, "anna").text)
    document = approval.model_dump(by_alias=True, exclude_none=True)
    return sign(Decision.model_validate({**document, **said, **changes}), key_of("anna"))


async def test_what_is_not_unknown_is_not_resolved(spare: Watched) -> None:
    request = await _unknown(spare)
    name = request.request_id
    for action, state in (("c2", "PLANNED"), ("c9", "no action of this request")):
        signed = _resolution(spare, request, f"{name}/{action}")
        why = _refused(spare, signed, spare.desk.outcome(request, f"{name}/{action}"))
        assert why == f"{name}/{action} is {state}; there is nothing to resolve"
    assert spare.desk.states(request) == ["UNKNOWN", "PLANNED"]
    spare.desk.resolve(f"{name}/c1", "resolve-applied")
    assert spare.desk.states(request) == ["RESOLVED_APPLIED", "CANCELLED"]
    signed = _resolution(spare, request, f"{name}/c1")
    why = _refused(spare, signed, spare.desk.outcome(request, f"{name}/c1"))
    assert why == f"{name}/c1 is RESOLVED_APPLIED; there is nothing to resolve"


async def test_what_was_resolved_is_signed_in_its_own_words(spare: Watched) -> None:
    request = await _unknown(spare)
    name = f"{request.request_id}/c1"
    not_applied = meaning_of_subject("resolve-not-applied", name)
    for words in ("I looked", not_applied):
        signed = _resolution(spare, request, name, meaning=words)
        refusal = _refused(spare, signed, spare.desk.outcome(request, name))
        assert refusal == str(Reason.OTHER_MEANING), words
        assert spare.desk.states(request) == ["UNKNOWN", "PLANNED"], words
    spare.desk.resolve(name, "resolve-applied")
    assert spare.desk.states(request)[0] == "RESOLVED_APPLIED"
