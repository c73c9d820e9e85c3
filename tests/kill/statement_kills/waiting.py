"""How the people of a kill run at each statement wait, and how they see that somebody is dead."""

import select
from collections.abc import Callable
from time import monotonic, sleep
from typing import TypeVar

from handwheel.connectors.errors import NotConnected

Result = TypeVar("Result")

POLL_S = 0.006
LIFE_S = 15.0
"""After which a wait is given up."""


def has_left(pipe: int) -> bool:
    """Whether nobody holds the other end of a pipe any more."""
    return bool(select.select([pipe], [], [], 0.0)[0])


def patiently(ask: Callable[[], Result]) -> Result:
    """Asks the plant again where a busy machine has not let it answer in time."""
    until_s = monotonic() + LIFE_S
    while True:
        try:
            return ask()
        except NotConnected:
            if monotonic() > until_s:
                raise
            sleep(POLL_S)
