"""When an operator's session is locked: a pure state machine, which knows no key and no terminal.

Whoever holds the key asks it before each use, and drops the key as soon as it says LOCKED.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto

SLEPT_S = 1.0
"""By how much boot and monotonic clock may drift apart before the machine has slept."""
SHORTEST_LOCK_S, LONGEST_LOCK_S = 60.0, 900.0


class ConsoleState(Enum):
    """Whether the session may sign."""

    LOCKED = auto()
    UNLOCKED = auto()
    ENDED = auto()


class ConsoleEvent(Enum):
    """What happens at the session."""

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
class ConsoleClocks:
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
class ConsoleSession:
    """A person's session for a shift.

    Attributes:
        lock_after_s: After how long without a typed line it locks.
        used: When it was last opened or typed at.
        reason: Why it is locked, in words.
    """

    lock_after_s: float
    used: ConsoleClocks
    state: ConsoleState = ConsoleState.LOCKED
    reason: str = "not opened yet"

    @property
    def is_open(self) -> bool:
        """Whether the key may be held and used."""
        return self.state is ConsoleState.UNLOCKED


_REASONS: Mapping[ConsoleEvent, str] = {
    ConsoleEvent.LOCK_ASKED: "asked for",
    ConsoleEvent.SUSPENDED: "the process was stopped, or its terminal closed",
    ConsoleEvent.KEY_VOID: "the record or the key does not count",
    ConsoleEvent.HANDED_OVER: "the shift was handed over",
}


def step(session: ConsoleSession, event: ConsoleEvent, now: ConsoleClocks) -> ConsoleSession:
    """Returns the session after an event, which first locks it if its time has passed.

    So nothing that comes late, no typed line and no approval, keeps open what should be locked.
    """
    if session.state is ConsoleState.ENDED:
        return session
    session = _after(session, now)
    if event is ConsoleEvent.QUIT:
        return replace(session, state=ConsoleState.ENDED, reason="ended")
    if event in _REASONS:
        return _locked(session, _REASONS[event])
    return _STEPS[event](session, now)


def _opened(session: ConsoleSession, now: ConsoleClocks) -> ConsoleSession:
    return replace(session, state=ConsoleState.UNLOCKED, used=now, reason="")


def _typed(session: ConsoleSession, now: ConsoleClocks) -> ConsoleSession:
    return replace(session, used=now) if session.is_open else session


_STEPS: Mapping[ConsoleEvent, Callable[[ConsoleSession, ConsoleClocks], ConsoleSession]] = {
    ConsoleEvent.OPENED: _opened,
    ConsoleEvent.TYPED: _typed,
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
