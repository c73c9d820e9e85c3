"""An approval session: its card, the word to type, the role to sign in, and the signers."""

from dataclasses import replace
from typing import Any

import pytest

from handwheel.tools.guardrails.approval import session
from handwheel.tools.guardrails.approval.cards.card_model import Card
from handwheel.tools.guardrails.approval.session import (
    ApprovalSession,
    role_for,
)

from ...hmi.requests.sample_card import card, lower, request, start
from ..testbed.with_oracle import START, Watched


async def test_a_session_waits_until_the_card_can_be_approved(
    room: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = room.desk.record(room.desk.propose(START).request_id)
    ready = card(request())
    early = card(request(), blocking_reasons=("locked out: P-101B",))
    assert (early.is_approvable, ready.is_approvable) == (False, True)
    waits, cards = list[float](), iter((early, ready))

    def next_card(*_: object) -> Card:
        return next(cards)

    monkeypatch.setattr(session, "sleep", waits.append)
    monkeypatch.setattr(session, "current_card", next_card)
    opened = ApprovalSession.settled(room.desk.decision_context, record)
    assert (len(waits), opened.card) == (1, ready)
    assert opened.expected_word == "P-101B start"


async def test_the_role_to_sign_in_is_one_that_the_request_needs(room: Watched) -> None:
    context, asked = room.desk.decision_context, room.desk.propose(START)
    for roles, signed_in in (
        ({"administrator", "operator"}, "operator"),
        ({"viewer", "guest"}, "guest"),
    ):
        person = replace(room.desk.operator("anna"), roles=frozenset(roles))
        assert role_for(context, person, asked.roles, asked.written) == signed_in


def _numbered(number: int, **changes: Any) -> dict[str, Any]:
    return start() | {"action_id": f"R-7K3MQ2XA/c{number}", "undo": None} | changes


def _word(*commands: dict[str, Any], risk_class: str = "R2") -> str:
    asked = request(commands=list(commands), recovery=[], risk_class=risk_class)
    return card(asked).word.replace(asked.digest[:4], "DIGEST")


def test_the_word_names_the_machine_and_the_act() -> None:
    mode = {
        "tag": "P-101B.mode", "address": "holding 20 uint16", "wire": "010600140001",
        "type": "enum", "value": 1, "shown": "remote",
    }  # fmt: skip
    assert _word(start()) == "P-101B start"
    assert _word(start(), risk_class="R1") == "approve"
    assert _word(lower()) == "PIC-102.sp 340"
    assert _word(_numbered(1, **mode), _numbered(2)) == "P-101B.mode remote, P-101B start"


def test_a_word_that_nobody_can_type_is_number_and_digest() -> None:
    for equipment in ("x" * 40, "20 °C", "two  blanks", " at the edge", "日本"):
        assert _word(_numbered(1, equipment=equipment)) == "approve 1 write DIGEST", equipment
    assert _word(*(_numbered(n) for n in range(1, 7))) == "approve 6 writes DIGEST"
