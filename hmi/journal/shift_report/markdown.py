"""Shift report as Markdown of 80 columns."""

import re
import textwrap
from collections.abc import Iterator

from ...shell.terminal.templates import WIDTH
from .model import Part, ShiftReport

# What CommonMark or GitHub would take for markup; an underscore inside a word is none.
_MARKUP = re.compile(r"[\\`*<>\[\]|~&$@]|\b_|_\b|:(?=//)|(?<=www)\.", re.IGNORECASE)
_START = re.compile(r"^(\d+)(?=[.)](?:\s|$))|^(?=[#+=-])")


def markdown(report: ShiftReport) -> str:
    """Returns the report as Markdown. Text of plants and people is never markup in it."""
    return "".join(f"{line}\n" for line in _lines(report))


def _lines(report: ShiftReport) -> Iterator[str]:
    yield f"# {_text(report.title)}"
    yield ""
    yield f"**{_text(report.period)}**"
    yield ""
    for each in report.source:
        yield from _bullet(each, 0)
    yield ""
    yield f"| {' | '.join(name for name, _ in report.figures)} |"
    yield f"|{'---|' * len(report.figures)}"
    yield f"| {' | '.join(_text(value) for _, value in report.figures)} |"
    for part in report.parts:
        if part.items:
            yield from _part(part)
    if empty := [part.title.lower() for part in report.parts if not part.items]:
        yield ""
        yield from _wrapped(f"None: {'; '.join(empty)}.", WIDTH)


def _part(part: Part) -> Iterator[str]:
    yield ""
    yield f"## {_text(part.title)}"
    yield ""
    for item in part.items:
        yield from _bullet(item.text, 0)
        for each in item.lines:
            yield from _bullet(each, 2)


def _bullet(text: str, indent: int) -> Iterator[str]:
    first, *rest = _wrapped(_text(text), WIDTH - indent - 3)
    yield f"{' ' * indent}- {_start(first)}"
    yield from (f"{' ' * (indent + 2)}{_start(each)}" for each in rest)


def _wrapped(text: str, width: int) -> list[str]:
    # A word is never broken, because half of an escape would be markup.
    wrap = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
    return wrap or [""]


def _text(text: str) -> str:
    return _MARKUP.sub(lambda found: f"\\{found[0]}", text)


def _start(line: str) -> str:
    """Returns a line whose beginning is no list, heading or rule."""
    return _START.sub(lambda found: f"{found[1] or ''}\\", line)
