"""Words for a condition, and the parts of its text with values."""

TRUTH_TEXT = {"true": "met", "false": "not met", "unknown": "not known"}
"""By the truth that a judgement records."""


def split_shown(shown: str) -> tuple[str, str]:
    """Splits the text of `Condition.shown` into the condition and its values, if there are any."""
    condition, _, values = shown.partition("  [")
    return condition, values.removesuffix("]")


def values_text(shown: str) -> str:
    """Returns the values of a condition as it is shown, else the condition."""
    return split_shown(shown)[1] or shown
