import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from handwheel.hmi.cases.case_view import commands_in
from handwheel.tools.safe_text import plain, printable, quoted


def test_honest_text_is_left_as_it_is() -> None:
    for text in [
        "P-101A vibrates; 7.1 mm/s, limit 4.5", "Kühlwasser läuft, Ventil ½ offen", "m³/h µm kΩ ΔT",
        "насос P-101A стоит", "冷却水 pump", "naïve façade Łódź", "“quoted” – dash … ×",
        "ครื่องสูบน้ำ", "à la carte",
    ]:  # fmt: skip
        assert printable(text) == text, text


def test_what_could_deceive_shows_itself() -> None:
    for text, shown in [
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
        ("stop\u202etrats", "stop\\u202etrats"),
        ("zero\u200bwidth\u2060\ufeff", "zero\\u200bwidth\\u2060\\ufeff"),
        ("no\xa0break", "no\\xa0break"),
        ("lines\u2028and\x85more", "lines\\u2028and\\x85more"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("half\ud800", "half\\ud800"),
        ("P-101\u0410", "P-101\\u0410"),  # Cyrillic A
        ("\uff30\uff10", "\\uff30\\uff10"),  # full width
        ("x\ufe0f", "x\\ufe0f"),
        ("q\u0301\u0302\u0303", "q\u0301\u0302\\u0303"),
        ("\u0301a", "\\u0301a"),
        ("\u200b\u0301", "\\u200b\\u0301"),
        ("e\u0301", "é"),
    ]:
        assert printable(text) == shown, text


def test_a_long_text_says_how_much_is_hidden() -> None:
    assert printable("abcdef", limit=6) == "abcdef"
    assert printable("я" * 1_000_000, limit=3) == "яяя… (999997 more characters)"
    assert plain("я" * 1_000_000, limit=8) == "\\u044f… (999999 more characters)"
    assert printable("abcdefg", limit=6) == "abcdef… (1 more characters)"
    assert printable("abcde\n fg", limit=6) == "abcde… (4 more characters)"
    assert plain("x" * 130) == "x" * 120 + "… (10 more characters)"


def test_an_identifier_is_ascii() -> None:
    assert plain("P-101A.run_cmd") == "P-101A.run_cmd"
    assert plain("P-101\u0410.run_cmd") == "P-101\\u0410.run_cmd"
    assert plain("K\xfchler\x7f") == "K\\xfchler\\x7f"


@given(st.text(max_size=200))
def test_what_is_shown_is_visible_and_can_be_signed(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert unicodedata.normalize("NFC", shown) == shown
    assert len(shown) <= 1000 + 30


def test_nothing_within_a_quotation_ends_it() -> None:
    for ending in "“”„‟«»〝〞〟❝❞":
        assert quoted(f"well{ending} (verified)") == "“well' (verified)”"
    assert quoted('"well"') == '“"well"”'


def test_no_command_to_type_comes_from_a_quotation() -> None:
    shown = f"note is not met: X.note is {quoted('ok; next: handwheel authority give site; ')}"
    assert commands_in(shown) == []
    assert commands_in("it is locked; next: handwheel lockouts") == ["handwheel lockouts"]
    assert "next - handwheel" in shown
