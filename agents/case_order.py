"""Order in which cases get their turn, and the number of requests that people face."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from handwheel.connectors.denial import Denial
from handwheel.connectors.hints import next_step

TURN = "turn"
"""Code of a candidate that waits for its turn."""


class Rank(NamedTuple):
    """Place of a case in the order, the smallest one first."""

    trip_min: float  # until something trips; infinite if nothing moves towards it
    limit_min: float  # until something reaches its next limit
    priority: int  # of its playbook, 1 is the most urgent
    opened_at: str  # stamp
    position: int  # among the open cases, as they were opened
    case_id: str


class IntendedRun(NamedTuple):
    """Run that a case would begin, since nothing else prevents it."""

    rank: Rank
    equipment: frozenset[str]  # that the run would own
    asks: bool  # whether it would ask people
    waits: bool = False  # whether it waits already, as too many requests are open


def turn_denial(
    own: IntendedRun,
    others: Iterable[IntendedRun],
    open_requests: Sequence[str],
    coming: int,
    most: int,
) -> Denial | None:
    """Returns why a case waits for its turn, `None` if it may begin its run.

    Args:
        open_requests: Requests of agents that wait for a decision, the oldest first.
        coming: Runs that are about to ask.
        most: How many requests people face at once.
    """
    before = sorted(each for each in others if each.rank < own.rank)
    for each in before:
        shared = sorted(each.equipment & own.equipment)
        if shared and not each.waits:
            return _behind(each, f"for {', '.join(shared)}")
    if not own.asks or len(open_requests) + coming + sum(each.asks for each in before) < most:
        return None
    if len(open_requests) + coming < most:
        first = next(each for each in before if each.asks)
        return _behind(first, f"of the {most} requests that may be open")
    oldest = next(iter(open_requests), "")
    decided = f", {oldest} is decided first; {next_step('requests', 'show', oldest)}"
    count = len(open_requests) + coming
    reason = f"{count} requests are" if count > 1 else "a request is"
    # One text for both, since people are told of each new one.
    return Denial(TURN, f"{reason} open or being filed{decided if oldest else ''}")


def _behind(first: IntendedRun, what: str) -> Denial:
    case_id = first.rank.case_id
    reason = f"{case_id} comes first {what}"
    return Denial(TURN, f"{reason}; {next_step('cases', 'show', case_id)}")
