"""Messages to the gate, each one canonical document, and how a process hands one over."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from secrets import token_hex
from typing import ClassVar, Protocol, runtime_checkable

from pydantic import Field

from ...requests.canonical import digest
from ...requests.signed_document import CanonicalModel
from ...requests.timestamps import Instant
from ..ledger.store.journal import JournalRow
from .context import DecisionContext


def new_message_id() -> str:
    """Returns an id by which two equal messages are told apart from one that is sent twice."""
    return token_hex(16)


class Message(CanonicalModel, ABC):
    """Document that asks the gate to do or to record one thing, wholly or not at all.

    Sent twice it counts once, by the digest of its text. It names no local path and no local clock.
    """

    path: ClassVar[str]
    """Where the gate takes it, such as `decisions`."""
    is_agents: ClassVar[bool] = False
    """Whether only the agents' user may send it, where the site names one."""

    site: str
    id: str = Field(default_factory=new_message_id, pattern=r"^[0-9a-f]{32}$")

    @abstractmethod
    def apply(self, context: DecisionContext, now: Instant) -> None:
        """Does it in the gate's process, by the gate's clock.

        Raises:
            GuardrailError: It is not allowed; the state is as before.
            InvalidArguments: It names something that is not there.
            LedgerError: Nothing was recorded.
        """


def message_digest(message: Message) -> str:
    """Returns the digest of path and text, by which one that is sent again is known."""
    return digest("message", f"{message.path}\n{message.text}")


@runtime_checkable
class MessageSender(Protocol):
    """Ledger of a process that is not the gate's, and reaches the gate over its socket."""

    def submit(self, message: Message) -> Sequence[JournalRow]:
        """Sends a message and returns the rows that it has added to the journal.

        Raises as `Message.apply`, and `LedgerError` if the gate does not answer.
        """
        ...


def submit(context: DecisionContext, message: Message, now: Instant) -> Sequence[JournalRow]:
    """Hands a message to the gate, and returns the rows that it has added to the journal.

    In the gate's own process, and in a stepped room, it is applied at once.

    Args:
        now: The gate's time; only used in its process.

    Raises as `Message.apply`, and `LedgerError` if the gate does not answer.
    """
    ledger = context.database
    if isinstance(ledger, MessageSender):
        return ledger.submit(message)
    head = ledger.head()
    message.apply(context.renewed(), now)
    return list(ledger.journal(head.seq if head else 0))
