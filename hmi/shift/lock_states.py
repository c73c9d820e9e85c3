"""When an operator's seat is locked: a pure state machine, which knows no key and no terminal.

Whoever holds the key asks it before each use, and drops the key as soon as it says LOCKED.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto

SLEPT_S = 1.0
"""By how much boot and monotonic clock may drift apart before the machine has slept."""
SHORTEST_LOCK_S, LONGEST_LOCK_S = 60.0, 900.0


class SeatState(Enum):
    """Whether the seat may sign."""

    LOCKED = auto()
    UNLOCKED = auto()
    ENDED = auto()


class SeatEvent(Enum):
    """What happens at the seat."""

    OPENED = auto()
    """The passphrase has opened the person's key."""
    TYPED = auto()
    """The person has typed a line."""
    TIME_PASSED = auto()
    LOCK_ASKED = auto()
    SUSPENDED = auto()
    """The process is stopped, or its terminal was closed."""
    KEY_VOID = auto()
    """The person's record or key does not count any more, or nobody can tell whether it does."""
    HANDED_OVER = auto()
    QUIT = auto()


@dataclass(frozen=True, slots=True)
class SeatClocks:
    """A moment on the two clocks that nobody can set, seconds.

    Attributes:
        monotonic_s: Stands still while the machine sleeps.
        boot_s: Goes on while it sleeps.
    """

    monotonic_s: float
    boot_s: float

    @property
    def slept_s(self) -> float:
        """How long the machine has slept since it was started."""
        return self.boot_s - self.monotonic_s


@dataclass(frozen=True, slots=True)
class Seat:
    """A person's seat for a shift.

    Attributes:
        lock_after_s: After how long without a typed line it locks.
        used: When it was last opened or typed at.
        reason: Why it is locked, in words.
    """

    lock_after_s: float
    used: SeatClocks
    state: SeatState = SeatState.LOCKED
    reason: str = "not opened yet"

    @property
    def is_open(self) -> bool:
        """Whether the key may be held and used."""
        return self.state is SeatState.UNLOCKED


_REASONS: Mapping[SeatEvent, str] = {
    SeatEvent.LOCK_ASKED: "asked for",
    SeatEvent.SUSPENDED: "the process was stopped, or its terminal closed",
    SeatEvent.KEY_VOID: "the record or the key does not count",
    SeatEvent.HANDED_OVER: "the shift was handed over",
}


def step(seat: Seat, event: SeatEvent, now: SeatClocks) -> Seat:
    """Returns the seat after an event; every event first finds out whether it has locked by then.

    So nothing that comes late, no typed line and no approval, keeps open what should be locked.
    """
    if seat.state is SeatState.ENDED:
        return seat
    seat = _after(seat, now)
    if event is SeatEvent.QUIT:
        return replace(seat, state=SeatState.ENDED, reason="ended")
    if event in _REASONS:
        return _locked(seat, _REASONS[event])
    return _STEPS[event](seat, now)


def _opened(seat: Seat, now: SeatClocks) -> Seat:
    return replace(seat, state=SeatState.UNLOCKED, used=now, reason="")


def _typed(seat: Seat, now: SeatClocks) -> Seat:
    return replace(seat, used=now) if seat.is_open else seat


_STEPS: Mapping[SeatEvent, Callable[[Seat, SeatClocks], Seat]] = {
    SeatEvent.OPENED: _opened,
    SeatEvent.TYPED: _typed,
    SeatEvent.TIME_PASSED: lambda seat, now: seat,
}


def _after(seat: Seat, now: SeatClocks) -> Seat:
    if not seat.is_open:
        return seat
    slept_s = now.slept_s - seat.used.slept_s
    if abs(slept_s) > SLEPT_S:
        return _locked(seat, "the machine slept")
    if not 0.0 <= now.boot_s - seat.used.boot_s < seat.lock_after_s:
        return _locked(seat, f"nothing was typed for {seat.lock_after_s:g} s")
    return seat


def _locked(seat: Seat, reason: str) -> Seat:
    return replace(seat, state=SeatState.LOCKED, reason=reason) if seat.is_open else seat
