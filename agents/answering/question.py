"""A question as the grammar has understood it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from handwheel.connectors.errors import HandwheelError

from .subjects import Subject
from .times import State

Intent = Literal[
    "value", "condition", "why", "since", "changed", "what-if", "limit", "alarms", "waiting",
    "decided", "similar", "orders", "wrong", "running", "plan",
]  # fmt: skip
"""Kind of a question. There are no others."""
Verdict = Literal["approve", "reject"]
Statistic = Literal["mean", "lowest", "highest"]
Direction = Literal["high", "low", "rising", "falling"]
SIGNS: Mapping[str, int] = {"high": 1, "low": -1, "rising": 1, "falling": -1}
"""Sides of directions, 1 for above and -1 for below."""


@dataclass(frozen=True, slots=True)
class Question:
    """Question that can be answered.

    Attributes:
        direction: Of a question why; `None` where it names none.
        quantity: Value of a question what if, with its unit, as it was typed.
        day: Of the time of a plan, such as `tomorrow` and `2026-12-03`; empty for none.
        at: Time of the day of a plan, `14:00`; empty for none.
        request_id: Request that it names; empty for none.
        case_id: Case that it names; empty for none.
        last_s: How far back it looks, process time; 0 where it names no time.
        statistic: Number about that time; `None` for none.
        verdict: Of the decisions that it asks about; `None` for all.
        state: State of equipment or of an alarm that it takes for granted; `None` for none.
        anchor: Subject whose move it names as a time; `None` for none.
        has_before: It asks what was before something.
        ago_s: How long ago the moment is that it asks about, process time; 0 for now.
        verb: Verb of the write that it asks about, such as `start`; empty for none.
        is_closed: It asks for work orders that are closed.
        ignored: Words that are not known, which its answer leaves out and names.
    """

    text: str
    intent: Intent
    subjects: tuple[Subject, ...] = ()
    direction: Direction | None = None
    quantity: str = ""
    day: str = ""
    at: str = ""
    request_id: str = ""
    case_id: str = ""
    last_s: float = 0.0
    statistic: Statistic | None = None
    verdict: Verdict | None = None
    state: State | None = None
    anchor: Subject | None = None
    has_before: bool = False
    ago_s: float = 0.0
    verb: str = ""
    is_closed: bool = False
    ignored: tuple[str, ...] = ()

    @property
    def subject(self) -> Subject | None:
        """The first subject, `None` for none."""
        return self.subjects[0] if self.subjects else None

    @property
    def is_of_the_past(self) -> bool:
        """Whether it asks about a moment or a time before now."""
        return bool(self.ago_s or self.last_s or self.statistic)


class NotUnderstood(HandwheelError):
    """A question outside the grammar.

    Args:
        nearest: Three questions that can be answered, the nearest first.
        is_final: It is an order or too long, so no model is asked what it means.
    """

    def __init__(self, reason: str, nearest: tuple[str, ...], *, is_final: bool = False) -> None:
        lines = [reason, *(f"  {each}" for each in nearest)]
        super().__init__("\n".join(lines))
        self.reason = reason
        self.nearest = nearest
        self.is_final = is_final

    def after(self, fault: str) -> "NotUnderstood":
        """Returns it with the reason why no model has understood the question either."""
        return NotUnderstood(f"{fault}; {self.reason}", self.nearest, is_final=self.is_final)
