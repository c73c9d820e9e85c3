"""The expression language that gate, policy and playbooks share."""

from .condition import Condition, parse_condition, with_written
from .errors import ConditionError
from .truth import Truth

__all__ = ["Condition", "ConditionError", "Truth", "parse_condition", "with_written"]
