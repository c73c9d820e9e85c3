"""What is wrong with a condition, and where in its text."""

from handwheel.connectors.errors import HandwheelError


class ConditionError(HandwheelError):
    """A condition cannot be understood, or compares what cannot be compared.

    Attributes:
        text: The condition as it was written.
        line: From 1, within the text.
        column: From 1, in characters.
        reason: What is wrong and what to do, one printable line.
    """

    def __init__(self, text: str, line: int, column: int, reason: str) -> None:
        super().__init__(f"{line}:{column}: {reason}")
        self.text = text
        self.line = line
        self.column = column
        self.reason = reason


def error_at(text: str, offset: int, reason: str) -> ConditionError:
    """Returns the error about the character at an offset from 0."""
    before = text[:offset]
    line = before.count("\n") + 1
    return ConditionError(text, line, offset - before.rfind("\n"), reason)


class ExpressionFault(Exception):
    """A part cannot be understood; becomes a `ConditionError` where the whole text is known.

    Attributes:
        offset: Where the part begins in the text, from 0.
        reason: What is wrong and what to do, one printable line.
    """

    def __init__(self, offset: int | None, reason: str) -> None:
        super().__init__(reason)
        self.offset = offset or 0
        self.reason = reason
