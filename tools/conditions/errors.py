"""Errors in a condition, with their place in its text."""

from handwheel.connectors.errors import HandwheelError


class ConditionError(HandwheelError):
    """A condition is not valid, at a line and column from 1.

    The reason is the fault and its remedy, one printable line.
    """

    def __init__(self, text: str, line: int, column: int, reason: str) -> None:
        super().__init__(f"{line}:{column}: {reason}")
        self.text = text
        self.line = line
        self.column = column
        self.reason = reason


def error_at(text: str, offset: int, reason: str) -> ConditionError:
    """Returns the error at an offset, from 0, in the text."""
    before = text[:offset]
    line = before.count("\n") + 1
    return ConditionError(text, line, offset - before.rfind("\n"), reason)


class ExpressionFault(Exception):
    """A part of an expression is not valid. The parser turns it into a `ConditionError`."""

    def __init__(self, offset: int | None, reason: str) -> None:
        super().__init__(reason)
        self.offset = offset or 0
        self.reason = reason
