"""Text from a plant, or from people outside the site's files, which is never trusted.

Such are strings that devices hold, their errors, work orders, reasons, notes and names.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn

from .safe_text import is_invisible, quoted

LONGEST = 256
"""Most characters that are kept of a text."""
_READ = 16 * LONGEST  # characters that are looked at, of which many may be invisible
_LONGEST_SOURCE = 80
_CUT = "..."
_CLOSED = "text of a plant is opened by as_data or for_screen only"
_MARKS = frozenset({"Mn", "Me"})
_MOST_MARKS = 2  # accents over one letter
# No token of a chat template, no markup, template, JSON and link is left without these.
_NO_SYNTAX = str.maketrans(
    {
        "<": "‹", ">": "›", "[": "(", "]": ")", "{": "(", "}": ")", "|": "¦", "\\": "/",
        "`": "'", '"': "'",
    }
)  # fmt: skip
_ROLE = re.compile(
    r"\b(system|assistant|user|human|tool|function|developer|instructions?|response)\s*:",
    re.IGNORECASE,
)
_HEADING = re.compile(r"##+")
_LINK = re.compile(r":(?=//)")


@dataclass(frozen=True, slots=True)
class PlantText:
    """Text that is not trusted, with its source and time.

    It is no `str`, and neither `str()` nor a format opens it, so that it becomes no part of a
    prompt, a tag, a target, a limit, a unit, a file name or an expression. A model gets it by
    `as_data`, a person by `for_screen`, and nothing else opens it.

    It is made harmless when it is made. It has at most 256 characters on one line, in the Unicode
    form NFKC, without control, bidirectional, invisible and tag characters. Signs of markup and of
    chat templates become others, such as `‹` for `<`, and `system:` becomes `system -`.

    Args:
        text: Any text. What is too long ends in `...`.
        source: What it is from, such as `X-101.model` or `work order W-7K3MQ2XA`.
        at: When it was said or read; `None` if that is not known.
    """

    _text: str
    source: str
    at: datetime | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "_text", _harmless(self._text, LONGEST))
        object.__setattr__(self, "source", _harmless(self.source, _LONGEST_SOURCE))

    def as_data(self) -> Mapping[str, str]:
        """Returns it for a model or program, as a JSON table that says that it is not trusted."""
        time = self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if self.at else ""
        return {"untrusted_text": self._text, "source": self.source, "at": time}

    def for_screen(self) -> str:
        """Returns it for a person, in quotation marks that nothing within it can end.

        Letters that imitate others are escaped, as by `printable`. Its source is told beside it.
        """
        return quoted(self._text)

    def __repr__(self) -> str:
        return f"PlantText(of {self.source!r}, {len(self._text)} characters)"

    def __str__(self) -> NoReturn:
        raise TypeError(_CLOSED)

    def __format__(self, spec: str) -> NoReturn:
        raise TypeError(_CLOSED)


def _harmless(text: str, limit: int) -> str:
    """Returns a text in which nothing is markup. The same text comes back from a second time."""
    found, before = text[:_READ], ""
    while found != before:
        before = found
        found = _once(found)
    if len(found) > limit or len(text) > _READ:
        found = found[: limit - len(_CUT)].rstrip(" .") + _CUT
    return found


def _once(text: str) -> str:
    seen = " ".join("".join(map(_seen, text)).split())
    plain = _few_marks(unicodedata.normalize("NFKC", seen)).translate(_NO_SYNTAX)
    return _LINK.sub(" -", _HEADING.sub("#", _ROLE.sub(r"\1 -", plain)))


def _seen(character: str) -> str:
    """Returns a character, a space for one of any space or line, or nothing if it is invisible."""
    if character.isspace():
        return " "
    return "" if is_invisible(character) else character


def _few_marks(text: str) -> str:
    kept, marks = list[str](), 0
    for each in text:
        marks = marks + 1 if unicodedata.category(each) in _MARKS else 0
        if marks <= _MOST_MARKS:
            kept.append(each)
    return "".join(kept)
