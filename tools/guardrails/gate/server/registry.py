"""Messages that the gate takes."""

from collections.abc import Sequence

from ...signatures.message import Message

MESSAGES: Sequence[type[Message]] = ()
"""Every class of them, each with a path of its own."""
