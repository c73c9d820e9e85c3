"""Lines of a card: no text leaves its place, and no number is rounded away."""

import unicodedata
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handwheel.hmi.requests.cards.card_details import render_details
from handwheel.hmi.requests.cards.card_text import render_card
from handwheel.hmi.shell.terminal.panel import fitting_width, has_colour

from .sample_card import (
    asked_by_run,
    card,
    evidence,
    lower,
    picture,
    ramp,
    read,
    request,
    start,
)

HELD = 349.0039978027344


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


@given(st.text(min_size=1, max_size=300).filter(str.strip), st.integers(20, 140))
def test_no_reason_can_leave_its_place(reason: str, width: int) -> None:
    lines, honest = _drawn(reason, width), _drawn("x", width)
    assert all(line.isprintable() for line in lines)
    assert all(_columns(line) <= min(max(width, 60), 80) for line in lines)
    at = next(n for n, line in enumerate(honest) if line.startswith("Why"))
    assert lines[:at] == honest[:at]
    assert next(line for line in lines[at + 1 :] if line[:10].strip()) == honest[at + 1]


def test_a_long_reason_takes_three_lines_and_the_details_have_all_of_it() -> None:
    words = " ".join(f"word{n}" for n in range(250))
    shown = card(request(reason=words))
    short = render_card(card(request(reason="x")))
    assert len(render_card(shown)) == len(short) + 2
    whole = " ".join(line.strip() for line in render_details(shown, "e"))
    assert whole.endswith(f"Reason      “{words}”")


@pytest.mark.parametrize("width", [60, 80])
def test_the_bytes_of_a_long_frame_stand_below_each_other(width: int) -> None:
    wire = bytes(range(60)).hex()
    lines = render_details(card(request(commands=[start() | {"wire": wire}])), "b", width)
    drawn = [line for line in lines if line.startswith(" " * 16)]
    assert bytes.fromhex("".join(drawn)).hex() == wire
    assert {line[:17].isspace() for line in drawn} == {False}


def test_nothing_of_what_is_written_is_rounded_away() -> None:
    # A float32, as the device will hold it.
    wire = lower()["wire"][:14] + pack(">f", 349.004).hex()
    exact = lower() | {"value": HELD, "shown": str(HELD), "wire": wire}
    present = picture(read("PIC-102.sp", value=349.1, shown="349.1"))
    asked = request(commands=[exact])
    drawn = "\n".join(render_card(card(asked, present)))
    assert "349.1 → 349.0039978027344 kPa  -0.0960021972656 kPa" in drawn
    assert "limits 280 to 420 kPa" in drawn
    assert "already set" not in drawn
    reached = picture(read("PIC-102.sp", value=HELD, shown="349"))
    assert "349.0039978027344 → 349.0039978027344 kPa, already set" in "\n".join(
        render_card(card(asked, reached))
    )


@pytest.mark.parametrize(("columns", "width"), [(40, 60), (60, 60), (72, 72), (80, 80), (200, 80)])
def test_a_card_is_as_wide_as_its_terminal_within_reason(columns: int, width: int) -> None:
    assert fitting_width(columns) == width
    lines = render_card(card(), columns)
    assert (
        max(map(_columns, lines))
        == width
        == _columns(next(each for each in lines if "left" in each))
    )


def test_a_ramp_when_it_goes_back_in_between_shows_each_of_its_values() -> None:
    down = ramp()[:3]
    there_and_back = [
        each | {"action_id": f"R-7K3MQ2XA/c{n}"}
        for n, each in enumerate([*down, down[1], down[0]], start=1)
    ]
    drawn = "\n".join(render_card(card(asked_by_run(commands=there_and_back, recovery=[]))))
    assert "350 → 345, 340, 335, 340, 345 kPa" in drawn
    assert drawn.startswith("SET PIC-102.sp TO 345 kPa and 4 more writes")
    over = [each | {"action_id": f"R-7K3MQ2XA/c{n}"} for n, each in enumerate(down[2:0:-1], 1)]
    drawn = "\n".join(render_card(card(asked_by_run(commands=over, recovery=[]))))
    assert drawn.startswith("SET PIC-102.sp TO 335 kPa and 1 more write")  # first below, then up


def test_a_reading_over_its_age_limit_is_marked_too_old() -> None:
    for commands in ([start()], [start(), lower()]):
        lines = render_card(card(request(commands=commands), after_s=51.0))
        now = next(each for each in lines if "at most" in each)
        assert " s old, too old: at most 1.5 s" in now
        assert "!" in now


def test_an_alarm_is_named_by_what_is_read_and_not_by_the_agent() -> None:
    def why(**changes: str) -> str:
        asked = asked_by_run(evidence=[evidence("VAH-101A", "trigger", **changes)])
        return next(each for each in render_card(card(asked)) if each.startswith("Why"))

    honest = why(text="VAH-101A.active", values="VAH-101A.active is true")
    assert honest == "Why         alarm VAH-101A active: VT-101A high"
    forged = why(text="VT-101A.pv > 5 mm/s", values="VT-101A.pv is 5.4 mm/s")
    assert forged == "Why         VT-101A.pv > 5 mm/s met now: vibration of P-101A 5.6 mm/s"
