"""State machine of the console lock, without key and terminal.

The key holder asks it before each use of the key, and drops the key when it says LOCKED.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto

SLEPT_S = 1.0
"""Difference of boot and monotonic clock that means that the machine slept, seconds."""
SHORTEST_LOCK_S, LONGEST_LOCK_S = 60.0, 900.0


class ConsoleState(Enum):
    """State of a console session."""

    LOCKED = auto()
    UNLOCKED = auto()
    ENDED = auto()


class ConsoleEvent(Enum):
    """Event of a console session."""

    OPENED = auto()
    """The passphrase opened the person's key."""
    TYPED = auto()
    """The person typed a line."""
    TIME_PASSED = auto()
    LOCK_ASKED = auto()
    SUSPENDED = auto()
    """The process was stopped, or its terminal was closed."""
    KEY_VOID = auto()
    """The person's record or key is not valid, or not known to be valid."""
    HANDED_OVER = auto()
    QUIT = auto()


@dataclass(frozen=True, slots=True)
class ConsoleClocks:
    """A moment on two clocks that cannot be set, seconds."""

    monotonic_s: float  # stops while the machine sleeps
    boot_s: float  # runs while the machine sleeps

    @property
    def slept_s(self) -> float:
        """How long the machine has slept since its start, seconds."""
        return self.boot_s - self.monotonic_s


@dataclass(frozen=True, slots=True)
class ConsoleSession:
    """The console session of one person."""

    lock_after_s: float  # time without a typed line until it locks, seconds
    used: ConsoleClocks  # the last time it was unlocked or a line was typed
    state: ConsoleState = ConsoleState.LOCKED
    reason: str = "not unlocked yet"  # why it is locked

    @property
    def is_open(self) -> bool:
        """True if the key may be held and used."""
        return self.state is ConsoleState.UNLOCKED


_REASONS: Mapping[ConsoleEvent, str] = {
    ConsoleEvent.LOCK_ASKED: "requested",
    ConsoleEvent.SUSPENDED: "the process was stopped, or its terminal closed",
    ConsoleEvent.KEY_VOID: "the record or the key is not valid",
    ConsoleEvent.HANDED_OVER: "the shift was handed over",
}


def step(session: ConsoleSession, event: ConsoleEvent, now: ConsoleClocks) -> ConsoleSession:
    """Returns the session after an event, which first locks it if its time has passed.

    So a late line or approval cannot keep an expired session unlocked.
    """
    if session.state is ConsoleState.ENDED:
        return session
    session = _after(session, now)
    if event is ConsoleEvent.QUIT:
        return replace(session, state=ConsoleState.ENDED, reason="ended")
    if event in _REASONS:
        return _locked(session, _REASONS[event])
    return _STEPS[event](session, now)


_STEPS: Mapping[ConsoleEvent, Callable[[ConsoleSession, ConsoleClocks], ConsoleSession]] = {
    ConsoleEvent.OPENED: lambda session, now: replace(
        session, state=ConsoleState.UNLOCKED, used=now, reason=""
    ),
    ConsoleEvent.TYPED: lambda session, now: (
        replace(session, used=now) if session.is_open else session
    ),
    ConsoleEvent.TIME_PASSED: lambda session, now: session,
}


def _after(session: ConsoleSession, now: ConsoleClocks) -> ConsoleSession:
    if not session.is_open:
        return session
    slept_s = now.slept_s - session.used.slept_s
    if abs(slept_s) > SLEPT_S:
        return _locked(session, "the machine slept")
    if not 0.0 <= now.boot_s - session.used.boot_s < session.lock_after_s:
        return _locked(session, f"nothing was typed for {session.lock_after_s:g} s")
    return session


def _locked(session: ConsoleSession, reason: str) -> ConsoleSession:
    return (
        replace(session, state=ConsoleState.LOCKED, reason=reason) if session.is_open else session
    )
