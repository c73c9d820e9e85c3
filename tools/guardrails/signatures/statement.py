"""Content of a decision before it is signed."""

from dataclasses import dataclass

from .decisions import VerdictName


@dataclass(frozen=True, slots=True)
class Statement:
    """Verdict of a person, with all that the signature covers besides person, key and time.

    Attributes:
        meaning: Text that was shown and is signed.
        role: The role in which the person signs.
        valid_s: Validity of the decision, seconds.
        digest: Of the request; `None` for a decision on no request.
        subject: Action, lockout or key that the decision concerns besides.
        card: Digest of the card that was shown.
    """

    verdict: VerdictName
    meaning: str
    role: str
    valid_s: float
    digest: str | None = None
    subject: str | None = None
    card: str | None = None
    comment: str | None = None
