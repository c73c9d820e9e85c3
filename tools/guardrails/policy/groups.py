"""Groups of tags that may be moved only so often, or so far, in a stretch of time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, isfinite

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.model.values import Value

from ...conditions.names import Quantity
from ...errors import PermitRefused, PolicyViolation
from ...requests.stamps import Instant
from ..ledger.store.database import Database
from ..ledger.write_history import (
    NO_WRITES,
    OwnWrites,
    SentWrite,
    sent_within,
    value_before,
    value_sent,
)


@dataclass(frozen=True, slots=True)
class TagGroup:
    """A group of a checked policy.

    Attributes:
        tags: The names of those that belong to it.
        writes: How many writes of them there may be in the window; `None` for any number.
        travel: By how much they may move in it, all movements added up, in their unit; `None`
            for any distance.
        rounding: By how much, of itself, a number of them may differ from the one meant.
        within_s: How long the window is, seconds.
        place: Where it stands: `policy.yaml:12`.
    """

    id: str
    tags: frozenset[str]
    writes: int | None
    travel: float | None
    unit: str
    rounding: Mapping[str, float]
    within_s: float
    place: str


@dataclass(frozen=True, slots=True)
class Move:
    """One write of a tag, and what it reads before; `None` if that is not known."""

    tag: str
    before: Value | None
    after: Value

    @property
    def distance(self) -> float | None:
        """By how much it moves the tag; `None` if that is not known."""
        before, after = _number(self.before), _number(self.after)
        if before is None or after is None:
            return None
        distance = abs(after - before)
        return distance if isfinite(distance) else None


@dataclass(frozen=True, slots=True)
class GroupUsage:
    """What was used of a group in its window.

    Attributes:
        moves: Each write, the newest first; their distances only where the group bounds travel.
        oldest_s: For how long the oldest still counts, seconds.
    """

    group: TagGroup
    moves: tuple[Move, ...]
    oldest_s: float

    @property
    def writes_left(self) -> int | None:
        """How many writes there may still be; `None` for any number."""
        most = self.group.writes
        return None if most is None else max(most - len(self.moves), 0)

    @property
    def travel_left(self) -> float | None:
        """How far the tags may still move, in their unit; `None` for any distance."""
        most = self.group.travel
        return None if most is None else max(most - self._travelled(self.moves), 0.0)

    def denial(self, move: Move, planned: Sequence[Move] = ()) -> str:
        """Returns why one more write is too much; empty if it is not.

        Args:
            planned: Those that will be sent before it.
        """
        group, moves = self.group, (*self.moves, *planned, move)
        window = f"within {format_duration(group.within_s)}"
        wait = f"; wait {ceil(self.oldest_s)} s more" if self.moves else ""
        if group.writes is not None and len(moves) > group.writes:
            return (
                f"{group.id}: {group.writes} writes of its tags are allowed {window}, "
                f"and there were {len(moves) - 1}{wait}"
            )
        if group.travel is None:
            return ""
        unknown = [each.tag for each in moves if each.distance is None]
        if unknown:
            return f"{group.id}: nobody knows how far {unknown[0]} moves"
        travelled = self._travelled(moves)
        slack = sum(group.rounding[each.tag] * _size(each) for each in moves)
        if travelled <= group.travel + slack:
            return ""
        most, all_ = Quantity(group.travel, group.unit), Quantity(travelled, group.unit)
        return f"{group.id}: its tags may move by {most} {window}, and it would be {all_}{wait}"

    @staticmethod
    def _travelled(moves: Sequence[Move]) -> float:
        return sum(each.distance or 0.0 for each in moves)


def group_usage(
    database: Database,
    group: TagGroup,
    now: Instant,
    but: str = "",
    own: OwnWrites = NO_WRITES,
) -> GroupUsage:
    """Returns what was used of a group, by the intents in the ledger.

    What was sent counts, whatever has become of it: an unknown outcome, a refusal, a recovery.

    Args:
        but: The action that is judged.
        own: See `sent.sent_within`.

    Raises:
        PermitRefused: A row of it is damaged: nobody can tell.
        LedgerError: The ledger cannot be read.
    """
    found = sent_within(database, group.tags, group.within_s, now, but, own)
    oldest_s = group.within_s - max((each.since_s for each in found), default=0.0)
    is_measured = group.travel is not None
    return GroupUsage(
        group, tuple(_move(database, each, is_measured=is_measured) for each in found), oldest_s
    )


def _move(database: Database, sent: SentWrite, *, is_measured: bool) -> Move:
    if not is_measured:
        return Move(sent.tag, None, False)
    move = Move(sent.tag, value_before(database, sent), value_sent(database, sent))
    if move.distance is None:
        raise PermitRefused(f"nobody can read how far {sent.action_id} has moved {sent.tag}")
    return move


def check_group(usage: GroupUsage, move: Move, planned: Sequence[Move] = ()) -> None:
    """Refuses one write too many, or one that goes too far; see `GroupUsage.denial`.

    Raises:
        PolicyViolation: It is.
    """
    if denial := usage.denial(move, planned):
        raise PolicyViolation(denial)


def _size(move: Move) -> float:
    return max(abs(_number(move.before) or 0.0), abs(_number(move.after) or 0.0))


def _number(value: Value | None) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None
