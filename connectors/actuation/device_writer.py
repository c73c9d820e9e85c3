"""What the write session needs of a protocol: a write session that can send one approved write."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from ..model.tags import Tag
from ..model.values import DataValue, Value
from ..session.protocols import Encoder


class WriteEncoder(Encoder, Protocol):
    """An encoder that can also tell what its bytes write."""

    def decode(self, tag: Tag, wire: bytes) -> Value:
        """Returns the value in a write of this tag.

        Raises:
            ValueError: The bytes are no write of this tag.
        """
        ...


class Refusal(Exception):
    """The device answered that it did not do it, or the frame did not leave.

    Attributes:
        was_sent: Whether a frame left.
    """

    def __init__(self, code: str, *, was_sent: bool) -> None:
        super().__init__(code)
        self.code = code
        self.was_sent = was_sent


class OutcomeUnknown(Exception):
    """The frame left, or may have left, and no answer says what became of it."""


class DeviceWriter(Protocol):
    """One open write session with one device."""

    async def encoder(self, tags: Sequence[Tag]) -> WriteEncoder:
        """Asks the device who it is and what it takes; see `Session.encoder`."""
        ...

    async def read(self, tags: Sequence[Tag]) -> Mapping[str, DataValue]:
        """Reads the tags over the write session; see `Session.read`."""
        ...

    async def transmit(self, wire: bytes) -> bytes:
        """Sends these bytes in one frame, once, and waits for the device's answer.

        Returns:
            The answer to just this frame, of the form that one has; `judge` tells what it says.

        Raises:
            Refusal: Nothing changed.
            Doubt: Anything else: late, lost, cancelled, the answer to another frame.

        Effect: ACTUATE. Retry: none, ever. Timeout: the connection's `timeout`.
        """
        ...

    def judge(self, wire: bytes, answer: bytes) -> None:
        """Returns if the answer says that exactly this was done.

        Raises:
            Refusal: It says that nothing changed.
            Doubt: It says anything else.
        """
        ...

    async def close(self) -> None:
        """Ends the session within about 1 s; raises no error."""
        ...
