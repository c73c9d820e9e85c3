"""Request for an ordered list of writes with exact bytes and preconditions."""

from functools import cached_property
from typing import Annotated, Any, Literal, Self, TypeVar, cast

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from handwheel.connectors.config.validation import Model
from handwheel.connectors.model.values import Value
from handwheel.connectors.session.protocols import DeviceIdentity

from .canonical import Digest, canonical, digest, parse_canonical
from .proposer import GUEST_KEY, Proposer
from .reasons import ReasonText
from .signed_document import CanonicalModel
from .timestamps import parse_stamp


def _check_stamp(text: str) -> str:
    parse_stamp(text)
    return text


def _as_tuple(items: object) -> object:
    return tuple(cast("list[object]", items)) if isinstance(items, list) else items


_T = TypeVar("_T")
TupleOf = Annotated[tuple[_T, ...], BeforeValidator(_as_tuple)]
"""List of a document, immutable once read."""
Stamp = Annotated[str, AfterValidator(_check_stamp)]
"""Time in a document, `2026-11-25T08:50:25.123Z`."""
Hex = Annotated[str, Field(pattern=r"^([0-9a-f]{2})+$")]
RiskClass = Literal["R1", "R2", "R3", "R4"]
EvidenceSide = Literal["trigger", "for", "against", "permissive"]


class TargetDevice(Model):
    """Device of a write, as it identified itself when the request was filed."""

    kind: Literal["opcua", "modbus"]
    where: str
    name: str
    is_loopback: bool
    is_simulator: bool
    # Thumbprint of the certificate whose key it proved to have; `None` where the channel has no
    # security, and on Modbus.
    certificate: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")] | None = None

    @property
    def identity(self) -> DeviceIdentity:
        """The identity in the type of the connectors."""
        return DeviceIdentity(
            self.kind, self.where, self.name, self.is_loopback, self.is_simulator, self.certificate
        )

    @classmethod
    def of(cls, identity: DeviceIdentity) -> Self:
        """Returns the device of an identity."""
        return cls.model_validate({name: getattr(identity, name) for name in cls.model_fields})


class ExpectedReading(Model):
    """Value of a tag when the request was filed, expected again at execution."""

    tag: str
    value: Value
    shown: str
    tolerance: float | None = None  # in the tag's unit; `None` means exactly the value
    max_age_s: float = Field(gt=0.0)  # highest age of the reading, seconds


class Requirement(Model):
    """Condition that must be true at execution, and its origin."""

    text: str
    why: str


class RunOrigin(Model):
    """Run of a playbook that an agent's request belongs to."""

    run_id: str = Field(pattern=r"^U-[0-9A-Z]{8}$")
    playbook: str = Field(min_length=1)
    version: str
    digest: Digest  # of the playbook's file
    parameters: dict[str, str]  # as bound at the start of the run
    segment: int = Field(ge=1)  # number of the part of the playbook that the request covers, from 1
    max_duration_s: float = Field(gt=0.0)  # from the approval to the last command, seconds


class Evidence(Model):
    """Condition evaluated before the request was filed, for the approver."""

    id: str
    side: EvidenceSide
    text: str  # with the playbook's roles and parameters bound
    truth: Literal["true", "false", "unknown"]
    shown: str  # the same with the values of that moment
    source: str  # place in the playbook, such as `cw/pump-bearing-changeover:31`


class ExpectedEffect(Model):
    """Expected result of a write in the process. It is monitored, not enforced."""

    text: str = Field(min_length=1)  # a condition over the site's tags
    within_s: float = Field(gt=0.0, le=86400.0)  # from the verified write until it is true, seconds


class Lease(Model):
    """Time limit of a write. The gate undoes the write when it ends."""

    for_s: float = Field(ge=1.0, le=30 * 86400.0)  # from the last verification, wall clock, s


class Action(Model):
    """One write of one tag in one frame."""

    action_id: str
    kind: Literal["command", "recovery"]
    equipment: str
    tag: str
    connection: str
    identity: TargetDevice
    address: str
    wire: Hex  # the exact bytes: for Modbus unit and PDU, for OPC UA one `WriteValue`
    type: Literal["float", "int", "bool", "enum", "string"]
    value: Value  # as the device will hold it, coerced to its type
    shown: str
    unit: str = ""
    expected: TupleOf[ExpectedReading]
    requires: TupleOf[Requirement]
    readback: str | None = None  # tag that must read as sent; `None` if it cannot be read back
    within_s: float = Field(gt=0.0)  # longest time until it does, seconds
    undo: str | None = None  # the recovery action that undoes it; `None` for none
    step: str | None = None  # its step of the playbook
    # The command that a recovery action undoes, of this request or of an earlier one of its run;
    # `None` for a write into a safe state.
    undoes: str | None = None
    # In a ramp, shortest time after the write before it as the agents pace it, seconds.
    after_s: float | None = Field(default=None, gt=0.0)
    promises: TupleOf[str] = ()  # expected results in the process, for the approver
    effects: TupleOf[ExpectedEffect] = ()  # results that the gate monitors; a run has none here

    @cached_property
    def digest(self) -> str:
        """Digest of this action alone, under which its intent is recorded."""
        return digest("action", canonical(self.model_dump(by_alias=True, exclude_none=True)))


