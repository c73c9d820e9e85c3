"""Card that an approver sees before deciding, as a document.

Its text is kept beside the decision, so that an auditor can draw it again.
"""

from typing import Any, Literal, Self

from pydantic import Field

from handwheel.connectors.config.validation import Model

from ....requests.canonical import parse_canonical
from ....requests.request import Action, EvidenceSide, RiskClass, Stamp
from ....requests.signed_document import SignedDocument
from ....safe_text import plain, printable

RENDERER = "10"
"""Version of the drawing. It changes when a card is drawn differently."""

UNREAD = "-"
"""Text of a value that was not read. No card with one can be approved."""


class CardReading(Model):
    """Present value of a tag."""

    tag: str
    shown: str  # text without unit; `-` if not known
    unit: str
    quality: str  # `good`, the name of the status, or `not read`
    age_s: float | None = None  # seconds from the device's sample to the drawing of the card
    read_at: Stamp | None = None
    was: str | None = None  # the expected value, from when the request was filed
    fault: str = ""  # reason why this reading prevents an approval; empty for none


class CardCondition(Model):
    """Required condition with present values."""

    text: str  # the condition and its values
    truth: Literal["true", "false", "unknown"]
    why: str  # its origin


class CardEvidence(Model):
    """Evidence of a run, as filed and now."""

    id: str
    side: EvidenceSide
    alarm: str = ""  # of a trigger that reads an alarm only, its name; empty for any other
    label: str = ""  # description of the first tag that a trigger reads; empty for none
    filed: Literal["true", "false", "unknown"]  # its truth when the request was filed
    shown: str  # the condition with the values of that moment
    now: Literal["true", "false", "unknown"] | None = None  # `None` if the snapshot lacks it
    shown_now: str = ""  # the condition with present values; empty where `now` is `None`
    untold: str = ""  # reason why `now` is `None`; else empty
    source: str  # its place in the playbook; empty if the plan is not released

    @property
    def is_against(self) -> bool:
        """Whether it is not met, as filed or now."""
        return self.filed != self.wanted or self.now not in {None, self.wanted}

    @property
    def wanted(self) -> Literal["true", "false"]:
        """Its truth where it supports the run."""
        return "false" if self.side == "against" else "true"


class CardOrder(Model):
    """Signed order of a person that started a run."""

    person: str
    role: str
    ordered_at: Stamp
    given: dict[str, str]  # parameters that are not the default, as they were signed


class CardRun(Model):
    """Run of a playbook that made the request."""

    run_id: str
    playbook: str  # empty if the plan is not released, since its name is a claim then
    version: str  # empty likewise
    segment: int  # number of the request in the run, from 1
    parameters: dict[str, str]  # as bound at the start of the run, roles included
    max_duration_s: float  # longest time from the approval to the last command, seconds
    supersedes: str | None = None  # earlier request of the run whose open recovery it takes over
    evidence: list[CardEvidence]
    ordered: CardOrder | None = None  # `None` if it cannot be checked


class CardFrame(Model):
    """Frame of one write."""

    action_id: str
    digest: str  # of the action alone, under which its intent is recorded
    address: str
    wire: str
    where: str
    device: str  # name that the device reports
    is_simulator: bool
    is_loopback: bool
    certificate: str | None = None  # thumbprint of the certificate whose key it proved to have

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
    """Change that one command makes."""

    number: int  # its place in the order, from 1
    equipment: str
    tag: str
    verb: str | None = None  # such as `start`; `None` where the site names none
    verb_back: str | None = None  # of writing the present value again, such as `stop`
    now: str  # the present value, not rounded, in the site's own words
    after: str  # the value that the bytes write, in the site's own words
    unit: str
    delta: str | None = None  # after minus now with its sign, not rounded; where both are numbers
    is_already_so: bool  # whether the present value is the new one already
    limits: str | None = None  # limits of the tag
    age_limit_s: float | None = None  # highest age of its reading when it is sent, seconds
    undo: str | None = None  # the action that undoes it; `None` for none
    readback: str | None = None  # the tag that must read as sent
    within_s: float  # longest time until it does, seconds
    step: str | None = None  # its step of the playbook
    # In a ramp, shortest time after the write before it as the agents pace it, seconds.
    after_s: float | None = None
    promises: list[str] = Field(default_factory=list[str])  # expected results in the process
    frame: CardFrame


class CardRecovery(Model):
    """Recovery write that is approved along with the commands."""

    equipment: str
    tag: str
    verb: str | None = None  # such as `stop`
    after: str
    unit: str
    undoes: int | None = None  # number of the command of this request that it undoes
    # The command of an earlier request of the run that it undoes. With neither it writes a safe
    # state.
    before: str | None = None
    step: str | None = None  # its step of the playbook
    # Conditions without which it is not sent, with present values.
    only_if: list[CardCondition] = Field(default_factory=list[CardCondition])
    frame: CardFrame


class CardSigner(Model):
    """Approver who has signed."""

    person: str
    role: str
    signed_at: Stamp


class CardLease(Model):
    """Time limit of the writes, after which the gate undoes them."""

    for_s: float
    span: str  # as it is signed, not rounded, `2 h`


class Card(SignedDocument):
    """Card of a request, as shown to an approver."""

    schema_: Literal["card/1"] = Field(default="card/1", alias="schema")
    renderer: str = RENDERER
    request_id: str
    request_digest: str
    site: str
    equipment: list[str]
    title: str  # the first write or ramp, such as `START P-101B`, and how many writes follow
    label: str  # description of what the first write is to; empty for none
    word: str  # what an approver must type
    filed_at: Stamp
    drawn_at: Stamp
    expires_at: Stamp
    left_s: float  # seconds left for the last signature; negative if it is too late
    risk_class: RiskClass
    class_reason: str  # why it has this class
    unreleased: str = ""  # why its plan is not a released playbook; empty if it is, or without one
    roles: list[str]
    quorum: int
    signed: list[CardSigner]
    proposer: str  # of a guest quoted and marked as unverified
    proposer_kind: Literal["person", "agent", "guest"]
    proposer_key: str | None = None
    proposer_account: str | None = None  # account of its process, as the agents' process said
    proposer_model: str | None = None  # language model of the plan, as its process said
    proposer_prompt: str | None = None  # SHA-256 of the prompt, likewise
    reason: str
    run: CardRun | None = None  # `None` for a person's or a guest's request
    lease: CardLease | None = None  # `None` without a time limit
    changes: list[CardChange]
    readings: list[CardReading]
    requires: list[CardCondition]
    recovery: list[CardRecovery]
    problems: list[str]  # reasons why it cannot be approved now

    @property
    def is_approvable(self) -> bool:
        """Whether the card shows no problem."""
        return not self.problems


def parse_card(text: str) -> Card:
    """Returns the card of a canonical text, or raises `ValueError`."""
    document: Any = parse_canonical(text)
    return Card.model_validate(document)
