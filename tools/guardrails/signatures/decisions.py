"""Signed decisions of persons.

A signature covers the digest of the whole request, so that it cannot be carried to another,
and a nonce, so that it cannot be counted twice.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from enum import StrEnum
from functools import cached_property, lru_cache
from secrets import token_hex
from typing import Annotated, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import Field

from handwheel.connectors.config.validation import KeyId

from ...errors import GuardrailError
from ...requests.canonical import parse_canonical, signed_bytes
from ...requests.duration_text import exact_span
from ...requests.reasons import ReasonText
from ...requests.request import Action, ActionRequest, Stamp
from ...requests.signed_document import CanonicalModel
from ...requests.timestamps import Instant, parse_stamp
from ..identity.keys import KeyFault, PrivateKey, fingerprint
from ..identity.roster import Operator, Person, Role, Roster
from ..ledger.decisions import Signed
from .heartbeat_grants import NamedHeartbeat, split_heartbeats, with_heartbeats

RequestVerdict = Literal["propose", "approve", "reject", "revoke"]
ActionVerdict = Literal["resolve-applied", "resolve-not-applied"]
SiteVerdict = Literal["release", "revoke-key", "grant-authority", "end-maintenance"]
RunVerdict = Literal["resume-run", "abort-run", "clear-run", "sign-off-run", "start-run"]
CaseVerdict = Literal["answer-check"]
ShiftVerdict = Literal["end-shift", "take-shift"]
SubjectVerdict = Literal[ActionVerdict, SiteVerdict, RunVerdict, CaseVerdict, ShiftVerdict]
VerdictName = Literal[RequestVerdict, SubjectVerdict]

_MEANINGS: Mapping[SubjectVerdict, str] = {
    "resolve-applied": "I have looked at the plant: {} was applied",
    "resolve-not-applied": "I have looked at the plant: {} was not applied",
    "release": "I release {}",
    "revoke-key": "I revoke {}",
    "grant-authority": "I grant authority to agents: {}",
    "end-maintenance": "I have looked at the plant, nobody works there, and I end {}",
    "resume-run": "I have looked at the plant and resume {}",
    "abort-run": "I abort {}",
    "start-run": "I ask the agents to begin, which approves nothing: {}",
    "clear-run": "I have looked at the plant and clear {}",
    "sign-off-run": "I sign off what the step of {} asks for",
    "answer-check": "I have looked and answer, which approves nothing: {}",
    "end-shift": "I have shown what is open and end my shift: {}",
    "take-shift": "I have read what is open and take the shift: {}",
}
_Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_SIGNATURE_DIGITS = 128
_SIGNATURE_LETTERS = frozenset("0123456789abcdef")


class Reason(StrEnum):
    """Reason why a decision does not count, or an approval is missing."""

    NOT_CANONICAL = "the decision is not written as it must be"
    OTHER_SITE = "the decision is for another site"
    UNKNOWN_KEY = "no valid record of operators.yaml has this key"
    OTHER_PERSON = "the key belongs to somebody else"
    KEY_NOT_VALID = "the key's enrolment is over, or has not begun"
    REVOKED_KEY = "the key is revoked"
    REVOKED_ISSUER = "the key of an administrator who vouches for this person is revoked"
    BAD_SIGNATURE = "the signature does not fit the decision"
    ROLE_NOT_HELD = "the person does not hold the role they signed in"
    OTHER_DIGEST = "the decision is about another request"
    NOT_APPROVED = "the decision approves nothing"
    OTHER_MEANING = "the words that were signed are not this request's"
    ADMINISTRATOR = "an administrator does not approve"
    AGENT = "an agent does not approve"
    OWN_REQUEST = "a person does not approve their own request"
    ROLE_DOES_NOT_SATISFY = "the person's roles do not satisfy those that are required"
    REBOOTED = "the machine was restarted since it was signed"
    CLOCK_STEP = "the clock was set since it was signed"
    FUTURE = "it was signed in the future"
    EXPIRED = "the decision has expired"
    TOO_LATE = "it was not signed within the request's time"
    OTHER_LEDGER = "the ledger that was seen when signing is not this one"
    NO_CARD = "it was not signed on what was shown"
    UNATTENDED = "a script has signed it, and neither policy nor device allow that"
    SAME_NONCE = "the decision is counted already"
    SAME_PERSON = "the person has approved already"
    REJECTED = "a person who may do so has rejected it"
    REVOKED = "a person who may do so has taken the approval back"
    QUORUM_NOT_MET = "not enough people have approved"
    CLAIM_EXPIRED = "the last signature is too old to start on"


REASONS = frozenset(Reason)


class DecisionRefused(GuardrailError):
    """A decision does not count."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(str(reason))
        self.reason = reason


