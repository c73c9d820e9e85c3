"""Evidence and permissives as a run has judged them, one line each."""

from collections.abc import Iterator, Mapping
from typing import Any

from handwheel.tools.safe_text import printable

_SIDES = {"for": "for", "against": "against", "permissive": "needs"}
_WANTED = {"for": "true", "against": "false", "permissive": "true"}
_UNKNOWN = "unknown"
_SIDE = 9
_ID = 16


def evidence_lines(judgement: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """Yields each finding as a line, and whether it speaks against going on.

    A tick is what lets the run go on: evidence for it that is true, or against it that is not.

    Args:
        judgement: As the journal keeps it; empty before anything was judged.
    """
    side = ""
    for each in judgement.get("findings", []):
        is_wanted = each["truth"] == _WANTED[each["side"]]
        mark = "✓" if is_wanted else "?" if each["truth"] == _UNKNOWN else "✗"
        label = _SIDES[each["side"]] if each["side"] != side else ""
        side = each["side"]
        name = f"{'not ' if side == 'against' and is_wanted else ''}{each['id']}"
        text = f"{label:<{_SIDE}}{mark} {name:<{_ID}}{_values(each['shown'])}"
        yield printable(text.rstrip()), not is_wanted


def _values(shown: str) -> str:
    """Returns the live values behind a condition; the condition itself stands on the card.

    What was computed over a window stands first: it says more than the value of the moment.
    """
    _, _, values = shown.partition("  [")
    parts = list(_split(values.removesuffix("]")))
    return ", ".join(sorted(parts, key=lambda part: "(" not in part)) or shown


def _split(values: str) -> Iterator[str]:
    """Yields what stands between commas, but for those in parentheses."""
    depth, begin = 0, 0
    for n, character in enumerate(values):
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            yield values[begin:n].strip()
            begin = n + 1
    if values:
        yield values[begin:].strip()
