"""The permit: what the door takes, and the only thing it takes."""

from dataclasses import dataclass

from ..session import Identity
from ..tags import Tag


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave for one frame, built by the gate from an approved action.

    Attributes:
        action_id: The action that a person approved.
        tag: What is written.
        wire: The bytes that the person approved, as `Encoded.wire`.
        identity: Who the person was told would be written to.
        until_s: Monotonic seconds after which nothing may leave.
    """

    action_id: str
    tag: Tag
    wire: bytes
    identity: Identity
    until_s: float
