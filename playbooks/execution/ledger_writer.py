"""Changes of the ledger by the process that works on a site's runs, handed over as messages."""

import os
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from secrets import token_hex
from typing import Protocol

from handwheel.connectors.errors import HandwheelError
from handwheel.tools.errors import LedgerError, Unanswered
from handwheel.tools.guardrails.approval.messages.agents import (
    Effects,
    Operation,
    ReleaseRunnerLock,
    RenewRunnerLock,
    TakeRunnerLock,
)
from handwheel.tools.guardrails.ledger.store.journal import JournalRow
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.message import Message, submit
from handwheel.tools.requests.timestamps import Instant

_KEEP_MS = 3000  # under a third of the time that the lock holds


class Follower(Protocol):
    """State that goes ahead of the ledger within a transaction."""

    def go_on(self, rows: Sequence[JournalRow]) -> None:
        """Takes the rows that the transaction has added to the journal."""
        ...

    def go_back(self) -> None:
        """Goes back to what it was before the transaction."""
        ...


class LedgerWriter:
    """Holder of the runner lock, who alone changes the runs and cases of a ledger.

    What is added inside a transaction reaches the gate as one message when that ends. Any method
    raises `LostRace` if another process has the lock, and `LedgerError` if no gate answers.

    Args:
        context: The ledger with the site, its policy and its people.
        holder: From `take`.
        clock: Returns the wall and boot clock.
    """

    def __init__(self, context: DecisionContext, holder: str, clock: Callable[[], Instant]) -> None:
        self.context, self.clock = context, clock
        self._holder = holder
        self._kept_ms = clock().boot_ms
        self._operations: list[Operation] | None = None  # of the transaction that is open
        self._followers: list[Follower] = []
        self._unanswered: Effects | None = None
        self.on_settled: list[Callable[[], None]] = []

    @classmethod
    def take(cls, context: DecisionContext, clock: Callable[[], Instant]) -> "LedgerWriter":
        """Takes the runner lock. Raises `PermitRefused` if another process that lives has it."""
        holder = token_hex(16)
        message = TakeRunnerLock(site=context.site.id, holder=holder, pid=os.getpid())
        submit(context, message, clock())
        return cls(context, holder, clock)

    def keep(self) -> None:
        """Renews the runner lock if that is due, to be called at least every three seconds."""
        now_ms = self.clock().boot_ms
        if now_ms - self._kept_ms >= _KEEP_MS:
            self.renew()
            self._kept_ms = now_ms

    def renew(self) -> None:
        """Keeps the runner lock for another while."""
        self._submit(RenewRunnerLock(site=self.context.site.id, holder=self._holder))

    def release(self) -> None:
        """Lets the next process take the runner lock at once. Without a gate it ends by itself."""
        with suppress(LedgerError):
            self._submit(ReleaseRunnerLock(site=self.context.site.id, holder=self._holder))

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Makes all changes that are added inside at once, or none if an error is raised.

        One inside another is part of it.
        """
        if self._operations is not None:
            yield
            return
        self._operations = []
        try:
            yield
            self._hand_over(self._operations)
        except BaseException:
            for each in self._followers:
                each.go_back()
            raise
        finally:
            self._operations, self._followers = None, []

    def add(self, operation: Operation, follower: Follower | None = None) -> None:
        """Adds a change to the open transaction, or makes it at once if there is none.

        Args:
            follower: Is told once what came of the transaction.
        """
        with self.transaction():
            assert self._operations is not None  # of this transaction, or of the one around it
            self._operations.append(operation)
            if follower is not None and follower not in self._followers:
                self._followers.append(follower)

    def _hand_over(self, operations: Sequence[Operation]) -> None:
        if not operations:
            return
        if self._unanswered is not None:
            raise LedgerError("the gate has not answered yet what it was asked before")
        rows = self._answered(
            Effects(site=self.context.site.id, holder=self._holder, operations=tuple(operations))
        )
        for each in self._followers:
            each.go_on(rows)

    def settle(self) -> None:
        """Sends a message again that got no answer, which counts once.

        Nothing else is handed over before that. Once it is done, `on_settled` is called, since
        nobody here has taken in what it has changed. One that is refused was never done.

        Raises:
            LedgerError: It has no answer yet.
        """
        if self._unanswered is None:
            return
        try:
            self._answered(self._unanswered)
        except Unanswered:
            raise
        except HandwheelError:
            return
        for each in self.on_settled:
            each()

    def _answered(self, message: Effects) -> Sequence[JournalRow]:
        """Submits a message, which is kept as long as it has no answer."""
        try:
            rows = self._submit(message)
        except Unanswered:
            self._unanswered = message
            raise
        except BaseException:
            self._unanswered = None
            raise
        self._unanswered = None
        return rows

    def _submit(self, message: Message) -> Sequence[JournalRow]:
        return submit(self.context, message, self.clock())
