"""What was expected of the process after a write, and what came of it, in words."""

from collections.abc import Mapping
from typing import Any

from handwheel.tools.requests.spans import exact_span
from handwheel.tools.safe_text import printable

MET_BEFORE = "it was so before the write too"
"""What is said of an effect that proves nothing."""
_LONG = 600  # characters: a condition with all its values
_EFFECT = "effect."
_CAME, _MISSED = f"{_EFFECT}CAME", f"{_EFFECT}MISSED"


def effect_text(expected: str, within_s: float, observed: str) -> str:
    """Returns `expected PT-102.pv > 900 kPa within 15 s; seen: PT-102.pv is 363.23 kPa`."""
    return f"expected {expected} within {exact_span(within_s)}; seen: {_seen(expected, observed)}"


def row_effect_text(body: Mapping[str, Any]) -> str:
    """Returns the same of a row of the journal."""
    within_s = body.get("within_s")
    words = effect_text(
        str(body.get("expected")),
        within_s if isinstance(within_s, int | float) else 0.0,
        str(body.get("observed")),
    )
    return printable(words, _LONG)


def effect_line(kind: str, body: Mapping[str, Any]) -> str:
    """Returns the same with the verdict first, and whether it was so before the write too.

    Args:
        kind: Of the row, such as `effect.MISSED`.
    """
    verdict = printable(kind.partition(".")[2])
    after_s = body.get("after_s")
    after = f" after {exact_span(round(after_s, 1))}" if isinstance(after_s, int | float) else ""
    before = f", but {MET_BEFORE}" if was_met_before(body) else ""
    return f"EFFECT {verdict}{after}{before}: {row_effect_text(body)}"


def effect_sentence(kind: str, body: Mapping[str, Any]) -> str:
    """Returns a row in a sentence if it did not come or proves nothing; empty for every other row.

    Args:
        kind: Of the row; of any kind.
    """
    expected, observed = str(body.get("expected")), str(body.get("observed"))
    text = printable(expected, _LONG)
    if kind == _CAME:
        return f"What was expected came, but {MET_BEFORE}: {text}." if was_met_before(body) else ""
    if not kind.startswith(_EFFECT):
        return ""
    fate = "did not come" if kind == _MISSED else "came or not, nobody knows"
    return (
        f"What was expected {fate}: {text} (seen: {printable(_seen(expected, observed), _LONG)})."
    )


def was_met_before(body: Mapping[str, Any]) -> bool:
    """Whether what came had been seen to be so before the frame left."""
    return body.get("was_so") is True


def _seen(expected: str, observed: str) -> str:
    """Returns only the values where the condition itself was said just before."""
    values = observed.removeprefix(expected)
    if values != observed and values.startswith("  [") and values.endswith("]"):
        return values[3:-1]
    return observed
