"""Holds the operator's open key while the console session is unlocked."""

import os
import signal
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.model.site import Site
from handwheel.tools.errors import PermitRefused
from handwheel.tools.guardrails.identity.roster import Operator, load_roster
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.signatures.administrators import revoked_keys
from handwheel.tools.requests.timestamps import boot_ms, instant_now

from ..people.signing import Signer
from .lock_states import ConsoleClocks, ConsoleEvent, ConsoleSession, ConsoleState, step


class ConsoleLocked(PermitRefused):
    """The console is locked, so nothing was signed."""


def read_clocks() -> ConsoleClocks:
    """Returns the current time on both clocks."""
    return ConsoleClocks(time.monotonic(), boot_ms() / 1000.0)


class KeyHolder:
    """A person's console session and open key. It locks after `lock_after_s` without a line."""

    def __init__(
        self,
        site: Site,
        database: Ledger,
        person: str,
        lock_after_s: float,
        clocks: Callable[[], ConsoleClocks] = read_clocks,
    ) -> None:
        self._site, self._database, self._clocks = site, database, clocks
        self.person = person
        self._session = ConsoleSession(lock_after_s, clocks())
        self._signer: Signer | None = None

    @property
    def state(self) -> ConsoleState:
        """The state after the last event."""
        return self._session.state

    @property
    def reason(self) -> str:
        """The reason of the lock."""
        return self._session.reason

    @property
    def holds_key(self) -> bool:
        """True while the open key is in memory."""
        return self._signer is not None

    def handle(self, event: ConsoleEvent) -> None:
        """Handles an event, and drops the key if the session is not unlocked after it."""
        self._session = step(self._session, event, self._clocks())
        if not self._session.is_open:
            self._signer = None

    def unlock(self, open_signer: Callable[[Operator], Signer]) -> None:
        """Unlocks the console with the key that the given function opens.

        Raises:
            ConsoleLocked: The person's record or key is not valid.
            HandwheelError: There is no passphrase, or the key cannot be used.
        """
        signer = open_signer(self._valid_record())
        self._valid_record()  # the record may have changed while the passphrase was typed
        self.handle(ConsoleEvent.OPENED)
        if self._session.is_open:
            self._signer = signer

    def check(self) -> None:
        """Locks the console if its time has passed or the record or key is not valid."""
        self.handle(ConsoleEvent.TIME_PASSED)
        if self._signer is None:
            return
        try:
            record = self._valid_record()
        except HandwheelError:  # not known to be valid
            self.handle(ConsoleEvent.KEY_VOID)
            return
        if record.key_id != self._signer.operator.key_id:
            self.handle(ConsoleEvent.KEY_VOID)

    def signer(self) -> Signer:
        """Returns the open key, for one signature. Raises `ConsoleLocked` if it is locked."""
        self.check()
        if self._signer is None:
            raise ConsoleLocked(f"the console is locked: {self.reason}; nothing was signed")
        self.handle(ConsoleEvent.TYPED)
        return self._signer

    def _valid_record(self) -> Operator:
        """Returns the person's record if it and its key are valid now."""
        found = load_roster(self._site).by_name(self.person, instant_now().wall)
        if found is None or found.is_administrator:
            raise ConsoleLocked(f"{self.person} is no operator of this site now")
        revoked = revoked_keys(self._database)
        if not revoked.isdisjoint((found.key_id, *found.chain)):
            raise ConsoleLocked(f"the key of {self.person}, or of its administrator, is revoked")
        return found


@contextmanager
def locked_by_signals(holder: KeyHolder) -> Generator[None]:
    """Locks the console when the process is stopped (Ctrl-Z) or its terminal closes."""

    def stop(number: int, frame: FrameType | None) -> None:
        holder.handle(ConsoleEvent.SUSPENDED)
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)  # continues here after SIGCONT
        signal.signal(signal.SIGTSTP, stop)

    def hang_up(number: int, frame: FrameType | None) -> None:
        holder.handle(ConsoleEvent.SUSPENDED)

    before = {
        signal.SIGTSTP: signal.signal(signal.SIGTSTP, stop),
        signal.SIGHUP: signal.signal(signal.SIGHUP, hang_up),
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
