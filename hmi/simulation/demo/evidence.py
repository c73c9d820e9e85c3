"""Evidence and permissives of a run as lines for the demo's screen."""

from collections.abc import Iterator, Mapping
from typing import Any

from handwheel.tools.conditions.truth import TRUTH_TEXT, split_shown
from handwheel.tools.safe_text import printable

from ...shell.terminal.panel import MARK

_WANTED = {"for": "true", "against": "false", "permissive": "true"}
_SIDE, _MARK, _ID, _TRUTH = 11, 2, 15, 11  # columns


def evidence_lines(judgement: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """Yields each finding of a recorded judgement as a line, and whether it blocks the run.

    Evidence for the run and a permissive block it unless they are met, evidence against it unless
    it is not met.
    """
    side = ""
    for each in judgement.get("findings", []):
        is_blocking = each["truth"] != _WANTED[each["side"]]
        mark = MARK if is_blocking else ""
        label = each["side"] if each["side"] != side else ""
        side = each["side"]
        truth = TRUTH_TEXT[each["truth"]]
        cells = f"{label:<{_SIDE}}{mark:<{_MARK}}{each['id']:<{_ID}}{truth:<{_TRUTH}}"
        yield printable(f"{cells}{_values(each['shown'])}".rstrip()), is_blocking


def _values(shown: str) -> str:
    """Returns the live values behind a condition, those computed over a window first."""
    parts = list(_split(split_shown(shown)[1]))
    return ", ".join(sorted(parts, key=lambda part: "(" not in part)) or shown


def _split(values: str) -> Iterator[str]:
    """Yields the parts between commas, except for commas in parentheses."""
    depth, begin = 0, 0
    for n, character in enumerate(values):
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            yield values[begin:n].strip()
            begin = n + 1
    if values:
        yield values[begin:].strip()
