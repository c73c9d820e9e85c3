"""What is typed at the console stays, is corrected and is drawn again."""

import pytest

from handwheel.hmi.shift.typed_line import TypedLine


@pytest.mark.parametrize(
    ("typed", "line", "left"),
    [
        (b"list\n", "list", ""),
        (b"lixt\x7f\x7fst\n", "list", ""),
        (b"open R-7K\x17list\n", "open list", ""),
        (b"nothing\x15list\n", "list", ""),
        (b"li\x1b[A\x1bOBst\x1b[3~\n", "list", ""),
        ("häü\x7f".encode(), None, "hä"),
        (b"a\x00\x07b", None, "ab"),
        (b"list\nlockout\n", "list", ""),
        (b"\x7f\x7f\n", "", ""),
    ],
)
def test_keys_make_a_line(
    typed: bytes, line: str | None, left: str, capsys: pytest.CaptureFixture[str]
) -> None:
    editor, found = TypedLine(), None
    for byte in typed:
        found = editor.take(bytes([byte]))
        if found is not None:
            break
    assert (found, editor.text) == (line, left)
    assert "\x1b" not in capsys.readouterr().out


def test_ctrl_d_ends_only_an_empty_line() -> None:
    editor = TypedLine()
    assert editor.take(b"a\x04") is None
    editor.take(b"\x15")
    with pytest.raises(EOFError):
        editor.take(b"\x04")
