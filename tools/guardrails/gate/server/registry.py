"""Messages that the gate takes."""

from collections.abc import Sequence

from ...approval import people_messages
from ...signatures.message import Message

MESSAGES: Sequence[type[Message]] = people_messages.MESSAGES
"""Every class of them, each with a path of its own."""
