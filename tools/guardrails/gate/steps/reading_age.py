"""Age of the gate's fresh reading, from its beginning until the frame leaves."""

from ....errors import PermitRefused
from ..state.execution import Execution

BUDGET_S = 2.0
"""Time from the beginning of the fresh reading within which the frame must have left, seconds."""


class ReadingTooOld(PermitRefused):
    """The fresh reading has become too old, because to read or to go on took long."""


def check_reading_age(execution: Execution) -> None:
    """Raises `ReadingTooOld`, or `PermitRefused` if the clock was set since the reading."""
    read_at = execution.read_at
    since_s = execution.context.clock().since_s(read_at) if read_at else None
    if since_s is None:
        raise PermitRefused("the clock was set after the plant was read")
    if not 0.0 <= since_s < BUDGET_S:
        raise ReadingTooOld("the plant reading is too old")


def permit_ends_s(execution: Execution) -> float:
    """Returns when the frame may not leave any more, on the clock of permits."""
    return execution.read_s + BUDGET_S
