"""The card above the question to approve."""

import pytest

from handwheel.hmi.requests import approve as asking

from .sample_card import card, lower, request, start


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
