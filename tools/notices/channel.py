"""Contract of a channel, which carries messages to people."""

import ssl
from typing import Protocol

from handwheel.connectors.errors import os_reason

from ..errors import ToolError
from ..safe_text import printable
from .message import Message

_LONG = 200  # characters of a reason, which may be a server's words


class DeliveryFailed(ToolError):
    """A channel did not take a message, or may have and did not say so."""

    def __init__(self, reason: str) -> None:
        super().__init__(printable(reason, _LONG))


class Channel(Protocol):
    """Way to people. It may be asked again, so a receiver may get a message twice."""

    async def deliver(self, message: Message) -> str:
        """Delivers a message, and returns what the receiver answered.

        Raises:
            DeliveryFailed: It was not taken, with the reason.

        Effect: a message leaves the site; nothing in the plant. Retry: none here. Timeout: the
        caller's, which cancels it.
        """
        ...


def reason_of(error: BaseException) -> str:
    """Returns why a connection failed. Libraries hide the cause behind words of their own."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, ssl.SSLError):  # its number is OpenSSL's, not the system's
            return f"TLS: {getattr(inner, 'verify_message', '') or inner.reason or inner}"
        if isinstance(inner, OSError) and inner.strerror:
            return os_reason(inner)
        inner = inner.__cause__ or inner.__context__
    return str(error) or type(error).__name__
