"""Expression language of gate, policy and playbooks."""

from .calls import StepScope, StepValue
from .condition import (
    Checked,
    Condition,
    Expression,
    parse_condition,
    parse_expression,
    with_written,
)
from .errors import ConditionError
from .history import History
from .names import Constant, Name, Names, Quantity
from .operands import Recorded
from .template import Template, parse_template
from .truth import Truth

__all__ = [
    "Checked",
    "Condition",
    "ConditionError",
    "Constant",
    "Expression",
    "History",
    "Name",
    "Names",
    "Quantity",
    "Recorded",
    "StepScope",
    "StepValue",
    "Template",
    "Truth",
    "parse_condition",
    "parse_expression",
    "parse_template",
    "with_written",
]
