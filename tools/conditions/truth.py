"""Three-valued truth: a plant that is not seen is neither well nor ill."""

from enum import Enum
from typing import NoReturn


class Truth(Enum):
    """What a condition comes to; only `TRUE` may lead to an action.

    It is no Python boolean: `if truth` would take *unknown* for true and
    `if not truth` would lose it, so both raise `TypeError`.

    Source: S. C. Kleene, Introduction to Metamathematics (1952), section 64, strong tables.
    """

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"

    def __bool__(self) -> NoReturn:
        raise TypeError("a Truth has three values; compare it: truth is Truth.TRUE")
