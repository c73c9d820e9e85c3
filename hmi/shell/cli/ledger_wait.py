"""Changes of the ledger, which the gate tells its clients."""

import sys
from asyncio import sleep as sleep_async
from time import sleep

from handwheel.tools.errors import NoGate
from handwheel.tools.guardrails.client.connect import LedgerFile
from handwheel.tools.guardrails.client.gate_client import GateClient
from handwheel.tools.guardrails.ledger.store.database import Ledger

from ..terminal.wrap import fold

_INDENT = 4


def keep_up(ledger: Ledger) -> None:
    """Has a copy of the ledger take in each row as it comes, for who looks at it for long."""
    if copy := _copy(ledger):
        copy.follow()


def wait_for_change(ledger: Ledger, timeout_s: float) -> None:
    """Waits until the ledger has changed, or until time is up. The gate's own is looked at then."""
    if copy := _copy(ledger):
        copy.wait(timeout_s)
    else:
        sleep(timeout_s)


async def wait_for_change_async(ledger: Ledger, timeout_s: float) -> None:
    """Waits as `wait_for_change`, and lets others work meanwhile."""
    if copy := _copy(ledger):
        await copy.wait_async(timeout_s)
    else:
        await sleep_async(timeout_s)


def _copy(ledger: Ledger) -> GateClient | None:
    """Returns a ledger that its gate tells of changes. A file raises `NoGate`: none comes."""
    if isinstance(ledger, LedgerFile):
        raise NoGate("nothing new comes")
    return ledger if isinstance(ledger, GateClient) else None


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
