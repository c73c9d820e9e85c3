r"""Text of plants, persons and models, made safe for the screen of an approver.

Characters that are invisible, move other text or imitate it become escapes, such as `\u202e`.
"""

import unicodedata
from collections.abc import Iterable, Iterator

from handwheel.connectors.hints import NEXT

LONG = 600
"""Most characters of a line, such as a condition with all its values."""

_LOOKED = 8  # characters, for each that is shown; at most three become one
_MOST_MARKS = 2  # accents over one letter
_TECHNICAL = frozenset("µΩΔηλπφ¹²³")  # not Latin, but usual in units and formulas
# Printable to Python, but drawn as nothing.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_ENDINGS = str.maketrans(dict.fromkeys("“”„‟«»〝〞〟❝❞", "'"))  # of a quotation
_NO_NEXT = NEXT.replace(":", " -")
_SELECTORS = (range(0x180B, 0x1810), range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))


def plain(text: str, limit: int = 120) -> str:
    """Returns an identifier with everything but visible ASCII escaped.

    A Cyrillic letter in a tag's name becomes visible: `P-101\u0410.run_cmd`. Characters beyond the
    limit are counted.
    """
    if _is_harmless(text, limit):
        return text
    looked_at = text[: limit + 1]
    shown = (each if " " <= each <= "~" else _escape(each) for each in looked_at)
    return _capped(shown, limit, len(text) - len(looked_at))


def printable(text: str, limit: int = 1000) -> str:
    """Returns prose with escapes for characters that could deceive.

    Escaped are control, bidirectional and invisible characters, line ends, piles of accents,
    letters that look like ASCII, and letters of other scripts in a word
    with Latin ones. Characters beyond the limit are counted.
    """
    if _is_harmless(text, limit):
        return text
    looked_at = text[: _LOOKED * limit]  # a long text must not take long
    shown = _shown(unicodedata.normalize("NFC", looked_at))
    return _capped(shown, limit, len(text) - len(looked_at))


def quoted(text: str, limit: int = 1000) -> str:
    """Returns prose as `printable` does, in quotation marks that nothing within it can end.

    Nothing in it passes for a command that leads on, which lists show as one to type.
    """
    harmless = text.translate(_ENDINGS).replace(NEXT, _NO_NEXT)
    return f"“{printable(harmless, limit)}”"


def _is_harmless(text: str, limit: int) -> bool:
    return len(text) <= limit and text.isascii() and text.isprintable()


def _shown(text: str) -> Iterator[str]:
    marks, can_carry = 0, False
    for word in _words(text):
        has_latin = any(each.isascii() and each.isalnum() for each in word)
        for each in word:
            is_mark = unicodedata.category(each) in {"Mn", "Me"}
            marks = marks + 1 if is_mark else 0
            is_odd = is_invisible(each) or _is_imitation(each)
            is_odd |= has_latin and _is_foreign(each)
            # After an escape, a mark would sit on its last digit.
            is_odd |= is_mark and (not can_carry or marks > _MOST_MARKS)
            can_carry = not is_odd
            yield _escape(each) if is_odd else each


def _words(text: str) -> Iterator[str]:
    word = ""
    for each in text:
        if each.isspace():
            yield from (word, each)
            word = ""
        else:
            word += each
    yield word


def is_invisible(character: str) -> bool:
    """Whether a character is drawn as nothing, or is no more than a control."""
    is_selector = any(ord(character) in each for each in _SELECTORS)
    return not character.isprintable() or character in _BLANK or is_selector


def _is_foreign(character: str) -> bool:
    if character.isascii() or not character.isalnum() or character in _TECHNICAL:
        return False
    return not unicodedata.name(character, "").startswith("LATIN ")


def _is_imitation(character: str) -> bool:
    if character.isascii() or not character.isalnum() or character in _TECHNICAL:
        return False
    return unicodedata.normalize("NFKC", character).isascii()


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()


def _capped(parts: Iterable[str], limit: int, more: int = 0) -> str:
    """Joins parts up to a limit. `more` characters follow them."""
    shown, length, hidden = list[str](), 0, more
    for part in parts:
        if part and (hidden > more or length + len(part) > limit):
            hidden += 1
        else:
            shown.append(part)
            length += len(part)
    return "".join(shown) + (f"… ({hidden} more characters)" if hidden else "")
