"""Explains the policy's ruling on a write, with its rules, signers and obstacles.

It collects the results of the modules that decide and decides nothing itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from handwheel.connectors.denial import Denial
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue, Quality, Value
from handwheel.connectors.session.protocols import Survey

from ...conditions.truth import Truth
from ...errors import PermitRefused
from ...requests.proposer import Proposer
from ...requests.request import Action, ActionRequest, Hashes
from ...requests.timestamps import Instant
from ..identity.roster import AGENT, Operator, Roster
from ..interlocks.blocking import WriteCheck, blocking_reasons, check_files, locked_files
from ..interlocks.suspension import applying
from ..ledger.latched_lockouts import lockout_generations
from ..ledger.store.database import Ledger
from ..policy.cross_limits import CrossLimit
from ..policy.groups import GroupUsage, group_usage
from ..policy.policy import CrossTagRule, Policy, Ruling
from ..signatures.administrators import revoked_keys
from .build_request import equipment_of, expected_of, requirements
from .plant_snapshot import PlantSnapshot
from .request_limits import Proposal, request_denial, waiting_for

_UNFILED = ""  # no request and no action has such an id


@dataclass(frozen=True, slots=True)
class Question:
    """Write to explain."""

    tag: Tag
    value: Value  # as the device would hold it, where that is known
    person: str  # the proposer; empty for an agent, `anybody` for any person
    readings: Mapping[str, DataValue]  # present readings; empty if the plant does not answer

    @property
    def is_agents(self) -> bool:
        """Whether the proposer is an agent."""
        return not self.person

    @property
    def kind(self) -> Literal["agent", "person"]:
        """Kind of the proposer."""
        return "agent" if self.is_agents else "person"

    @property
    def now(self) -> DataValue | None:
        """Present reading of the tag."""
        return self.readings.get(self.tag.name)

    def is_lost(self, name: str) -> bool:
        """Whether a tag has no good reading."""
        reading = self.readings.get(name)
        return reading is None or reading.quality is not Quality.GOOD


@dataclass(frozen=True, slots=True)
class ExplainContext:
    """Site, policy and records that an explanation is made from."""

    site: Site
    policy: Policy
    across: Sequence[CrossLimit]
    database: Ledger | None  # `None` where there is no ledger yet
    roster: Roster
    snapshot: PlantSnapshot | None  # of the running gate; `None` if none runs


@dataclass(frozen=True, slots=True)
class CrossLimitResult:
    """Result of one condition across tags for the write."""

    rule: CrossTagRule
    denial: Denial | None  # `None` if it denies nothing, or the plant does not answer
    is_unknown: bool  # whether its truth is not known
    is_now: bool  # whether it denies only because a reading is missing now


@dataclass(frozen=True, slots=True)
class Explanation:
    """Explanation of a write."""

    ruling: Ruling
    across: tuple[CrossLimitResult, ...]  # results of the limits across tags, if otherwise allowed
    signers: tuple[str, ...]  # people who could sign it now, without the proposer
    budgets: tuple[GroupUsage | str, ...]  # usage of each group, or why it cannot be read
    waiting: Mapping[str, int]  # number of requests for each role; for a person, of persons only
    obstacles: tuple[str, ...]  # why it would be refused now, missing readings included

    @property
    def denials(self) -> tuple[str, ...]:
        """The denials. Empty if it may be proposed."""
        ruled = () if self.ruling.is_allowed else self.ruling.reasons
        crossed = (each.denial.reason for each in self.across if each.denial and not each.is_now)
        return (*ruled, *crossed)


def explain(context: ExplainContext, question: Question, now: Instant) -> Explanation:
    """Returns the explanation of a write."""
    ruling, unknown = _ruling(context.policy, question)
    across = tuple(_crossed(context, question)) if ruling.is_allowed else ()
    unknown += tuple(each.denial.reason for each in across if each.denial and each.is_now)
    return Explanation(
        ruling,
        across,
        tuple(_signers(context, question, ruling, now)),
        tuple(_budgets(context, question, now)),
        _waiting(context, question, ruling, now),
        tuple(dict.fromkeys((*unknown, *_obstacles(context, question, ruling, now)))),
    )


def coerced(tag: Tag, asked: Value, plant: Survey | None) -> Value | None:
    """Returns the value that the device would hold, or `None` if it is not known."""
    encoder = plant.encoders.get(tag.connection) if plant else None
    try:
        return encoder.encode(tag, asked).value if encoder else None
    except ValueError:
        return None


def _ruling(policy: Policy, question: Question) -> tuple[Ruling, tuple[str, ...]]:
    """Returns the ruling, and reasons that exist only since the present value is not known."""
    tag, value, now = question.tag, question.value, question.now
    ruling = policy.judge(tag, value, now)
    if ruling.is_allowed or (now is not None and now.quality is Quality.GOOD):
        return ruling, ()
    known = policy.judge(tag, value, now, from_anywhere=True)
    return (known, ruling.reasons) if known.is_allowed else (ruling, ())


def _crossed(context: ExplainContext, question: Question) -> Iterator[CrossLimitResult]:
    for limit in context.across:
        if limit.concerns(question.tag):
            if not question.readings:
                yield CrossLimitResult(limit.rule, None, is_unknown=True, is_now=True)
                continue
            truth, denial = limit.judged(question.readings, question.tag, question.value)
            is_unknown = bool(denial) and truth is Truth.UNKNOWN
            is_now = is_unknown and any(map(question.is_lost, limit.read_for(question.tag)))
            yield CrossLimitResult(limit.rule, denial, is_unknown=is_unknown, is_now=is_now)


def _signers(
    context: ExplainContext, question: Question, ruling: Ruling, now: Instant
) -> Iterator[str]:
    revoked = revoked_keys(context.database) if context.database else frozenset[str]()
    for person in context.roster.operators:
        is_apart = person.is_administrator or AGENT in person.roles
        if is_apart or person.person == question.person or not person.is_enrolled(now.wall):
            continue
        if not revoked.isdisjoint((person.key_id, *person.chain)):
            continue
        if ruling.roles and all(_holds(context.policy, person, r, question) for r in ruling.roles):
            yield person.person


def _holds(policy: Policy, person: Operator, role: str, question: Question) -> bool:
    tags = (question.tag.name,)
    return any(policy.satisfies(held, role, tags) for held in person.roles)


def _budgets(
    context: ExplainContext, question: Question, now: Instant
) -> Iterator[GroupUsage | str]:
    for group in context.policy.groups_of(question.tag.name):
        try:
            yield (
                group_usage(context.database, group, now)
                if context.database
                else GroupUsage(group, (), 0.0)
            )
        except PermitRefused as refusal:
            yield f"{group.id}: {refusal}"


def _waiting(
    context: ExplainContext, question: Question, ruling: Ruling, now: Instant
) -> dict[str, int]:
    database = context.database
    if database is None:
        return dict.fromkeys(ruling.roles, 0)
    proposal = _proposal(context, question, ruling)
    return {
        role: len(waiting_for(database, context.site, role, proposal, now)) for role in ruling.roles
    }


def _proposal(context: ExplainContext, question: Question, ruling: Ruling) -> Proposal:
    writes = ((question.tag.name, question.value),)
    return Proposal(question.kind, ruling.roles, writes, Hashes(**context.site.hashes))


def _obstacles(
    context: ExplainContext, question: Question, ruling: Ruling, now: Instant
) -> Iterator[str]:
    site, database = context.site, context.database
    if context.snapshot is not None:
        try:
            check_files(site, site.hashes, context.snapshot.hashes, "terminal")
        except PermitRefused as refusal:
            yield str(refusal)
    elif ruling.is_allowed:
        yield "no gate is running: nothing can be approved"
    if database is None:  # no request was ever filed here
        locked = locked_files(site, equipment_of(question.tag)) if site.state.exists() else ()
        if locked:
            yield f"locked out: {', '.join(sorted(locked))}"
        return
    case = _case(context, database, question, now)
    suspended = context.snapshot.suspended if context.snapshot else ()
    yield from (each.words for each in applying(suspended, case.request, site.tags))
    yield from blocking_reasons(case)
    proposal = _proposal(context, question, ruling)
    if found := request_denial(database, context.policy.asking, site, proposal, now):
        yield found.reason


def _case(
    context: ExplainContext, database: Ledger, question: Question, now: Instant
) -> WriteCheck:
    """Returns the write in the form of a request that cannot be filed."""
    site, tag = context.site, question.tag
    equipment, reading = equipment_of(tag), question.now
    is_good = reading is not None and reading.quality is Quality.GOOD
    present = reading.scalar if is_good and reading is not None else None
    action = Action.model_construct(
        action_id=_UNFILED,
        kind="command",
        equipment=equipment,
        tag=tag.name,
        connection=tag.connection,
        value=question.value,
        readback=tag.readback or None,
        expected=() if present is None else (expected_of(site, tag, present),),
        requires=tuple(requirements(site, tag)),
    )
    request = ActionRequest.model_construct(
        request_id=_UNFILED,
        proposer=Proposer(kind=question.kind, name=question.person or AGENT),
        locks=lockout_generations(database, site.scopes_of(equipment)),
        commands=(action,),
        recovery=(),
    )
    return WriteCheck(site, database, context.policy, request, action, now)
