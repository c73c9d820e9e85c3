"""Builds the request of a segment of a run with commands, undo and safe states."""

from collections.abc import Mapping, Sequence

from handwheel.connectors.denial import Denial
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import GOOD, DataValue
from handwheel.connectors.session.protocols import Survey

from ...conditions.condition import parse_condition
from ...errors import InvalidArguments
from ...requests.ids import new_id
from ...requests.proposer import Proposer
from ...requests.request import (
    Action,
    ActionRequest,
    ExpectedReading,
    Lease,
)
from ...requests.timestamps import Instant
from .build_request import (
    BuildContext,
    Draft,
    check_once,
    common,
    expected_as_read,
    expected_exactly,
    judged,
    make_action,
    policy_denial,
    scopes,
    tags_of,
)
from .ramps import with_ramps
from .segment import Command, Recovery, Segment


def tags_of_segment(context: BuildContext, segment: Segment) -> list[Tag]:
    """Returns the tags that must be read to build the request of a segment.

    Raises:
        InvalidArguments: A tag is not writable at this site, or two commands write the same.
        ConditionError: A requirement is not valid.
    """
    check_once([each.write for each in segment.commands])
    wanted = {name for write in segment.writes for name in tags_of(context, write)}
    wanted |= {tag.name for command in segment.commands for tag in command.reads}
    for requirement in segment.requirements:
        wanted |= set(parse_condition(requirement.text, context.site.tags).tags)
    return context.site.find_tags(sorted(wanted))


def scopes_of_segment(site: Site, segment: Segment) -> list[str]:
    """Returns the scopes that cover the equipment of a segment, recovery included."""
    return scopes(site, segment.writes)


def make_segment(
    context: BuildContext,
    segment: Segment,
    survey: Survey,
    proposer: Proposer,
    locks: Mapping[str, int],
    now: Instant,
) -> tuple[ActionRequest, Denial | None]:
    """Builds the request of a segment.

    Args:
        survey: Fresh readings of the tags of `tags_of_segment`, and an encoder for each write.
        locks: The lockout generation of each scope of `scopes_of_segment`.

    Returns:
        The request, and the policy's denial.

    Raises:
        InvalidArguments: A value does not fit its tag's type, a recovery undoes no command, or a
            command with a lease has no undo.
        InterlockActive: A tag has no good reading.
    """
    name = new_id("R")
    segment = with_ramps(context, segment, survey)
    undone = _undone(segment)
    _check_lease(segment, undone)
    commands: list[Draft] = []
    for n, command in enumerate(segment.commands, start=1):
        before = None if command.after is None else commands[command.after].action
        undo = undone.get(n - 1)
        commands.append(_command(context, f"{name}/c{n}", command, survey, undo, before))
    written = [each.action for each in commands]
    recovery = [
        _recovery(context, f"{name}/r{n}", each, survey, written)
        for n, each in enumerate(segment.recovery, start=1)
    ]
    drafts = [*commands, *recovery]
    request = ActionRequest(
        schema="request/1",
        request_id=name,
        proposal_key=segment.proposal_key,
        proposer=proposer,
        reason=segment.reason,
        within_s=min(context.policy.ttl_max_s, segment.within_s),
        commands=tuple(written),
        recovery=tuple(each.action for each in recovery),
        run=segment.run,
        evidence=segment.evidence,
        supersedes=segment.supersedes,
        lease=Lease(for_s=segment.lease_s) if segment.lease_s is not None else None,
        **common(context, drafts, locks, now, segment.roles),
    )
    return request, policy_denial(context, drafts, survey.readings)


def _undone(segment: Segment) -> dict[int, int]:
    found: dict[int, int] = {}
    for number, each in enumerate(segment.recovery, start=1):
        index = each.undoes
        if isinstance(index, int):
            if not 0 <= index < len(segment.commands) or index in found:
                raise InvalidArguments(f"{each.step}: there is no command {index} left to undo")
            found[index] = number
    return found


def _check_lease(segment: Segment, undone: Mapping[int, int]) -> None:
    if segment.lease_s is None:
        return
    for index, each in enumerate(segment.commands):
        if index not in undone or not each.write.tag.readback:
            name = each.write.tag.name
            raise InvalidArguments(f"{name} cannot have a lease: nothing takes it back for sure")
    if segment.supersedes or any(isinstance(each.undoes, str) for each in segment.recovery):
        raise InvalidArguments("a request with a lease undoes its own commands only")


def _command(
    context: BuildContext,
    action_id: str,
    command: Command,
    survey: Survey,
    undo: int | None,
    before: Action | None,
) -> Draft:
    site, write = context.site, command.write
    action = make_action(site, action_id, write, survey)
    tags = {tag.name: tag for tag in (write.tag, *command.reads)}
    if before is not None:  # of a ramp
        return _following(context, action, command, before, undo)
    action = action.model_copy(
        update={
            "expected": tuple(expected_as_read(site, tag, survey) for tag in tags.values()),
            "requires": (*action.requires, *command.requires),
            "undo": f"{action_id.partition('/')[0]}/r{undo}" if undo else None,
            "step": command.step,
            "promises": command.promises,
        }
    )
    return Draft(action, judged(context, write, action, survey))


def _following(
    context: BuildContext, action: Action, command: Command, before: Action, undo: int | None
) -> Draft:
    """Returns a write of a ramp that expects the one before it."""
    tag = command.write.tag
    action = action.model_copy(
        update={
            "expected": (expected_exactly(context.site, tag, before.value),),
            "requires": (*action.requires, *command.requires),
            "undo": f"{action.action_id.partition('/')[0]}/r{undo}" if undo else None,
            "step": command.step,
            "after_s": command.after_s,
            "promises": command.promises,
        }
    )
    present = DataValue(before.value, GOOD, None, None, 0.0)
    return Draft(action, context.policy.judge(tag, action.value, present))


def _recovery(
    context: BuildContext,
    action_id: str,
    recovery: Recovery,
    survey: Survey,
    commands: Sequence[Action],
) -> Draft:
    write = recovery.write
    action = make_action(context.site, action_id, write, survey)
    expected = _expected(context.site, recovery, commands)
    index = recovery.undoes
    action = action.model_copy(
        update={
            "kind": "recovery",
            "expected": tuple(expected),
            "requires": (*action.requires, *recovery.requires),
            "undoes": commands[index].action_id if isinstance(index, int) else index,
            "step": recovery.step,
        }
    )
    present = DataValue(expected[0].value, GOOD, None, None, 0.0) if expected else None
    ruling = context.policy.judge(
        write.tag, action.value, present, from_anywhere=recovery.undoes is None
    )
    return Draft(action, ruling)


def _expected(site: Site, recovery: Recovery, commands: Sequence[Action]) -> list[ExpectedReading]:
    """Returns the reading that an undo expects, none for a safe state."""
    tag, index, value = recovery.write.tag, recovery.undoes, recovery.expects
    if isinstance(index, int):
        if commands[index].tag != tag.name:
            raise InvalidArguments(f"{tag.name} does not undo {commands[index].tag}")
        value = commands[index].value
    if (value is None) != (index is None):
        raise InvalidArguments(f"{tag.name}: an undo, and only that, expects what was written")
    return [] if value is None else [expected_exactly(site, tag, value)]
