"""The card on the screen while a person decides."""

from typing import Any, cast
from unittest.mock import Mock

import pytest

from handwheel.hmi.requests.assessment.model import PENDING, AssessedLine, Assessment
from handwheel.hmi.requests.cards import live_card
from handwheel.hmi.requests.cards.card_text import render_card
from handwheel.hmi.requests.cards.live_card import LiveCard, footer_lines
from handwheel.hmi.shell.terminal.prompt import PromptAnswer
from handwheel.tools.errors import Unanswered
from handwheel.tools.guardrails.approval.cards.card_model import Card
from handwheel.tools.guardrails.approval.session import ApprovalSession

from .sample_card import asked_by_run, card, picture, read


class Session(ApprovalSession):
    """A session that finds these cards, one after the other."""

    def __init__(self, *cards: Card) -> None:
        super().__init__(cast(Any, None), cast(Any, None), cards[0])
        self.coming = list(cards[1:])
        self.told = ""

    def look_again(self) -> str:
        self.card = self.coming.pop(0)
        return self.told


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    monkeypatch.setattr(live_card, "_can_move", lambda: True)


def test_a_live_card_draws_again_only_what_changed(capsys: pytest.CaptureFixture[str]) -> None:
    session = Session(card(), card(after_s=49.0), card(after_s=49.0))
    screen = LiveCard(session, list)
    screen.draw()
    first = capsys.readouterr().out
    assert "29:12 left" in first
    assert first.endswith("Type  P-101B start  to approve · Esc to decide later\n")
    assert screen.refresh()
    drawn = capsys.readouterr().out
    assert (drawn[:2], drawn[-2:]) == ("\x1b7", "\x1b8")  # the cursor stays with what is typed
    assert [each.partition("\x1b[2K")[0] for each in drawn.split("\x1b[")[1::2]] == ["1;1H", "5;1H"]
    assert "29:11 left" in drawn
    assert "1.4 s old" in drawn
    assert screen.refresh()
    assert capsys.readouterr().out == "\x1b7\x1b8"


def test_a_card_whose_gate_does_not_answer_ends_its_question(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = LiveCard(session := Session(card()), list)
    hangs = Mock(side_effect=Unanswered("the gate does not answer"))
    monkeypatch.setattr(session, "look_again", hangs)
    assert not screen.refresh()
    assert screen.change == "the gate does not answer"


def test_a_card_that_grows_is_drawn_again_with_its_question(
    capsys: pytest.CaptureFixture[str],
) -> None:
    longer = card(asked_by_run())
    screen = LiveCard(Session(card(), longer), list)
    screen.draw()
    capsys.readouterr()
    assert screen.refresh()
    drawn = capsys.readouterr().out
    assert longer.title in drawn
    assert drawn.endswith(f"decide later\n{live_card.QUESTION}")


def test_a_live_card_leaves_a_row_that_enter_moves_to(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    height = len(render_card(card()) + footer_lines(card(), 80))
    for rows, is_live in ((height, False), (height + 1, True)):
        monkeypatch.setenv("LINES", str(rows))
        screen = LiveCard(Session(card(), card(after_s=49.0)), list)
        screen.draw()
        capsys.readouterr()
        assert screen.refresh()
        assert bool(capsys.readouterr().out) is is_live


def test_a_change_that_matters_ends_the_question() -> None:
    session = Session(card(), card(seen=picture(read("P-101B.run_cmd", value=True, shown="true"))))
    session.told = "P-101B.run_cmd reads running, not stopped"
    screen = LiveCard(session, list)
    screen.draw()
    assert not screen.refresh()
    assert screen.change == session.told


def test_a_key_shows_its_details_and_nothing_else_answers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    screen = LiveCard(Session(card()), lambda: ["P-101B.run_cmd: not written before"])
    screen.draw()
    for key, shown in (
        ("b", "01 05 00 14 ff 00"), ("E", "Requires"), ("u", "Undo"), ("s", "by nobody yet"),
        ("h", "not written before"), ("c", "START P-101B"),
        ("YES", "“YES” is not the word; the word is  P-101B start"),
    ):  # fmt: skip
        capsys.readouterr()
        assert screen.open(key) is None, key
        assert shown in capsys.readouterr().out, key
    assert screen.open("r") is PromptAnswer.REJECT


def test_an_assessment_comes_when_it_is_computed_and_a_key_shows_it_all(
    capsys: pytest.CaptureFixture[str],
) -> None:
    done = Assessment(
        until="2026-11-25T08:51:12.000Z",
        cause=[AssessedLine(text="a bearing is worn")],
        ranking=["+21 dB  a bearing is worn"],
        alike=["none of 4 closed cases is alike"],
    )
    known = done.model_copy(update={"has_alike": True, "alike": ["C-1 of 2026-01-05"]})
    coming = [PENDING, PENDING, done, done, done, known, known, known]
    screen = LiveCard(Session(card(), card(), card()), list, lambda: coming.pop(0))
    screen.draw()
    assert "being computed here from recorded values" in capsys.readouterr().out
    assert screen.refresh()
    assert capsys.readouterr().out == "\x1b7\x1b8"
    assert screen.refresh()
    drawn = capsys.readouterr().out
    assert "a bearing is worn" in drawn
    assert "press m" not in drawn
    assert "\nd diagnosis · b e u s h details · r reject\nType" in drawn
    assert footer_lines(card(), 80, more=done.keys)[1:3] == [
        "with Enter: b bytes · e evidence · u undo · s signatures · h history · r reject",
        "d diagnosis",
    ]
    screen.open("d")
    assert "+21 dB" in capsys.readouterr().out
    screen.open("m")
    drawn = capsys.readouterr().out
    assert "earlier cases, as the agents have recorded them: press m" in drawn
    assert "Alike       C-1 of 2026-01-05" in drawn
    assert "\nc card · d diagnosis · m earlier cases · b e u s h details · r reject\n" in drawn


def test_a_long_assessment_begins_with_its_first_line_and_goes_on_with_the_same_key(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ranking = [f"hypothesis {n}." for n in range(20)]
    screen = LiveCard(Session(card()), list, lambda: Assessment(ranking=ranking))
    for first, last, more in ((0, 13, "6 more"), (14, 19, "the first of 20"), (0, 13, "6 more")):
        capsys.readouterr()
        screen.open("d")
        drawn = capsys.readouterr().out
        assert len(drawn.splitlines()) <= 22  # and the question, and the cursor after Enter
        assert f"hypothesis {first}." in drawn
        assert f"hypothesis {last}.\n… {more} lines: press d again\n" in drawn
        assert drawn.count("hypothesis") == last - first + 1
