"""Messages that the gate takes."""

from collections.abc import Sequence

from ...approval.messages import agents, people
from ...signatures.message import Message

MESSAGES: Sequence[type[Message]] = (*people.MESSAGES, *agents.MESSAGES)
"""Every class of them, each with a path of its own."""
