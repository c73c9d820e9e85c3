"""Words for the truth of a condition."""

TRUTH_TEXT = {"true": "met", "false": "not met", "unknown": "not known"}
"""By the truth that a judgement records."""
