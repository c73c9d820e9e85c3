"""Builds a request with coerced values, encoded bytes and the present readings."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handwheel.connectors.denial import Denial
from handwheel.connectors.model.endpoints import OpcuaConnection
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import GOOD, DataValue, Quality, Value
from handwheel.connectors.session.protocols import Survey
from handwheel.connectors.session.scan_groups import stale_after_s

from ...conditions.condition import parse_condition
from ...errors import InterlockActive, InvalidArguments
from ...requests.ids import new_id
from ...requests.lease_and_effects import NO_TERMS, Terms, check_terms
from ...requests.proposer import Proposer, proposal_key_of
from ...requests.request import (
    Action,
    ActionRequest,
    ExpectedReading,
    Hashes,
    Requirement,
    TargetDevice,
)
from ...requests.timestamps import Instant, stamp
from ..policy.cross_limits import CrossLimit, cross_tags
from ..policy.policy import Policy, Ruling

_TOLERANCE = 0.02  # of the span; covers noise


@dataclass(frozen=True, slots=True)
class ProposedWrite:
    """One proposed write, before it is encoded for the device."""

    tag: Tag
    value: Value


@dataclass(frozen=True, slots=True)
class BuildContext:
    """Site and policy from which requests are built."""

    site: Site
    policy: Policy
    across: Sequence[CrossLimit]


@dataclass(frozen=True, slots=True)
class Draft:
    """Action to be filed, with the policy's ruling on it."""

    action: Action
    ruling: Ruling


def tags_to_survey(
    context: BuildContext, writes: Sequence[ProposedWrite], terms: Terms = NO_TERMS
) -> list[Tag]:
    """Returns the tags that must be read to build a request of writes.

    Raises:
        InvalidArguments: A tag is not writable at this site, is named twice, or cannot have a
            lease, or an expected effect is no condition over the site's tags.
    """
    check_once(writes)
    check_terms(terms, [write.tag for write in writes], context.site)
    wanted = {name for write in writes for name in tags_of(context, write)}
    return context.site.find_tags(sorted(wanted))


def make_request(
    context: BuildContext,
    writes: Sequence[ProposedWrite],
    survey: Survey,
    proposer: Proposer,
    reason: str,
    locks: Mapping[str, int],
    now: Instant,
    terms: Terms = NO_TERMS,
) -> tuple[ActionRequest, Denial | None]:
    """Builds a request of writes.

    Args:
        survey: Fresh readings of the tags of `tags_to_survey`.
        locks: The lockout generation of each scope that covers the equipment.

    Returns:
        The request, and the policy's denial.

    Raises:
        InvalidArguments: A value does not fit its tag's type, or a tag cannot have a lease.
        InterlockActive: A tag has no good reading.
    """
    name = new_id("R")
    commands: list[Draft] = []
    for number, write in enumerate(writes, start=1):
        action = make_action(context.site, f"{name}/c{number}", write, survey)
        expected = (expected_as_read(context.site, write.tag, survey),)
        effects = terms.effects if number == len(writes) else ()
        undo = f"{name}/r{len(writes) + 1 - number}" if terms.lease else None
        update = {"expected": expected, "effects": effects, "undo": undo}
        action = action.model_copy(update=update)
        commands.append(Draft(action, judged(context, write, action, survey)))
    recovery = make_undo(context, commands, survey) if terms.lease else []
    drafts = [*commands, *recovery]
    request = ActionRequest(
        schema="request/1",
        request_id=name,
        proposal_key=proposal_key_of(proposer, terms.proposal_key),
        proposer=proposer,
        reason=reason,
        within_s=context.policy.ttl_max_s,
        commands=tuple(each.action for each in commands),
        recovery=tuple(each.action for each in recovery),
        lease=terms.lease,
        **common(context, drafts, locks, now),
    )
    return request, policy_denial(context, drafts, survey.readings)


def make_undo(context: BuildContext, commands: Sequence[Draft], survey: Survey) -> list[Draft]:
    """Returns actions that undo commands to the present readings, last command first.

    Raises:
        InvalidArguments: A present value cannot be written.
        InterlockActive: A tag has no good reading.
    """
    found: list[Draft] = []
    for number, command in enumerate(reversed([each.action for each in commands]), start=1):
        tag = context.site.tags[command.tag]
        write = ProposedWrite(tag, expected_as_read(context.site, tag, survey).value)
        name = f"{command.action_id.partition('/')[0]}/r{number}"
        action = make_action(context.site, name, write, survey).model_copy(
            update={
                "kind": "recovery",
                "expected": (expected_exactly(context.site, tag, command.value),),
                "undoes": command.action_id,
            }
        )
        written = DataValue(command.value, GOOD, None, None, 0.0)
        found.append(Draft(action, context.policy.judge(tag, action.value, written)))
    return found


def common(
    context: BuildContext,
    drafts: Sequence[Draft],
    locks: Mapping[str, int],
    now: Instant,
    more_roles: Iterable[str] = (),
) -> dict[str, Any]:
    """Returns the fields that requests of persons and agents share."""
    rulings = [each.ruling for each in drafts]
    return {
        "site": context.site.id,
        "risk_class": max(ruling.risk_class for ruling in rulings),
        "roles": tuple(
            sorted({*more_roles, *(role for ruling in rulings for role in ruling.roles)})
        ),
        "quorum": max(ruling.quorum for ruling in rulings),
        "filed_at": stamp(now.wall),
        "locks": dict(locks),
        "hashes": Hashes(**context.site.hashes),
    }


