"""What a person must type, and what stands above the question."""

from typing import Any

import pytest

from handwheel.hmi.requests import approve as asking
from handwheel.tools.guardrails.approval.session import expected_word

from .sample_card import card, lower, request, start


def _numbered(number: int, **changes: Any) -> dict[str, Any]:
    return start() | {"action_id": f"R-7K3MQ2XA/c{number}", "undo": None} | changes


def _word(*commands: dict[str, Any], risk_class: str = "R2") -> str:
    asked = request(commands=list(commands), recovery=[], risk_class=risk_class)
    return expected_word(asked).replace(asked.digest[:4], "DIGEST")


def test_the_word_says_what_is_written_and_where() -> None:
    mode = {"tag": "P-101A.mode", "shown": "remote"}
    assert _word(start()) == "run_cmd true"
    assert _word(start(), risk_class="R1") == "approve"
    assert _word(lower() | {"shown": "349.0039978027344"}) == "sp 349.0039978027344"
    assert _word(_numbered(1, **mode), _numbered(2)) == "P-101A.mode remote, P-101B.run_cmd true"


@pytest.mark.parametrize("shown", ["x" * 40, "20 °C", "two  blanks", " at the edge", "日本"])
def test_what_nobody_can_type_is_told_by_number_and_digest(shown: str) -> None:
    assert _word(_numbered(1, shown=shown)) == "approve 1 write DIGEST"
    assert _word(*(_numbered(n) for n in range(1, 7))) == "approve 6 writes DIGEST"


@pytest.mark.parametrize("height", [24, 100])
def test_the_change_stands_above_the_question_when_the_card_is_taller_than_the_screen(
    height: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", str(height))
    asking.show_card(card(request(reason="long " * 300, commands=[start(), lower()])))
    *_, above, last = capsys.readouterr().out.splitlines()
    if height == 24:
        assert above == "change      1  P-101B.run_cmd  false → true"
        assert last.startswith("            2  PIC-102.sp ")
    else:
        assert last.startswith("digest")
