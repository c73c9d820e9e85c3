"""How a hand-over names heartbeats: one spelling, and words that say what is signed."""

from pathlib import Path

import pytest

from handwheel.tools.guardrails.signatures.decisions import authority_subject, meaning_of_subject
from handwheel.tools.guardrails.signatures.heartbeat_grants import (
    NamedHeartbeat,
    heartbeat_of,
    heartbeat_text,
    split_heartbeats,
)

from ....gate.testbed.heartbeat import BEAT, PUMP, make_beating_site

UNTIL = "2026-11-25T08:50:25.123Z"
BARE = f"authority:PUMPS-101:3:{UNTIL}"
MARK = "0123456789abcdef" * 2
TWO = (NamedHeartbeat("P-101A.hb", 1000, MARK), NamedHeartbeat("P-101B.hb", 200, MARK))
FIRST = f"P-101A.hb/1000ms/{MARK}"


def test_what_is_named_is_found_again_and_said_in_words() -> None:
    assert authority_subject("PUMPS-101", 3, UNTIL) == BARE
    assert split_heartbeats(BARE) == (BARE, ())
    assert meaning_of_subject("hand-over", BARE) == f"I hand over to agents: {BARE}"
    subject = authority_subject("PUMPS-101", 3, UNTIL, TWO)
    assert subject == f"{BARE}:heartbeat={FIRST},P-101B.hb/200ms/{MARK}"
    assert split_heartbeats(subject) == (BARE, TWO)
    assert meaning_of_subject("hand-over", subject) == (
        f"I hand over to agents: {subject}; and the gate may write its heartbeat into P-101A.hb "
        "every 1 s until then; and the gate may write its heartbeat into P-101B.hb every 0.2 s "
        "until then"
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