class Decision(CanonicalModel):
    """Decision of a person on a request, an action or another subject."""

    schema_: Literal["decision/1"] = Field(default="decision/1", alias="schema")
    site: str
    digest: _Hash | None = None  # the request's; `None` where no request is concerned
    verdict: VerdictName
    meaning: str = Field(min_length=1)  # what the person was shown, in words; see `meaning_of`
    person: Person
    key_id: KeyId
    role: Role  # the role they sign in
    nonce: str = Field(pattern=r"^[0-9a-f]{32}$")
    signed_at: Stamp
    valid_until: Stamp
    boot_id: str = Field(min_length=1)
    boot_ms: int = Field(ge=0)
    head: _Hash  # the ledger's head that they saw
    attended: bool  # whether a person sat at a terminal
    card: _Hash | None = None  # digest of the card that was shown; `None` where none was
    # What it is about besides the digest: an action, a lockout, a key, a grant of authority, a
    # run, a case, a shift.
    subject: str | None = Field(default=None, min_length=1)
    comment: ReasonText | None = None

    @cached_property
    def signed(self) -> Instant:
        """When it was signed, on both clocks."""
        return Instant(parse_stamp(self.signed_at), self.boot_id, self.boot_ms)

    @cached_property
    def valid_s(self) -> float:
        """For how long after it was signed it holds, seconds."""
        return (parse_stamp(self.valid_until) - self.signed.wall).total_seconds()


def new_nonce() -> str:
    """Returns what makes a decision different from every other."""
    return token_hex(16)


def sign(decision: Decision, private: PrivateKey) -> Signed:
    """Signs a decision. Raises `KeyFault` if it names another key."""
    if decision.key_id != fingerprint(private.public_key()):
        raise KeyFault(f"the decision names another key than this one: {decision.key_id}")
    signature = private.sign(signed_bytes("decision", decision.text)).hex()
    return Signed(text=decision.text, signature=signature)


@lru_cache(maxsize=512)
def parse_decision(text: str) -> Decision:
    """Returns the decision of a text, without verifying its signature.

    Kept by its text, for one text is one decision for ever; whether it counts is asked anew. A text
    in any but its only spelling raises `DecisionRefused`.
    """
    try:
        decision = Decision.model_validate(parse_canonical(text))
        is_canonical = decision.text == text
    except ValueError:
        raise DecisionRefused(Reason.NOT_CANONICAL) from None
    if not is_canonical:
        raise DecisionRefused(Reason.NOT_CANONICAL)
    return decision


def verify(
    signed: Signed, roster: Roster, revoked_keys: AbstractSet[str], site_id: str, at: datetime
) -> tuple[Decision, Operator]:
    """Returns what was decided, and the person who decided it.

    Whether it is still valid, and about what, is another question: see `check_quorum`.

    Args:
        at: When the person must have been enrolled, besides at the time of signing.

    Raises:
        DecisionRefused: It is not that person's valid signature at this site, or they did not
            hold the role.
    """
    decision = parse_decision(signed.text)
    if decision.site != site_id:
        raise DecisionRefused(Reason.OTHER_SITE)
    operator = _signatory(decision, roster, at)
    if not _is_signature(signed.text, signed.signature, operator.public.public_bytes_raw()):
        raise DecisionRefused(Reason.BAD_SIGNATURE)
    if operator.key_id in revoked_keys:
        raise DecisionRefused(Reason.REVOKED_KEY)
    if not revoked_keys.isdisjoint(operator.chain):
        raise DecisionRefused(Reason.REVOKED_ISSUER)
    if decision.role not in operator.roles:
        raise DecisionRefused(Reason.ROLE_NOT_HELD)
    return decision, operator


def _signatory(decision: Decision, roster: Roster, at: datetime) -> Operator:
    if not roster.with_key(decision.key_id):
        raise DecisionRefused(Reason.UNKNOWN_KEY)
    operator = roster.by_key(decision.key_id, at)
    if operator is None or not operator.is_enrolled(decision.signed.wall):
        raise DecisionRefused(Reason.KEY_NOT_VALID)
    if operator.person != decision.person:
        raise DecisionRefused(Reason.OTHER_PERSON)
    return operator


