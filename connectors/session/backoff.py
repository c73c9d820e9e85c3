"""Pauses before a lost connection is tried again."""

from tenacity.wait import wait_base, wait_chain, wait_fixed, wait_random

_PAUSES_S = (0.5, *(0.75,) * 6, 1.5, 3.0, 6.0, 10.0)
_AT_RANDOM_S = 0.1
_FIRST_S, _LAST_S = 0.25, 0.75
_STABLE_AFTER_S = 10.0


def between_attempts() -> wait_base:
    """Returns the pauses after failed attempts. The last one repeats.

    They are 0.75 s apart at first, so that an outage of less than 5 s ends within 1.5 s of the
    device's return, connecting and reading included. The random part keeps many clients from
    returning at once.
    """
    return wait_chain(*(wait_fixed(each) for each in _PAUSES_S)) + wait_random(0.0, _AT_RANDOM_S)


class SessionPauses:
    """Pauses after sessions, so that short sessions do not follow each other at full speed."""

    def __init__(self) -> None:
        self._next_s = _FIRST_S

    def after(self, lasted_s: float) -> float:
        """Returns the pause after a session of this length, seconds."""
        pause_s = _FIRST_S if lasted_s > _STABLE_AFTER_S else self._next_s
        self._next_s = min(2.0 * pause_s, _LAST_S)
        return pause_s
