"""Formats the expected results of writes and their verdicts."""

from collections.abc import Mapping
from typing import Any

from handwheel.tools.requests.duration_text import exact_span
from handwheel.tools.safe_text import LONG, printable

MET_BEFORE = "it was already met before the write"
"""Text for an expected result that proves nothing."""
_EFFECT = "effect."
_CAME, _MISSED = f"{_EFFECT}CAME", f"{_EFFECT}MISSED"


def effect_text(expected: str, within_s: float, observed: str) -> str:
    """Returns an expected result, its time limit and the observed values."""
    values = _values(expected, observed)
    return f"expected {expected} within {exact_span(within_s)}; observed: {values}"


def row_effect_text(body: Mapping[str, Any]) -> str:
    """Returns the same for the body of a journal row."""
    within_s = body.get("within_s")
    words = effect_text(
        str(body.get("expected")),
        within_s if isinstance(within_s, int | float) else 0.0,
        str(body.get("observed")),
    )
    return printable(words, LONG)


def effect_line(kind: str, body: Mapping[str, Any]) -> str:
    """Returns the verdict, its time and the expected result of a row such as `effect.MISSED`."""
    verdict = printable(kind.partition(".")[2])
    after_s = body.get("after_s")
    after = f" after {exact_span(round(after_s, 1))}" if isinstance(after_s, int | float) else ""
    before = f", but {MET_BEFORE}" if was_met_before(body) else ""
    return f"EFFECT {verdict}{after}{before}: {row_effect_text(body)}"


def effect_sentence(kind: str, body: Mapping[str, Any]) -> str:
    """Returns a sentence about a result not met or without proof, else an empty string."""
    expected, observed = str(body.get("expected")), str(body.get("observed"))
    text = printable(expected, LONG)
    if kind == _CAME and was_met_before(body):
        return f"The expected result proves nothing, because {MET_BEFORE}: {text}."
    if kind == _CAME or not kind.startswith(_EFFECT):
        return ""
    values = printable(_values(expected, observed), LONG)
    outcome = "was not met" if kind == _MISSED else "is not known to be met"
    return f"The expected result {outcome}: {text} (observed: {values})."


def was_met_before(body: Mapping[str, Any]) -> bool:
    """Returns whether the result was already met before the frame was sent."""
    return body.get("was_so") is True


def _values(expected: str, observed: str) -> str:
    """Returns the observed values without the condition in front of them."""
    values = observed.removeprefix(expected)
    if values != observed and values.startswith("  [") and values.endswith("]"):
        return values[3:-1]
    return observed