@lru_cache(maxsize=512)
def _is_signature(text: str, digits: str, key: bytes) -> bool:
    """Whether it is the signature of a key. That never changes, but who holds the key may."""
    # bytes.fromhex takes capitals and spaces: another spelling of the same decision.
    if len(digits) != _SIGNATURE_DIGITS or not _SIGNATURE_LETTERS.issuperset(digits):
        return False
    try:
        public = Ed25519PublicKey.from_public_bytes(key)
        public.verify(bytes.fromhex(digits), signed_bytes("decision", text))
    except InvalidSignature:
        return False
    return True


def meaning_of(verdict: RequestVerdict, request: ActionRequest) -> str:
    """Returns what a person says by signing, in words, byte for byte the same each time."""
    name = request.request_id
    match verdict:
        case "propose":
            return f"I ask for {name}: {_writes(request.commands)}{_lease(request)}"
        case "approve":
            recovery = _writes(request.recovery)
            more = f"; and to roll it back: {recovery}" if recovery and not request.lease else ""
            commands = _writes(request.commands)
            return f"I have read {name} and approve exactly: {commands}{more}{_lease(request)}"
        case "reject":
            return f"I have read {name} and reject it"
        case "revoke":
            return f"I revoke every approval of {name}"


def _lease(request: ActionRequest) -> str:
    """Returns how long it shall stand, and what the gate writes by itself after that."""
    if request.lease is None:
        return ""
    back = [
        f"{_writes([each])} (action {each.digest})"
        for each in request.recovery
        if each.undoes is not None
    ]
    safe = _writes([each for each in request.recovery if each.undoes is None])
    more = f"; and if the run fails: {safe}" if safe else ""
    return f"; for {exact_span(request.lease.for_s)}, then by itself: {'; '.join(back)}{more}"


def check_about(decision: Decision, verdict: SubjectVerdict, subject: str) -> None:
    """Raises `DecisionRefused` unless a decision has this verdict on this subject, in words."""
    if decision.verdict != verdict or decision.subject != subject:
        raise DecisionRefused(Reason.NOT_APPROVED)
    if decision.meaning != meaning_of_subject(verdict, subject):
        raise DecisionRefused(Reason.OTHER_MEANING)


def meaning_of_subject(verdict: SubjectVerdict, subject: str) -> str:
    """Returns what a person says where no request is decided on, in words."""
    meaning = _MEANINGS[verdict].format(subject)
    named = split_heartbeats(subject)[1] if verdict == "grant-authority" else ()
    return "; and ".join([meaning, *(each.words for each in named)])


def key_subject(key_id: str) -> str:
    """Returns what a decision that takes a key back is about."""
    return f"key:{key_id}"


def lockout_subject(scope: str, generation: int) -> str:
    """Returns the subject of a decision that releases exactly this lockout."""
    return f"lockout:{scope}:{generation}"


def authority_subject(
    equipment: str, generation: int, until: str, heartbeats: tuple[NamedHeartbeat, ...] = ()
) -> str:
    """Returns the subject of a decision that grants authority to agents until a stamp.

    It names the heartbeats that the gate may write until then.
    """
    return with_heartbeats(f"authority:{equipment}:{generation}:{until}", heartbeats)


def maintenance_subject(equipment: str, generation: int) -> str:
    """Returns the subject of a decision that ends exactly this MAINTENANCE."""
    return f"maintenance:{equipment}:{generation}"


def run_subject(run_id: str, seq: int) -> str:
    """Returns the subject of an order to a run, as it was at a row of the journal."""
    return f"run:{run_id}:{seq}"


def start_subject(case_id: str, playbook: str, digest: str, given: Mapping[str, str]) -> str:
    """Returns the subject of an order that a playbook of a digest starts with some parameters."""
    named = ",".join(f"{name}={given[name]}" for name in sorted(given))
    return f"start:{case_id}:{playbook}:{digest}:{named}"


def answer_subject(case_id: str, check: str, equipment: str, answer: str) -> str:
    """Returns the subject of an answer to a question of a case."""
    return f"answer:{case_id}:{check}:{equipment}:{answer}"


def shift_subject(leaving: str, coming: str, seq: int) -> str:
    """Returns the subject of a shift hand-over, at a row of the journal."""
    return f"shift:{leaving}:{coming}:{seq}"


def _writes(actions: Sequence[Action]) -> str:
    return "; ".join(
        f"{each.tag} = {' '.join(filter(None, (each.shown, each.unit)))} (wire {each.wire})"
        for each in actions
    )
