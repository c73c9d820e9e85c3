"""Equal slots of time, and what a tag did in each."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple


class Piece(NamedTuple):
    """A time in which a tag was good: one value that stood, or a bucket of many, microseconds.

    Attributes:
        good_us: For how long of it; zero for a value that was seen and did not stand.
    """

    begin_us: int
    end_us: int
    low: float
    high: float
    mean: float
    last: float
    good_us: int


class Slot(NamedTuple):
    """What a tag did in one slot of time; nothing but the beginning where nothing was good.

    Attributes:
        at_s: Its beginning, seconds since 1970.
        mean: Weighted by time.
        good: The share of the slot in which the tag was good.
        low_at_s: When it was lowest, as exactly as it is kept.
    """

    at_s: float
    low: float | None = None
    high: float | None = None
    mean: float | None = None
    last: float | None = None
    good: float = 0.0
    low_at_s: float = 0.0
    high_at_s: float = 0.0


class _Sum:
    """What is known of one slot so far."""

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
    """Returns what a tag did in each of some equal slots.

    Args:
        pieces: In their order. One that lies in several slots counts in each of them.
        since_us: Where the first slot begins.
        until_us: Where the last one ends, later than that.
    """
    width = (until_us - since_us) / count
    sums: list[_Sum | None] = [None] * count
    for piece in pieces:  # 100,000 of them in a picture of a day: plain, and nothing called
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
    """Yields the pieces between two moments in which a good value stood.

    A row stands until the next one, or until the end of the recording that it is in.

    Args:
        rows: Time and number, nothing for one that is not good; in order, one row before
            `since_us` included if there is one.
        recordings: Beginnings and ends, in order.
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
