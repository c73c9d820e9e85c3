"""A request for action: an ordered list of writes, fixed to the byte, and what it rests on."""

from functools import cached_property
from typing import Annotated, Any, Literal, Self, TypeVar, cast

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from handwheel.connectors.config.validation import Model
from handwheel.connectors.model.values import Value
from handwheel.connectors.session.protocols import DeviceIdentity

from .canonical import canonical, digest, parse_canonical
from .reasons import ReasonText
from .stamps import parse_stamp


def _check_stamp(text: str) -> str:
    parse_stamp(text)
    return text


def _as_tuple(items: object) -> object:
    return tuple(cast("list[object]", items)) if isinstance(items, list) else items


_T = TypeVar("_T")
TupleOf = Annotated[tuple[_T, ...], BeforeValidator(_as_tuple)]
"""A list of a document, that nobody can add to once it was read."""
Stamp = Annotated[str, AfterValidator(_check_stamp)]
"""A time in a document, `2026-11-25T08:50:25.123Z`."""
Hex = Annotated[str, Field(pattern=r"^([0-9a-f]{2})+$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
RiskClass = Literal["R1", "R2", "R3", "R4"]


class Proposer(Model):
    """Who wants it: a person with a key, or an agent, which has none."""

    kind: Literal["person", "agent"]
    name: str
    key_id: str | None = None


class TargetDevice(Model):
    """The device that would be written to, as it named itself when the request was filed.

    Attributes:
        certificate: Thumbprint of the certificate to which it proved to have the key; `None`
            where the channel has no security, and on Modbus.
    """

    kind: Literal["opcua", "modbus"]
    where: str
    name: str
    is_loopback: bool
    is_simulator: bool
    certificate: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")] | None = None

    @property
    def identity(self) -> DeviceIdentity:
        """The same in the connectors' words."""
        return DeviceIdentity(
            self.kind,
            self.where,
            self.name,
            self.is_loopback,
            self.is_simulator,
            self.certificate,
        )

    @classmethod
    def of(cls, identity: DeviceIdentity) -> Self:
        """Returns the document's form of an identity."""
        return cls.model_validate({name: getattr(identity, name) for name in cls.model_fields})


class ExpectedReading(Model):
    """What a tag read when the request was filed, and must still read when it is carried out.

    Attributes:
        tolerance: In the tag's unit; `None` means exactly the value.
        max_age_s: How old the reading may be, seconds.
    """

    tag: str
    value: Value
    shown: str
    tolerance: float | None = None
    max_age_s: float = Field(gt=0.0)


class Requirement(Model):
    """A condition that must be true when the action is carried out, and where it comes from."""

    text: str
    why: str


class RunOrigin(Model):
    """The run of a playbook for which an agent asks.

    Attributes:
        digest: Of the playbook's file.
        parameters: As they were bound when the run began.
        segment: Which part of the playbook the request covers, from 1.
        max_duration_s: How long after the approval a later command may be sent, seconds.
    """

    run_id: str = Field(pattern=r"^U-[0-9A-Z]{8}$")
    playbook: str = Field(min_length=1)
    version: str
    digest: Digest
    parameters: dict[str, str]
    segment: int = Field(ge=1)
    max_duration_s: float = Field(gt=0.0)


class Evidence(Model):
    """A condition that was judged before anybody was asked, for whoever approves.

    Attributes:
        text: With the playbook's roles and parameters bound.
        shown: The same with the values of that moment.
        source: Where it stands, such as `cw/pump-bearing-changeover:31`.
    """

    id: str
    side: Literal["for", "against", "permissive"]
    text: str
    truth: Literal["true", "false", "unknown"]
    shown: str
    source: str


class ExpectedEffect(Model):
    """What the process shall do after a write, and by when; it is watched, not enforced.

    Attributes:
        text: A condition over the site's tags.
        within_s: How long after the write was verified it may take to become true, seconds.
    """

    text: str = Field(min_length=1)
    within_s: float = Field(gt=0.0, le=86400.0)


class Lease(Model):
    """How long a write shall stand before the gate takes it back by itself.

    Attributes:
        for_s: From the moment at which the last command was verified, people's time, seconds.
    """

    for_s: float = Field(ge=1.0, le=30 * 86400.0)


class Action(Model):
    """One write: one tag, one value, one frame.

    Attributes:
        wire: The exact bytes: for Modbus unit and PDU, for OPC UA one `WriteValue`.
        value: As the device will hold it, coerced to its type.
        readback: The tag that must read as sent; `None` for what cannot be read back.
        within_s: How long the device may take until it does, seconds.
        undo: The recovery action that takes it back; `None` if nothing does.
        step: The playbook's step that it belongs to.
        undoes: The command that a recovery takes back, of this request or of an earlier one of
            its run; `None` for a write into a safe state.
        promises: What is expected of the process afterwards, for whoever approves.
        effects: The same of a person's request, as conditions that the gate looks for.
    """

    action_id: str
    kind: Literal["command", "recovery"]
    equipment: str
    tag: str
    connection: str
    identity: TargetDevice
    address: str
    wire: Hex
    type: Literal["float", "int", "bool", "enum", "string"]
    value: Value
    shown: str
    unit: str = ""
    expected: TupleOf[ExpectedReading]
    requires: TupleOf[Requirement]
    readback: str | None = None
    within_s: float = Field(gt=0.0)
    undo: str | None = None
    step: str | None = None
    undoes: str | None = None
    promises: TupleOf[str] = ()
    effects: TupleOf[ExpectedEffect] = ()

    @cached_property
    def digest(self) -> str:
        """The digest of this action alone, under which its intent is recorded."""
        return digest("action", canonical(self.model_dump(by_alias=True, exclude_none=True)))


class Hashes(Model):
    """The SHA-256 of the files that the request was made with."""

    site: Digest
    tags: Digest
    policy: Digest


class ActionRequest(Model):
    """Everything that a person is asked to approve. It never changes; an edit is another request.

    Attributes:
        proposal_key: Unique; a proposal that is made twice is filed once.
        within_s: How long it waits for the last signature, seconds.
        locks: The lockout generation of each scope that covers its equipment.
        run: For which run an agent asks; `None` where a person does.
        supersedes: The earlier request of the same run whose open recovery it takes over.
        lease: For how long what it writes shall stand; the recovery takes it back then.
    """

    schema_: Literal["request/1"] = Field(default="request/1", alias="schema")
    request_id: str = Field(pattern=r"^R-[0-9A-Z]{8}$")
    proposal_key: str = Field(min_length=16)
    site: str
    proposer: Proposer
    reason: ReasonText
    risk_class: RiskClass
    roles: TupleOf[str]
    quorum: int = Field(ge=1, le=2)
    within_s: float = Field(gt=0.0)
    filed_at: Stamp
    locks: dict[str, int]
    hashes: Hashes
    commands: TupleOf[Action] = Field(min_length=1)
    recovery: TupleOf[Action]
    run: RunOrigin | None = None
    evidence: TupleOf[Evidence] = ()
    supersedes: str | None = None
    lease: Lease | None = None

    @model_validator(mode="after")
    def _check_actions(self) -> Self:
        names = [action.action_id for action in self.actions]
        if len(set(names)) != len(names):
            raise ValueError("two actions have the same id")
        if any(not name.startswith(f"{self.request_id}/") for name in names):
            raise ValueError("an action belongs to another request")
        kinds = [action.kind for action in self.actions]
        if kinds != ["command"] * len(self.commands) + ["recovery"] * len(self.recovery):
            raise ValueError("an action stands in the wrong list")
        return self

    @model_validator(mode="after")
    def _check_origin(self) -> Self:
        if (self.proposer.kind == "agent") != (self.run is not None):
            raise ValueError("an agent asks for a run, and a person for none")
        if self.run is not None and self.proposer.key_id is not None:
            raise ValueError("an agent has no key")
        if self.run is None and (self.evidence or self.supersedes):
            raise ValueError("only a run has evidence and earlier requests")
        return self

    @model_validator(mode="after")
    def _check_lease(self) -> Self:
        if self.lease is None:
            if self.run is None and self.recovery:
                raise ValueError("a person's request has recovery only with a lease")
            return self
        if self.run is None and any(each.undoes is None for each in self.recovery):
            raise ValueError("a lease takes back what was written, and nothing else")
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
        """Every tag that a command or a recovery writes."""
        return frozenset(action.tag for action in self.actions)

    @property
    def tags(self) -> list[str]:
        """Every tag that is written, expected or read back, once, in order."""
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
    def text(self) -> str:
        """The one text that is hashed, signed and kept."""
        return canonical(self.model_dump(by_alias=True, exclude_none=True))

    @cached_property
    def digest(self) -> str:
        """The digest that a decision signs."""
        return digest("request", self.text)


def parse_request(text: str) -> ActionRequest:
    """Returns the request of a canonical text.

    Raises:
        ValueError: It is not canonical, or no request.
    """
    document: Any = parse_canonical(text)
    request = ActionRequest.model_validate(document)
    if request.text != text:
        raise ValueError("it is not in canonical form")
    return request
