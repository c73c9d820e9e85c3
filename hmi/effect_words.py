"""What was expected of the process after a write, and what came of it, in words."""

from collections.abc import Mapping
from typing import Any

from handwheel.tools.guardrails.printable import printable
from handwheel.tools.requests.spans import exact_span

_LONG = 600  # characters: a condition with all its values


def effect_words(expected: str, within_s: float, observed: str) -> str:
    """Returns `expected PT-102.pv > 900 kPa within 15 s; seen: PT-102.pv is 363.23 kPa`."""
    return f"expected {expected} within {exact_span(within_s)}; seen: {_seen(expected, observed)}"


def effect_told(kind: str, body: Mapping[str, Any]) -> str:
    """Returns the same of a row of the journal, with its verdict first.

    Args:
        kind: Of the row, such as `effect.MISSED`.
    """
    verdict = printable(kind.partition(".")[2])
    after_s, within_s = body.get("after_s"), body.get("within_s")
    after = f" after {exact_span(round(after_s, 1))}" if isinstance(after_s, int | float) else ""
    words = effect_words(
        str(body.get("expected")),
        within_s if isinstance(within_s, int | float) else 0.0,
        str(body.get("observed")),
    )
    return f"EFFECT {verdict}{after}: {printable(words, _LONG)}"


def _seen(expected: str, observed: str) -> str:
    """Returns only the values where the condition itself was said just before."""
    values = observed.removeprefix(expected)
    if values != observed and values.startswith("  [") and values.endswith("]"):
        return values[3:-1]
    return observed
