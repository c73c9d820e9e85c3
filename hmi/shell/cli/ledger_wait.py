"""Changes of the ledger, which the gate tells its clients."""

import sys
from asyncio import sleep as sleep_async
from time import sleep
from typing import Protocol, runtime_checkable

from handwheel.tools.errors import NoGate

from ..terminal.wrap import fold

_INDENT = 4


@runtime_checkable
class _Copy(Protocol):
    """Ledger that the gate tells of changes."""

    def follow(self) -> object:
        """Has the copy take in each row as it comes, from now on."""

    def wait(self, timeout_s: float) -> object:
        """Waits until the ledger has changed, or until time is up."""

    async def wait_async(self, timeout_s: float) -> object:
        """Waits as `wait`, and lets others work meanwhile."""


def keep_up(ledger: object) -> None:
    """Has a copy of the ledger take in each row as it comes, for who looks at it for long."""
    if isinstance(ledger, _Copy):
        ledger.follow()


def wait_for_change(ledger: object, timeout_s: float) -> None:
    """Waits until the ledger has changed, or until time is up. A mere file is looked at then."""
    if isinstance(ledger, _Copy):
        ledger.wait(timeout_s)
    else:
        sleep(timeout_s)


async def wait_for_change_async(ledger: object, timeout_s: float) -> None:
    """Waits as `wait_for_change`, and lets others work meanwhile."""
    if isinstance(ledger, _Copy):
        await ledger.wait_async(timeout_s)
    else:
        await sleep_async(timeout_s)


class GateWatch:
    """Says on standard error when the gate of an open ledger goes, and when it is back.

    Args:
        so: What is not possible meanwhile.
    """

    def __init__(self, ledger: object, so: str) -> None:
        self._ledger, self._so = ledger, so
        self._is_gone = False

    def tell(self) -> None:
        """Says it if it has changed since the last call."""
        is_gone: bool = getattr(self._ledger, "is_cut_off", False)  # a file has none
        if is_gone == self._is_gone:
            return
        self._is_gone = is_gone
        words = NoGate(self._so) if is_gone else "the gate is back"
        sys.stderr.write(f"{fold(f'handwheel: {words}', _INDENT, sys.stderr)}\n")
