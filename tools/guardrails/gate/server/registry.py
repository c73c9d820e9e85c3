"""Messages that the gate takes."""

from collections.abc import Sequence

from ...approval import agent_messages, people_messages
from ...signatures.message import Message

MESSAGES: Sequence[type[Message]] = (*people_messages.MESSAGES, *agent_messages.MESSAGES)
"""Every class of them, each with a path of its own."""
