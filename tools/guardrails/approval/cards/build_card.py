"""Builds the card of a request, which compares it with the present readings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from handwheel.connectors.model.endpoints import ConnectionConfig
from handwheel.connectors.model.tags import Tag

from ....conditions.truth import TRUTH_TEXT
from ....requests.duration_text import exact_span
from ....requests.request import ActionRequest
from ....requests.timestamps import Instant, parse_stamp, stamp
from ....safe_text import plain, printable
from ...signatures.request_class import RequestClass
from ..plant_snapshot import PlantSnapshot
from .card_model import Card, CardCondition, CardLease, CardOrder, CardReading, CardSigner
from .card_run import recovery_of, run_of
from .command_words import CommandWords
from .snapshot_view import SnapshotView

_WHOLE = 24_000  # characters of the longest reason, each one escaped
_LONG = 600  # characters of the reason why a plan is not released


@dataclass(frozen=True, slots=True)
class PolicyFindings:
    """Findings of the policy and the interlocks on a request."""

    limits: Mapping[str, str] = field(default_factory=dict[str, str])  # of a tag; else its range
    class_reason: str = ""  # why the request has its risk class
    blocking_reasons: Sequence[str] = ()  # reasons for which the gate would refuse it now
    request_class: RequestClass | None = None  # by the released playbooks; else as it was filed


def make_card(
    request: ActionRequest,
    *,
    tags: Mapping[str, Tag],
    connections: Mapping[str, ConnectionConfig],
    snapshot: PlantSnapshot | None,
    now: Instant,
    signed: Sequence[CardSigner] = (),
    policy: PolicyFindings | None = None,
    ordered: CardOrder | None = None,
) -> Card:
    """Returns the card of a request, with the problems that prevent its approval.

    Args:
        snapshot: The gate's; without one that is valid no approval is possible.
        signed: Approvers whose signatures count.
        policy: What the policy and the gate say; by default nothing.
        ordered: The checked order of a person that started its run.
    """
    policy = policy or PolicyFindings()
    view = SnapshotView(tags, snapshot, now)
    words = CommandWords(tags, connections)
    found = policy.request_class or RequestClass(request.risk_class, request.quorum, "")
    proposer = request.proposer
    expires = parse_stamp(request.filed_at) + timedelta(seconds=request.within_s)
    left_s = (expires - now.wall).total_seconds()
    readings = view.readings(request)
    requires = view.conditions(request)
    return Card(
        schema="card/1",
        request_id=request.request_id,
        request_digest=request.digest,
        site=plain(request.site),
        equipment=list(dict.fromkeys(plain(each.equipment) for each in request.commands)),
        title=words.title(request),
        label=words.label(request.commands[0]),
        word=words.word(request, found.risk_class),
        filed_at=request.filed_at,
        drawn_at=stamp(now.wall),
        expires_at=stamp(expires),
        left_s=round(left_s, 3),
        risk_class=found.risk_class,
        class_reason=printable(policy.class_reason),
        unreleased=printable(found.unreleased, _LONG),
        roles=[plain(role) for role in request.roles],
        quorum=found.quorum,
        signed=list(map(_signer, signed)),
        proposer=proposer.shown,
        proposer_kind=proposer.kind,
        proposer_key=plain(proposer.key_id) if proposer.key_id else None,
        proposer_account=plain(proposer.os_user) if proposer.os_user else None,
        proposer_model=plain(proposer.model) if proposer.model else None,
        proposer_prompt=proposer.prompt_hash,
        reason=printable(request.reason, _WHOLE),
        run=run_of(request, tags, view.values, is_released=not found.unreleased, ordered=ordered),
        lease=_lease(request),
        changes=view.changes(request, words, policy.limits),
        readings=readings,
        requires=requires,
        recovery=recovery_of(request, view.condition, words),
        problems=[
            *_faults_of_request(request, words, left_s, now),
            *view.faults(request),
            *map(printable, policy.blocking_reasons),
            *_faults_of_plant(readings, requires),
        ],
    )


def _signer(each: CardSigner) -> CardSigner:
    return CardSigner(
        person=printable(each.person), role=plain(each.role), signed_at=each.signed_at
    )


def _faults_of_plant(
    readings: Sequence[CardReading], requires: Sequence[CardCondition]
) -> list[str]:
    untrue = [each for each in requires if each.truth != "true"]
    return [
        *(f"{each.tag} {each.fault}" for each in readings if each.fault),
        *(f"a requirement is {TRUTH_TEXT[each.truth]}: {each.text}" for each in untrue),
    ]


def _faults_of_request(
    request: ActionRequest, words: CommandWords, left_s: float, now: Instant
) -> list[str]:
    faults: list[str] = []
    if left_s <= 0.0:
        faults.append("its time is over")
    if now.wall < parse_stamp(request.filed_at):
        faults.append("it was submitted in the future: a clock was set")
    if request.risk_class == "R4":
        faults.append("R4: no approval lifts it")
    found = (words.fault(each) for each in request.actions)
    return [*faults, *(each.reason for each in found if each)]


def _lease(request: ActionRequest) -> CardLease | None:
    if request.lease is None:
        return None
    return CardLease(for_s=request.lease.for_s, span=exact_span(request.lease.for_s))
