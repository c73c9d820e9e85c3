"""The card: everything that a person sees before deciding, as a document of its own.

Its text is kept beside the decision, so that an auditor can draw it again.
"""

from typing import Any, Literal

from pydantic import Field

from handwheel.connectors.config.validation import Model

from ...requests.canonical import parse_canonical
from ...requests.request import RiskClass, Stamp
from ...requests.signed_document import SignedDocument

RENDERER = "4"
"""Changes whenever the same card would be drawn in another way."""


class CardReading(Model):
    """A live value under the change.

    Attributes:
        shown: As a person reads it, without its unit; `-` if it is not known.
        quality: `good`, or the status that says why not; `not read`.
        age_s: Seconds from the device's sample to the drawing of the card.
        was: What it read when the request was filed, where it must still read that.
        fault: Why nothing may be approved on it; empty for none.
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
    """A permissive, with the live values behind it.

    Attributes:
        text: The condition and its values.
        why: Where it comes from.
    """

    text: str
    truth: Literal["true", "false", "unknown"]
    why: str


class CardEvidence(Model):
    """What was judged before a run asked, beside what is so now.

    Attributes:
        filed: How it was judged then.
        shown: The condition with the values of that moment.
        now: What it is at this moment; `None` where the gate's picture cannot tell.
        shown_now: The condition with the values of this moment; empty where `now` is `None`.
        untold: Why it cannot be told what it is now; empty where it can.
        source: Where it stands in the playbook.
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
        """Whether it speaks against the request, as it was filed or now."""
        wanted = "false" if self.side == "against" else "true"
        return self.filed != wanted or (self.now is not None and self.now != wanted)


class CardRun(Model):
    """The run of a playbook that asks.

    Attributes:
        segment: Which request of the run it is, from 1.
        parameters: As they were bound when the run began, the roles included.
        max_duration_s: How long after the approval a later command may be sent, seconds.
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
    """One write as it would go over the wire.

    Attributes:
        digest: Of the action alone, under which its intent is recorded.
        device: As it names itself.
        certificate: Thumbprint of the one to which it has proved to have the key; `None` where
            nothing is proved.
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


class CardChange(Model):
    """One command: from what to what.

    Attributes:
        number: Its place in the order, from 1.
        now: What it reads now, with nothing rounded away.
        delta: After minus now, with its sign and nothing rounded away; where both are numbers.
        is_already_so: Whether it reads so now, and the write would change nothing.
        limits: Within which it may move.
        undo: The action that takes it back; without one it is not reversible.
        readback: The tag that must read as sent.
        within_s: How long the device may take until it does, seconds.
        step: The playbook's step that it belongs to.
        promises: What is expected of the process afterwards; never a prediction.
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
    """A write that is approved along with the commands, for when a step fails.

    Attributes:
        undoes: The command of this request that it takes back, by its number.
        before: The command of an earlier request of the run that it takes back. With neither it
            brings something into the safe state.
        step: The playbook's step that it belongs to.
        only_if: Without which it is not sent, as it is now.
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
    """Somebody who has signed."""

    person: str
    role: str
    signed_at: Stamp


class CardLease(Model):
    """For how long the writes stand, before the gate takes them back by itself.

    Attributes:
        span: As it is signed, nothing rounded away: `2 h`.
    """

    for_s: float
    span: str


class Card(SignedDocument):
    """What was shown to a person who was asked to approve a request.

    Attributes:
        run: `None` where a person asks.
        lease: `None` where nothing is taken back by itself.
        left_s: Seconds until it is too late for the last signature; negative if it is.
        problems: Why it cannot be approved now; empty if it can.
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
        """Whether nothing that the card shows stands in the way."""
        return not self.problems


def parse_card(text: str) -> Card:
    """Returns the card of a canonical text, to be drawn again.

    Raises:
        ValueError: It is not canonical, or no card.
    """
    document: Any = parse_canonical(text)
    return Card.model_validate(document)
