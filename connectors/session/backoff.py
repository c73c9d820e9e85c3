"""When a lost connection is tried again."""

from tenacity.wait import wait_base, wait_chain, wait_fixed, wait_random

_PAUSES_S = (0.5, *(0.75,) * 6, 1.5, 3.0, 6.0, 10.0)
_AT_RANDOM_S = 0.1
_FIRST_S, _LAST_S = 0.25, 0.75
_STABLE_AFTER_S = 10.0


def between_attempts() -> wait_base:
    """Returns the pauses after attempts that failed, the last one for all that follow.

    They are 0.75 s apart for the first seconds, so that an outage of less than 5 s is over 1.5 s
    after the device's return, connecting and reading included; the random part keeps many
    clients from coming back at once.
    """
    return wait_chain(*(wait_fixed(each) for each in _PAUSES_S)) + wait_random(0.0, _AT_RANDOM_S)


class SessionPauses:
    """The pauses after sessions: those that end soon must not follow each other at full speed."""

    def __init__(self) -> None:
        self._next_s = _FIRST_S

    def after(self, lasted_s: float) -> float:
        """Returns the pause after a session that lasted so long, seconds."""
        pause_s = _FIRST_S if lasted_s > _STABLE_AFTER_S else self._next_s
        self._next_s = min(2.0 * pause_s, _LAST_S)
        return pause_s
