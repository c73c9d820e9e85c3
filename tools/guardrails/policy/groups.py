"""Groups of tags with limits on writes or travel in a time window."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, isfinite

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.denial import Denial
from handwheel.connectors.model.values import Value

from ...conditions.names import Quantity
from ...errors import PermitRefused, PolicyViolation
from ...requests.timestamps import Instant
from ..ledger.store.database import LedgerReader
from ..ledger.write_history import SentWrite, sent_within, value_before, value_sent


@dataclass(frozen=True, slots=True)
class TagGroup:
    """Group of a checked policy."""

    id: str
    tags: frozenset[str]  # names of its tags
    writes: int | None  # highest number of writes in the window; `None` for any
    travel: float | None  # largest sum of movements in the window, in their unit; `None` for any
    unit: str
    rounding: Mapping[str, float]  # relative rounding error of each tag's numbers
    within_s: float  # length of the window, seconds
    place: str  # its place, `policy.yaml:12`


@dataclass(frozen=True, slots=True)
class Move:
    """One write of a tag, with the value before it, `None` if not known."""

    tag: str
    before: Value | None
    after: Value

    @property
    def distance(self) -> float | None:
        """Distance that the tag moves, or `None` if not known."""
        before, after = _number(self.before), _number(self.after)
        if before is None or after is None:
            return None
        distance = abs(after - before)
        return distance if isfinite(distance) else None


@dataclass(frozen=True, slots=True)
class GroupUsage:
    """Writes of a group in its window."""

    group: TagGroup
    moves: tuple[Move, ...]  # newest first; with distances only where the group limits travel
    oldest_s: float  # time until the oldest leaves the window, seconds

    @property
    def writes_left(self) -> int | None:
        """Number of writes still allowed, or `None` for any."""
        most = self.group.writes
        return None if most is None else max(most - len(self.moves), 0)

    @property
    def travel_left(self) -> float | None:
        """Travel still allowed, in the unit of the tags, or `None` for any."""
        most = self.group.travel
        return None if most is None else max(most - self._travelled(self.moves), 0.0)

    def denial(self, move: Move, planned: Sequence[Move] = ()) -> Denial | None:
        """Returns the denial of one more write, after the planned ones."""
        group, moves = self.group, (*self.moves, *planned, move)
        window = f"within {format_duration(group.within_s)}"
        wait = f"; wait {ceil(self.oldest_s)} s more" if self.moves else ""
        if group.writes is not None and len(moves) > group.writes:
            return Denial(
                "group",
                f"{group.id}: {group.writes} writes of its tags are allowed {window}, "
                f"and there were {len(moves) - 1}{wait}",
            )
        if group.travel is None:
            return None
        unknown = [each.tag for each in moves if each.distance is None]
        if unknown:
            return Denial("group", f"{group.id}: it is not known how far {unknown[0]} moves")
        travelled = self._travelled(moves)
        slack = sum(group.rounding[each.tag] * _size(each) for each in moves)
        if travelled <= group.travel + slack:
            return None
        most, all_ = Quantity(group.travel, group.unit), Quantity(travelled, group.unit)
        reason = f"{group.id}: its tags may move by {most} {window}, and it would be {all_}{wait}"
        return Denial("group", reason)

    @staticmethod
    def _travelled(moves: Sequence[Move]) -> float:
        return sum(each.distance or 0.0 for each in moves)


def group_usage(reader: LedgerReader, group: TagGroup, now: Instant, but: str = "") -> GroupUsage:
    """Returns the writes of a group in its window, by the intents in the ledger.

    Every sent write counts, also one with an unknown outcome, a refused one and a recovery.

    Args:
        but: The action that is checked.

    Raises:
        PermitRefused: It is not known how far one of them has moved its tag.
    """
    found = sent_within(reader, group.tags, group.within_s, now, but)
    oldest_s = group.within_s - max((each.since_s for each in found), default=0.0)
    is_measured = group.travel is not None
    return GroupUsage(
        group, tuple(_move(reader, each, is_measured=is_measured) for each in found), oldest_s
    )


def _move(reader: LedgerReader, sent: SentWrite, *, is_measured: bool) -> Move:
    if not is_measured:
        return Move(sent.tag, None, False)
    move = Move(sent.tag, value_before(reader, sent), value_sent(reader, sent))
    if move.distance is None:
        raise PermitRefused(f"it cannot be read how far {sent.action_id} has moved {sent.tag}")
    return move


def check_group(usage: GroupUsage, move: Move, planned: Sequence[Move] = ()) -> None:
    """Raises `PolicyViolation` for a write beyond a limit of its group."""
    if denial := usage.denial(move, planned):
        raise PolicyViolation(denial.reason)


def _size(move: Move) -> float:
    return max(abs(_number(move.before) or 0.0), abs(_number(move.after) or 0.0))


def _number(value: Value | None) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        float(value)
    except OverflowError:
        return None
    return value
