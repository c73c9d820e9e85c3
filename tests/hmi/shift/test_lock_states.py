"""When a seat locks: each event in each state, and each clock."""

from dataclasses import replace

import pytest

from handwheel.hmi.shift.lock_states import (
    ConsoleClocks,
    ConsoleEvent,
    ConsoleSession,
    ConsoleState,
    step,
)

START = ConsoleClocks(1000.0, 5000.0)
LOCKED, UNLOCKED, ENDED = ConsoleState.LOCKED, ConsoleState.UNLOCKED, ConsoleState.ENDED
OPEN = ConsoleSession(300.0, START, UNLOCKED, "")


def later(awake_s: float, asleep_s: float = 0.0) -> ConsoleClocks:
    return ConsoleClocks(START.monotonic_s + awake_s, START.boot_s + awake_s + asleep_s)


@pytest.mark.parametrize(
    ("event", "from_locked", "from_open"),
    [
        (ConsoleEvent.OPENED, UNLOCKED, UNLOCKED),
        (ConsoleEvent.TYPED, LOCKED, UNLOCKED),
        (ConsoleEvent.TIME_PASSED, LOCKED, UNLOCKED),
        (ConsoleEvent.LOCK_ASKED, LOCKED, LOCKED),
        (ConsoleEvent.SUSPENDED, LOCKED, LOCKED),
        (ConsoleEvent.KEY_VOID, LOCKED, LOCKED),
        (ConsoleEvent.HANDED_OVER, LOCKED, LOCKED),
        (ConsoleEvent.QUIT, ENDED, ENDED),
    ],
)
def test_each_event_in_each_state(
    event: ConsoleEvent, from_locked: ConsoleState, from_open: ConsoleState
) -> None:
    now, locked = later(1.0), replace(OPEN, state=LOCKED, reason="before")
    assert step(locked, event, now).state is from_locked
    after = step(OPEN, event, now)
    assert (after.state, bool(after.reason)) == (from_open, from_open is not UNLOCKED)
    over = replace(OPEN, state=ENDED)
    assert step(over, event, now) == over
    if from_locked is LOCKED:
        assert step(locked, event, now) == locked  # it keeps why it locked first


def test_every_event_is_in_the_table() -> None:
    for event in ConsoleEvent:
        step(OPEN, event, later(0.0))


@pytest.mark.parametrize("event", [ConsoleEvent.TIME_PASSED, ConsoleEvent.TYPED])
@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (later(299.9), ""),
        (later(300.0), "nothing was typed for 300 s"),
        (later(3.0, asleep_s=0.9), ""),
        (later(3.0, asleep_s=1.1), "the machine slept"),
        (later(3.0, asleep_s=-1.1), "the machine slept"),
        (later(-0.1), "nothing was typed for 300 s"),
    ],
)
def test_what_comes_too_late_keeps_nothing_open(
    event: ConsoleEvent, now: ConsoleClocks, reason: str
) -> None:
    after = step(OPEN, event, now)
    assert (after.state, after.reason) == (LOCKED if reason else UNLOCKED, reason)


def test_a_typed_line_begins_the_time_anew_and_passing_time_does_not() -> None:
    seat = step(OPEN, ConsoleEvent.TYPED, later(200.0))
    seat = step(seat, ConsoleEvent.TIME_PASSED, later(400.0))
    assert seat.state is UNLOCKED
    assert step(seat, ConsoleEvent.TIME_PASSED, later(500.0)).state is LOCKED
