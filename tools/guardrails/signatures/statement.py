"""Content of a decision before it is signed."""

from dataclasses import dataclass

from .decisions import VerdictName


@dataclass(frozen=True, slots=True)
class Statement:
    """Verdict of a person, with all that the signature covers besides person, key and time."""

    verdict: VerdictName
    meaning: str  # text that was shown and is signed
    role: str  # the role in which the person signs
    valid_s: float  # validity of the decision, seconds
    digest: str | None = None  # of the request; `None` for a decision on no request
    subject: str | None = None  # action, lockout or key that the decision concerns besides
    card: str | None = None  # digest of the card that was shown
    comment: str | None = None
