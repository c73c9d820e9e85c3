"""Three-valued truth, and the words for it and for a condition with its values."""

from enum import Enum
from typing import NoReturn


class Truth(Enum):
    """Result of a condition. Only `TRUE` may lead to an action.

    Its use as a Python boolean raises `TypeError`, since *unknown* is neither true nor false.

    Source: S. C. Kleene, Introduction to Metamathematics (1952), section 64, strong tables.
    """

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"

    def __bool__(self) -> NoReturn:
        raise TypeError("a Truth has three values; compare it: truth is Truth.TRUE")


TRUTH_TEXT = {"true": "met", "false": "not met", "unknown": "not known"}
"""By the truth that a judgement records."""


def split_shown(shown: str) -> tuple[str, str]:
    """Splits the text of `Condition.shown` into the condition and its values, if there are any."""
    condition, _, values = shown.partition("  [")
    return condition, values.removesuffix("]")


def values_text(shown: str) -> str:
    """Returns the values of a condition as it is shown, else the condition."""
    return split_shown(shown)[1] or shown
