"""Equal slots of time with a tag's values in each."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple


class Piece(NamedTuple):
    """A time in which a tag was good, with one value or a bucket of many, microseconds."""

    begin_us: int
    end_us: int
    low: float
    high: float
    mean: float
    last: float
    good_us: int  # time with good quality; zero for a value without duration


class Slot(NamedTuple):
    """A tag's values in one slot of time, without numbers where none was good."""

    at_s: float  # its start, seconds since 1970
    low: float | None = None
    high: float | None = None
    mean: float | None = None  # weighted by time
    last: float | None = None
    good: float = 0.0  # share of the slot with good quality
    low_at_s: float = 0.0  # time of the lowest value, as exact as it is kept
    high_at_s: float = 0.0


class _Sum:
    """Running sums of one slot."""

    __slots__ = ("area", "good_us", "high", "high_us", "last", "low", "low_us", "mean")

    def __init__(self, at_us: float, piece: Piece) -> None:
        self.low, self.high, self.low_us, self.high_us = piece.low, piece.high, at_us, at_us
        self.last = self.mean = piece.last
        self.area = self.good_us = 0.0

    def slot(self, begin_us: float, width: float) -> Slot:
        mean = self.area / self.good_us if self.good_us else self.mean
        return Slot(
            begin_us / 1e6, self.low, self.high, min(max(mean, self.low), self.high), self.last,
            min(self.good_us / width, 1.0), self.low_us / 1e6, self.high_us / 1e6,
        )  # fmt: skip


def aggregate(pieces: Iterable[Piece], since_us: int, until_us: int, count: int) -> list[Slot]:
    """Returns the values of pieces in equal slots.

    Args:
        pieces: In order. A piece in several slots counts in each of them.
        since_us: Start of the first slot.
        until_us: End of the last one, later than that.
    """
    width = (until_us - since_us) / count
    sums: list[_Sum | None] = [None] * count
    for piece in pieces:  # 100,000 in a day's trend, so that nothing is called in this loop
        begin_us, end_us, low, high, mean, last, good_us = piece
        first = int((begin_us - since_us) / width) if begin_us > since_us else 0
        final = min(int((max(end_us - 1, begin_us) - since_us) / width), count - 1)
        for n in range(first, final + 1):
            slot_us = since_us + n * width
            at_us = max(begin_us, slot_us)
            found = sums[n]
            if found is None:
                found = sums[n] = _Sum(at_us, piece)
            if low < found.low:
                found.low, found.low_us = low, at_us
            if high > found.high:
                found.high, found.high_us = high, at_us
            found.last, found.mean = last, mean
            if good_us:
                inside = float(good_us)
                if first != final:
                    share = (min(end_us, slot_us + width) - at_us) / (end_us - begin_us)
                    inside = good_us * max(share, 0.0)
                elif begin_us < since_us or end_us > until_us:
                    inside = good_us * (min(end_us, until_us) - at_us) / (end_us - begin_us)
                found.area += mean * inside
                found.good_us += inside
    return [
        Slot((since_us + n * width) / 1e6)
        if each is None
        else each.slot(since_us + n * width, width)
        for n, each in enumerate(sums)
    ]


def held_pieces(
    rows: Iterable[tuple[int, float | None]],
    recordings: Sequence[tuple[int, int]],
    since_us: int,
    until_us: int,
) -> Iterator[Piece]:
    """Yields the pieces between two moments in which a good value held.

    A row holds until the next one, or until the end of its recording.

    Args:
        rows: Time and number, `None` for one that is not good; in order, with the row before
            `since_us` if there is one.
        recordings: Starts and ends, in order.
    """
    at_us, value = 0, None
    following = iter(recordings)
    recording = next(following, None)
    for next_us, next_value in (*rows, (until_us, None)):
        if value is not None:
            while recording is not None and recording[1] < at_us:
                recording = next(following, None)
            is_within = recording is not None and recording[0] <= at_us
            end_us = recording[1] if recording is not None and is_within else at_us
            begin_us, end_us = max(at_us, since_us), min(next_us, end_us, until_us)
            if begin_us <= end_us and begin_us < until_us:
                yield Piece(begin_us, end_us, value, value, value, value, end_us - begin_us)
        at_us, value = next_us, next_value