def check_once(writes: Iterable[ProposedWrite]) -> None:
    """Raises `InvalidArguments` if two writes name the same tag."""
    names = [write.tag.name for write in writes]
    if len(set(names)) != len(names):
        raise InvalidArguments("a request writes each tag once; ask for the second write later")


def tags_of(context: BuildContext, write: ProposedWrite) -> set[str]:
    """Returns the tags to read for a write. Raises `InvalidArguments` if it is not allowed here."""
    if not context.site.is_writable(write.tag):
        is_heartbeat = context.site.is_heartbeat(write.tag)
        why = f": it is the heartbeat of {write.tag.equipment}" if is_heartbeat else ""
        why = ": it is computed from other tags" if write.tag.computation else why
        raise InvalidArguments(f"{write.tag.name} cannot be written at this site{why}")
    wanted = {write.tag.name, *cross_tags(context.across, write.tag)} | (
        {write.tag.readback} - {""}
    )
    for each in requirements(context.site, write.tag):
        wanted |= set(parse_condition(each.text, context.site.tags).tags)
    return wanted


def judged(context: BuildContext, write: ProposedWrite, action: Action, survey: Survey) -> Ruling:
    """Returns the policy's ruling on a write, from the present reading."""
    return context.policy.judge(write.tag, action.value, survey.readings.get(write.tag.name))


def scopes(site: Site, writes: Sequence[ProposedWrite]) -> list[str]:
    """Returns the scopes that cover the equipment of writes."""
    found = (scope for write in writes for scope in site.scopes_of(equipment_of(write.tag)))
    return list(dict.fromkeys(found))


def equipment_of(tag: Tag) -> str:
    """Returns the equipment of a tag, or its loop, such as `PIC-102`."""
    return tag.equipment or tag.name.partition(".")[0]


def tolerance_of(tag: Tag) -> float | None:
    """Returns the tolerance of an expected reading, or `None` for an exact value."""
    return _TOLERANCE * (tag.span[1] - tag.span[0]) if tag.kind == "float" and tag.span else None


def max_age_of(site: Site, tag: Tag) -> float:
    """Returns the age in seconds above which a reading of a tag is stale."""
    config = site.connections.get(tag.connection)  # none of a computed tag
    is_subscribed = isinstance(config, OpcuaConnection) and config.updates == "subscribe"
    return stale_after_s(site.scan_s(tag), is_subscribed=is_subscribed)


def requirements(site: Site, tag: Tag) -> list[Requirement]:
    """Returns the conditions of the equipment for every write of a tag."""
    equipment = site.equipment.get(tag.equipment)
    if equipment is None or not equipment.remote_when:
        return []
    return [Requirement(text=equipment.remote_when, why="remote_when")]


def make_action(site: Site, action_id: str, write: ProposedWrite, survey: Survey) -> Action:
    """Returns an action without expected readings, or raises `InvalidArguments` for its value."""
    tag = write.tag
    encoder = survey.encoders[tag.connection]
    try:
        encoded = encoder.encode(tag, write.value)
    except ValueError as error:
        raise InvalidArguments(f"{tag.name}: {error}") from None
    return Action(
        action_id=action_id,
        kind="command",
        equipment=equipment_of(tag),
        tag=tag.name,
        connection=tag.connection,
        identity=TargetDevice.of(encoder.identity),
        address=str(tag.address),
        wire=encoded.wire.hex(),
        type=tag.kind,
        value=encoded.value,
        shown=tag.show_value(encoded.value),
        unit=tag.unit,
        expected=(),
        requires=tuple(requirements(site, tag)),
        readback=tag.readback or None,
        within_s=tag.within_s,
    )


def expected_as_read(site: Site, tag: Tag, survey: Survey) -> ExpectedReading:
    """Returns the present reading as the expected one, or raises `InterlockActive` if not good."""
    reading = survey.readings.get(tag.name)
    if reading is None or reading.quality is not Quality.GOOD or reading.scalar is None:
        status = reading.status.name if reading else "missing"
        raise InterlockActive(f"{tag.name} cannot be relied on: {status}; nothing was submitted")
    return expected_of(site, tag, reading.scalar)


def expected_of(site: Site, tag: Tag, value: Value) -> ExpectedReading:
    """Returns a value of a tag as an expected reading."""
    return ExpectedReading(
        tag=tag.name,
        value=value,
        shown=tag.show_value(value),
        tolerance=tolerance_of(tag),
        max_age_s=max_age_of(site, tag),
    )


def expected_exactly(site: Site, tag: Tag, value: Value) -> ExpectedReading:
    """Returns a written value as an expected reading without tolerance."""
    return expected_of(site, tag, value).model_copy(update={"tolerance": None})


def policy_denial(
    context: BuildContext, drafts: Sequence[Draft], readings: Mapping[str, DataValue]
) -> Denial | None:
    """Returns the policy's denial of a request, commands and recovery alike.

    Limits across tags are checked for commands only, since recovery starts from another state.
    """
    found = [
        f"{each.action.tag}: {reason}"
        for each in drafts
        if not each.ruling.is_allowed
        for reason in each.ruling.reasons
    ]
    for action in (each.action for each in drafts if each.action.kind == "command"):
        tag = context.site.tags[action.tag]
        found += [
            denial.reason
            for limit in context.across
            if (denial := limit.denial(readings, tag, action.value))
        ]
    return Denial("policy", "; ".join(found)) if found else None
