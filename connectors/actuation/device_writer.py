"""Interface of a protocol that a write session needs."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from ..model.tags import Tag
from ..model.values import DataValue, Value
from ..session.protocols import Encoder


class WriteEncoder(Encoder, Protocol):
    """An encoder that also decodes its own bytes."""

    def decode(self, tag: Tag, wire: bytes) -> Value:
        """Returns the value in a write of this tag. Raises `ValueError` if it is no such write."""
        ...


class Refusal(Exception):
    """The device did not do it, or the frame was not sent.

    Attributes:
        was_sent: Whether a frame was sent.
    """

    def __init__(self, code: str, *, was_sent: bool) -> None:
        super().__init__(code)
        self.code = code
        self.was_sent = was_sent


class OutcomeUnknown(Exception):
    """The frame was or may have been sent, and no answer tells the outcome."""


class DeviceWriter(Protocol):
    """One open connection of the write account with one device."""

    async def encoder(self, tags: Sequence[Tag]) -> WriteEncoder:
        """Asks for the device's identity and types. See `Session.encoder`."""
        ...

    async def read(self, tags: Sequence[Tag]) -> Mapping[str, DataValue]:
        """Reads the tags over this connection. See `Session.read`."""
        ...

    async def transmit(self, wire: bytes) -> bytes:
        """Sends these bytes in one frame, once, and waits for the answer.

        Returns:
            The answer to this frame. `judge` tells what it means.

        Raises:
            Refusal: Nothing changed.
            OutcomeUnknown: Anything else: late, lost, cancelled, the answer to another frame.

        Effect: ACTUATE. Retry: none, ever. Timeout: the connection's `timeout`.
        """
        ...

    def judge(self, wire: bytes, answer: bytes) -> None:
        """Returns if the answer says that exactly this was done, else raises as `transmit`."""
        ...

    async def close(self) -> None:
        """Ends the session within about 1 s. It raises no error."""
        ...
