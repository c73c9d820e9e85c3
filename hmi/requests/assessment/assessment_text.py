"""Draws an assessment beside a card. Nothing of it is part of the card that is signed."""

from collections.abc import Callable, Iterator, Mapping

from handwheel.tools.safe_text import printable

from ...shell.terminal.panel import MARK, Part, Row, draw_part, fitting_width
from .model import PENDING, AssessedLine, Assessment

_LONG = 600  # characters of a line


def assessment_parts(assessment: Assessment, most: int) -> Iterator[Part]:
    """Yields an assessment in short.

    Args:
        most: Lines that each of its rows may take; with 0 only the abnormal rows are shown.
    """
    if assessment is PENDING:
        yield Part("Cause", [Row(["", "being computed here from recorded values"])])
    elif assessment.unable is not None:
        yield Part("Cause", [_row(assessment.unable, most or 1)])
    else:
        shown = [each for each in assessment.cause if most or each.is_abnormal]
        keys = " and ".join(_PARTS)
        origin = f"computed here from recorded values until {assessment.until[11:19]} UTC"
        rows = [_row(each, most or 1) for each in shown]
        yield Part("Cause", [*rows, Row(["", f"{origin}: press {keys}"])])


def render_assessed(assessment: Assessment | None, key: str, width: int) -> list[str]:
    """Returns what a key of `ASSESSED_KEYS` shows as lines."""
    width = fitting_width(width)
    if assessment is None:
        return ["The site has no failure modes, so nothing is diagnosed."]
    if assessment is PENDING or assessment.unable is not None:
        parts = list(assessment_parts(assessment, 3))
    else:
        parts = [_PARTS[key](assessment)]
    return [line for part in parts for line in draw_part(part, width, is_coloured=False)]


def _row(each: AssessedLine, most: int) -> Row:
    mark = MARK if each.is_abnormal else ""
    return Row([mark, printable(each.text, _LONG)], each.is_abnormal, most)


def _diagnosis(assessment: Assessment) -> Part:
    lines = (each.removeprefix("  ") for each in assessment.ranking)
    return Part("Diagnosis", [Row(["", printable(each, _LONG)]) for each in lines])


_PARTS: Mapping[str, Callable[[Assessment], Part]] = {"d": _diagnosis}
ASSESSED_KEYS = tuple(_PARTS)
"""Keys that show an assessment in full."""