class Hashes(Model):
    """SHA-256 of the site files from which the request was made."""

    site: Digest
    tags: Digest
    policy: Digest


class ActionRequest(CanonicalModel):
    """All that an approver approves. Immutable, an edit makes another request."""

    schema_: Literal["request/1"] = Field(default="request/1", alias="schema")
    request_id: str = Field(pattern=r"^R-[0-9A-Z]{8}$")
    proposal_key: str = Field(min_length=16)  # unique; a repeated proposal is filed once
    site: str
    proposer: Proposer
    reason: ReasonText
    risk_class: RiskClass
    roles: TupleOf[str]
    quorum: int = Field(ge=1, le=2)
    within_s: float = Field(gt=0.0)  # longest wait for the last signature, seconds
    filed_at: Stamp
    locks: dict[str, int]  # the lockout generation of each scope that covers its equipment
    hashes: Hashes
    commands: TupleOf[Action] = Field(min_length=1)
    recovery: TupleOf[Action]
    run: RunOrigin | None = None  # the run of an agent's request; `None` for any other
    evidence: TupleOf[Evidence] = ()
    supersedes: str | None = None  # earlier request of the run whose open recovery it takes over
    lease: Lease | None = None  # time limit of its writes; the recovery actions undo them then

    @model_validator(mode="after")
    def _check_actions(self) -> Self:
        names = [action.action_id for action in self.actions]
        if len(set(names)) != len(names):
            raise ValueError("two actions have the same id")
        if any(not name.startswith(f"{self.request_id}/") for name in names):
            raise ValueError("an action belongs to another request")
        kinds = [action.kind for action in self.actions]
        if kinds != ["command"] * len(self.commands) + ["recovery"] * len(self.recovery):
            raise ValueError("an action is in the wrong list")
        return self

    @model_validator(mode="after")
    def _check_origin(self) -> Self:
        if (self.proposer.kind == "agent") != (self.run is not None):
            raise ValueError("an agent asks for a run, and nobody else does")
        if self.proposer.kind != "person" and self.proposer.key_id is not None:
            raise ValueError("only a person has a key")
        if (self.proposer.kind == "guest") != self.proposal_key.startswith(GUEST_KEY):
            raise ValueError(f"the proposal key of a guest, and no other, begins with {GUEST_KEY}")
        if self.run is None and (self.evidence or self.supersedes):
            raise ValueError("only a run has evidence and earlier requests")
        return self

    @model_validator(mode="after")
    def _check_lease(self) -> Self:
        if self.lease is None:
            if self.run is None and self.recovery:
                raise ValueError("a request of no run has recovery only with a lease")
            return self
        if self.run is None and any(each.undoes is None for each in self.recovery):
            raise ValueError("a lease undoes what was written, and nothing else")
        if any(each.undo is None for each in self.commands):
            raise ValueError("with a lease every command has its undo")
        return self

    @model_validator(mode="after")
    def _check_undo(self) -> Self:
        if any(each.undoes for each in self.commands) or any(each.undo for each in self.recovery):
            raise ValueError("a command undoes nothing, and nothing undoes a recovery")
        own = f"{self.request_id}/"
        undone = [each.undoes for each in self.recovery if each.undoes is not None]
        if len(set(undone)) != len(undone):
            raise ValueError("two actions undo the same command")
        back = {
            (each.undoes, each.action_id)
            for each in self.recovery
            if each.undoes is not None and each.undoes.startswith(own)
        }
        if back != {(each.action_id, each.undo) for each in self.commands if each.undo}:
            raise ValueError("a command and its undo do not name each other")
        return self

    @property
    def actions(self) -> tuple[Action, ...]:
        """The commands in order, then the recovery."""
        return (*self.commands, *self.recovery)

    @cached_property
    def written(self) -> frozenset[str]:
        """The tags that commands and recovery write."""
        return frozenset(action.tag for action in self.actions)

    @property
    def tags(self) -> list[str]:
        """The tags that are written, expected or read back, each once, in order."""
        names = (
            name
            for action in self.actions
            for name in (
                action.tag,
                *(each.tag for each in action.expected),
                *((action.readback,) if action.readback else ()),
            )
        )
        return list(dict.fromkeys(names))

    @cached_property
    def digest(self) -> str:
        """Digest that a decision signs."""
        return digest("request", self.text)


def parse_request(text: str) -> ActionRequest:
    """Returns the request of a canonical text, or raises `ValueError`."""
    document: Any = parse_canonical(text)
    request = ActionRequest.model_validate(document)
    if request.text != text:
        raise ValueError("it is not in canonical form")
    return request
