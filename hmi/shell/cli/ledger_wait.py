"""Changes of the ledger, which the gate tells its clients."""

from asyncio import sleep as sleep_async
from time import sleep
from typing import Protocol, runtime_checkable


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
