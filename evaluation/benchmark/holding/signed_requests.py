"""Records of what people have signed, and of the frames that have arrived.

The people themselves keep the first, and the devices the second. Nothing is from the ledger,
into which the liar's messages bring rows.
"""

from dataclasses import dataclass, field
from math import inf

from handwheel.tools.guardrails.approval.cards.card_model import Card
from handwheel.tools.requests.request import ActionRequest

from ...trial.devices import Frame


@dataclass(slots=True)
class SignedRequest:
    """Request on whose cards people have signed. Times count from the room's beginning."""

    request: ActionRequest  # as it was when the first of them signed
    cards: list[Card] = field(default_factory=list[Card])
    approved_s: dict[str, float] = field(default_factory=dict[str, float])  # by person
    ended_s: float = inf  # when a person has rejected it or taken the approval back


@dataclass(frozen=True, slots=True)
class TimedFrame:
    """Frame that has arrived at a device by a time."""

    at_s: float
    frame: Frame
