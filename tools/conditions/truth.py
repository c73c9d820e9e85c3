"""Three-valued truth."""

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
