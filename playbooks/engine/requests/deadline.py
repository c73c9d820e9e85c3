"""Deadline of a run, by which it must have begun."""

from dataclasses import replace
from datetime import timedelta

from handwheel.tools.guardrails.approval.segment import Segment
from handwheel.tools.requests.timestamps import parse_stamp, stamp

from ...binding.model import BoundPlaybook
from ..inputs import Inputs
from ..states import StepState

TOO_LATE = "deadline over"
"""Beginning of the reason of a run that did not begin in time."""
_SHORTEST_S = 1.0
_NOT_BEGUN = frozenset({StepState.PENDING, StepState.COMMAND})


def begin_by(plan: BoundPlaybook, triggered_at: str) -> str:
    """Returns the stamp by which a run must have begun, empty without a deadline."""
    if plan.deadline_s is None:
        return ""
    return stamp(parse_stamp(triggered_at) + timedelta(seconds=plan.deadline_s))


def too_late(at: str) -> str:
    """Returns the reason of what did not begin until a stamp."""
    return f"{TOO_LATE}: it had to begin by {at[:19].replace('T', ' ')} UTC"


def past_deadline(inputs: Inputs) -> str:
    """Returns why a run may not begin any more, empty if it may or has begun.

    It has begun with its first write, or with its first step if it writes nothing.
    """
    at = str(inputs.run.opening.get("begin_by", ""))
    if not at or _has_begun(inputs) or not inputs.clocks.is_past(at, 0.0):
        return ""
    return too_late(at)


def within_deadline(inputs: Inputs, segment: Segment) -> Segment:
    """Returns the segment to be approved by the deadline of a run that has not begun."""
    at = str(inputs.run.opening.get("begin_by", ""))
    if not at or _has_begun(inputs):
        return segment
    left_s = (parse_stamp(at) - inputs.clocks.now.wall).total_seconds()
    return replace(segment, within_s=min(segment.within_s, max(left_s, _SHORTEST_S)))


def _has_begun(inputs: Inputs) -> bool:
    run = inputs.run
    writing = [each for each in inputs.plan.steps if each.writes] or inputs.plan.steps
    return run.armed_s is not None or any(run.step(each.id) not in _NOT_BEGUN for each in writing)
