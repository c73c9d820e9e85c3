import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handwheel.hmi.card_text import has_colour, render_card
from handwheel.tools.guardrails.card import CardSigner, parse_card
from handwheel.tools.requests.stamps import stamp

from .carded import FILED, READINGS, card, lower, picture, read, request, start

GOLDEN = Path(__file__).parent / "cards"
RED = "\x1b[1;31m"
BROKEN_SWITCH = {"P-101B.mode": READINGS["P-101B.mode"].model_copy(update={"status": 0x808C0000})}
CARDS = {
    "start": card(),
    "two-people": card(
        request(commands=[start(), lower()], risk_class="R3", quorum=2,
                roles=["operator", "shift-supervisor"]),
        signed=(CardSigner(person="jörg", role="operator", signed_at=stamp(FILED)),),
    ),
    "not-now": card(
        request(proposer={"kind": "agent", "name": "planner"}, recovery=[]),
        picture(read("P-101B.run_cmd", value=True, shown="true") | BROKEN_SWITCH,
                locked=("P-101B",), at_s=1800.8),
        after_s=1801.0,
    ),
    "hostile": card(
        request(
            reason="routine\x1b[2J\nrisk R1 \u202eevil\u200b P-101\N{CYRILLIC CAPITAL LETTER A} "
            + "e" + "\u0301" * 40 + " 日本語 " + "word " * 200,
            proposer={"kind": "person", "name": "an\N{CYRILLIC SMALL LETTER EN}a"},
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CARDS)
def test_a_card_looks_as_it_did(name: str) -> None:
    drawn = "\n".join(render_card(CARDS[name])) + "\n"
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("HANDWHEEL_DRAW"):
        golden.write_text(drawn, encoding="utf-8")
    assert drawn == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CARDS)
def test_an_auditor_draws_the_same_card_again(name: str) -> None:
    shown = CARDS[name]
    again = parse_card(shown.text)
    assert (again.text, again.digest) == (shown.text, shown.digest)
    assert render_card(again) == render_card(shown)


def test_colour_is_for_the_abnormal_and_never_alone() -> None:
    assert not any("\x1b" in line for line in render_card(CARDS["start"], is_coloured=True))
    plain, coloured = (render_card(CARDS["not-now"], is_coloured=each) for each in (False, True))
    assert [each.replace(RED, "").replace("\x1b[0m", "") for each in coloured] == plain
    is_marked = False
    for before, after in zip(plain, coloured, strict=True):
        is_marked = before[10:11] == "!" or (is_marked and before.startswith(" " * 14))
        assert (RED in after) == is_marked, before
    assert sum(RED in each for each in coloured) > 5


def test_no_colour_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert has_colour()
    monkeypatch.setenv("NO_COLOR", "1")
    assert not has_colour()
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not has_colour()


def _columns(text: str) -> int:
    wide = sum(unicodedata.east_asian_width(each) in "WF" for each in text)
    return len(text) + wide - sum(unicodedata.category(each) in {"Mn", "Me"} for each in text)


def _drawn(reason: str, width: int) -> list[str]:
    return render_card(card(request(reason=reason)), width)


@given(st.text(min_size=1, max_size=300), st.integers(20, 140))
def test_no_reason_can_leave_its_place(reason: str, width: int) -> None:
    lines, honest = _drawn(reason, width), _drawn("x", width)
    assert all(line.isprintable() for line in lines)
    assert all(_columns(line) <= max(width, 80) for line in lines)
    at = next(n for n, line in enumerate(honest) if line.startswith("reason"))
    assert lines[:at] == honest[:at]
    assert next(line for line in lines[at + 1 :] if line[:10].strip()) == honest[at + 1]
