"""A question as the grammar has understood it."""

from dataclasses import dataclass
from typing import Literal

from handwheel.connectors.errors import HandwheelError

from .subjects import Subject

Intent = Literal[
    "value", "condition", "why", "since", "changed", "what-if", "limit", "alarms", "waiting",
    "decided", "similar", "orders", "wrong", "running", "plan",
]  # fmt: skip
"""Kind of a question. There are no others."""
Direction = Literal["high", "low", "rising", "falling"]


@dataclass(frozen=True, slots=True)
class Question:
    """Question that can be answered.

    Attributes:
        direction: Of a question why; `None` where it names none.
        quantity: Value of a question what if, with its unit, as it was typed.
        at: Time of the day of a plan, `14:00`; empty for none.
        request_id: Request that it names; empty for none.
        case_id: Case that it names; empty for none.
    """

    text: str
    intent: Intent
    subjects: tuple[Subject, ...] = ()
    direction: Direction | None = None
    quantity: str = ""
    at: str = ""
    request_id: str = ""
    case_id: str = ""

    @property
    def subject(self) -> Subject | None:
        """The first subject, `None` for none."""
        return self.subjects[0] if self.subjects else None


class NotUnderstood(HandwheelError):
    """A question outside the grammar.

    Args:
        nearest: Three questions that can be answered, the nearest first.
    """

    def __init__(self, reason: str, nearest: tuple[str, ...]) -> None:
        lines = [reason, *(f"  {each}" for each in nearest)]
        super().__init__("\n".join(lines))
        self.nearest = nearest
