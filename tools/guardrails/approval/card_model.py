"""Card that an approver sees before deciding, as a document.

Its text is kept beside the decision, so that an auditor can draw it again.
"""

from typing import Any, Literal, Self

from pydantic import Field

from handwheel.connectors.config.validation import Model

from ...requests.canonical import parse_canonical
from ...requests.request import Action, RiskClass, Stamp
from ...requests.signed_document import SignedDocument
from ...safe_text import plain, printable

RENDERER = "5"
"""Version of the drawing. It changes when a card is drawn differently."""


class CardReading(Model):
    """Present value of a tag.

    Attributes:
        shown: Text without unit; `-` if not known.
        quality: `good`, the name of the status, or `not read`.
        age_s: Seconds from the device's sample to the drawing of the card.
        was: The expected value, from when the request was filed.
        fault: Reason why this reading prevents an approval; empty for none.
    """

    tag: str
    shown: str
    unit: str
    quality: str
    age_s: float | None = None
    read_at: Stamp | None = None
    was: str | None = None
    fault: str = ""


class CardCondition(Model):
    """Required condition with present values.

    Attributes:
        text: The condition and its values.
        why: Its origin.
    """

    text: str
    truth: Literal["true", "false", "unknown"]
    why: str


class CardEvidence(Model):
    """Evidence of a run, as filed and now.

    Attributes:
        filed: Its truth when the request was filed.
        shown: The condition with the values of that moment.
        now: Its present truth; `None` if the gate's snapshot does not show it.
        shown_now: The condition with present values; empty where `now` is `None`.
        untold: Reason why `now` is `None`; else empty.
        source: Its place in the playbook.
    """

    id: str
    side: Literal["for", "against", "permissive"]
    filed: Literal["true", "false", "unknown"]
    shown: str
    now: Literal["true", "false", "unknown"] | None = None
    shown_now: str = ""
    untold: str = ""
    source: str

    @property
    def is_against(self) -> bool:
        """Whether it is not met, as filed or now."""
        wanted = "false" if self.side == "against" else "true"
        return self.filed != wanted or (self.now is not None and self.now != wanted)


class CardRun(Model):
    """Run of a playbook that made the request.

    Attributes:
        segment: Number of the request in the run, from 1.
        parameters: As bound at the start of the run, roles included.
        max_duration_s: Longest time from the approval to the last command, seconds.
        supersedes: The earlier request of the run whose open recovery it takes over.
    """

    run_id: str
    playbook: str
    version: str
    segment: int
    parameters: dict[str, str]
    max_duration_s: float
    supersedes: str | None = None
    evidence: list[CardEvidence]


class CardFrame(Model):
    """Frame of one write.

    Attributes:
        digest: Of the action alone, under which its intent is recorded.
        device: Name that the device reports.
        certificate: Thumbprint of the certificate whose key it proved to have; else `None`.
    """

    action_id: str
    digest: str
    address: str
    wire: str
    where: str
    device: str
    is_simulator: bool
    is_loopback: bool
    certificate: str | None = None

    @classmethod
    def of(cls, action: Action) -> Self:
        """Returns the frame of an action."""
        return cls(
            action_id=plain(action.action_id),
            digest=action.digest,
            address=plain(action.address),
            wire=action.wire,
            where=plain(action.identity.where),
            device=printable(action.identity.name),
            is_simulator=action.identity.is_simulator,
            is_loopback=action.identity.is_loopback,
            certificate=action.identity.certificate,
        )


class CardChange(Model):
    """Change that one command makes.

    Attributes:
        number: Its place in the order, from 1.
        now: The present value, not rounded.
        delta: After minus now with its sign, not rounded; where both are numbers.
        is_already_so: Whether the present value is the new one already.
        limits: Limits of the tag.
        undo: The action that undoes it; without one it is not reversible.
        readback: The tag that must read as sent.
        within_s: Longest time until it does, seconds.
        step: Its step of the playbook.
        promises: Expected results in the process.
    """

    number: int
    equipment: str
    tag: str
    now: str
    after: str
    unit: str
    delta: str | None = None
    is_already_so: bool
    limits: str | None = None
    undo: str | None = None
    readback: str | None = None
    within_s: float
    step: str | None = None
    promises: list[str] = Field(default_factory=list[str])
    frame: CardFrame


class CardRecovery(Model):
    """Recovery write that is approved along with the commands.

    Attributes:
        undoes: Number of the command of this request that it undoes.
        before: The command of an earlier request of the run that it undoes. With neither it
            writes a safe state.
        step: Its step of the playbook.
        only_if: Conditions without which it is not sent, with present values.
    """

    tag: str
    after: str
    unit: str
    undoes: int | None = None
    before: str | None = None
    step: str | None = None
    only_if: list[CardCondition] = Field(default_factory=list[CardCondition])
    frame: CardFrame


class CardSigner(Model):
    """Approver who has signed."""

    person: str
    role: str
    signed_at: Stamp


class CardLease(Model):
    """Time limit of the writes, after which the gate undoes them.

    Attributes:
        span: As it is signed, not rounded, `2 h`.
    """

    for_s: float
    span: str


class Card(SignedDocument):
    """Card of a request, as shown to an approver.

    Attributes:
        run: `None` for a person's request.
        lease: `None` without a time limit.
        left_s: Seconds left for the last signature; negative if it is too late.
        problems: Reasons why it cannot be approved now.
    """

    schema_: Literal["card/1"] = Field(default="card/1", alias="schema")
    renderer: str = RENDERER
    request_id: str
    request_digest: str
    site: str
    equipment: list[str]
    filed_at: Stamp
    drawn_at: Stamp
    expires_at: Stamp
    left_s: float
    risk_class: RiskClass
    roles: list[str]
    quorum: int
    signed: list[CardSigner]
    proposer: str
    proposer_kind: Literal["person", "agent"]
    proposer_key: str | None = None
    reason: str
    run: CardRun | None = None
    lease: CardLease | None = None
    changes: list[CardChange]
    readings: list[CardReading]
    requires: list[CardCondition]
    recovery: list[CardRecovery]
    problems: list[str]

    @property
    def is_approvable(self) -> bool:
        """Whether the card shows no problem."""
        return not self.problems


def parse_card(text: str) -> Card:
    """Returns the card of a canonical text.

    Raises:
        ValueError: It is not canonical, or no card.
    """
    document: Any = parse_canonical(text)
    return Card.model_validate(document)
