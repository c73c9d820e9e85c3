"""Permission to write a heartbeat, from a signed grant of authority."""

from collections.abc import Mapping
from dataclasses import dataclass

from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.site_file import SITE_SCOPE
from handwheel.connectors.model.tags import Tag, connections_of
from handwheel.connectors.model.values import DataValue

from ....conditions.condition import Condition, parse_condition
from ....conditions.errors import ConditionError
from ....conditions.truth import Truth
from ....errors import InterlockActive, PermitRefused
from ...identity.roster import Roster
from ...interlocks.authority_check import allowed_heartbeats, authority_status
from ...interlocks.blocking import locked_files
from ...ledger.authority import load_authority
from ...ledger.latched_lockouts import locked_scopes
from ...signatures.context import DecisionContext
from ...signatures.heartbeat_grants import NamedHeartbeat, heartbeat_of
from ..state.execution import GateContext
from ..steps.authorization import check_is_current


@dataclass(frozen=True, slots=True)
class HeartbeatPermission:
    """Grant of authority that allows a heartbeat."""

    scope: str  # equipment of the grant, or what it is part of, or `site`
    generation: int
    until: str  # when it ends, as a stamp
    named: NamedHeartbeat  # the heartbeat as the person signed it


def heartbeat_tag(context: GateContext, equipment: str) -> Tag:
    """Returns the tag of a heartbeat. Equipment without one raises `PermitRefused`."""
    heartbeat = context.site.equipment[equipment].heartbeat
    if heartbeat is None:
        raise PermitRefused(f"{equipment} has no heartbeat")
    return context.site.tags[heartbeat.tag]


def permission_for(context: GateContext, equipment: str) -> HeartbeatPermission:
    """Returns the grant that allows the heartbeat of a piece of equipment now.

    Raises:
        GuardrailError: There is none that counts: why.
        LedgerError: The ledger cannot be read, or is not the one that was anchored.
    """
    check_is_current(context)
    now, wanted = context.clock(), heartbeat_of(context.site, equipment)
    decision_context = DecisionContext(
        context.site, context.database, context.policy, _load_roster(context)
    )
    standing = authority_status(decision_context, equipment, now)
    if standing.denial:
        raise InterlockActive(standing.reason)
    if wanted is None or wanted not in allowed_heartbeats(decision_context, standing.scope, now):
        raise PermitRefused(
            f"the grant of {standing.scope} does not name the heartbeat as it is now; hand "
            "over again"
        )
    (row,) = load_authority(context.database, [standing.scope])
    return HeartbeatPermission(row.scope, row.generation, row.until or "", wanted)


def check_not_blocked(context: GateContext, equipment: str) -> None:
    """Raises `InterlockActive` for what is suspended or locked out, whatever was granted."""
    _check_suspensions(context, equipment)
    check_lockouts(context, equipment)
    if locked := locked_scopes(context.database).keys() & set(context.site.scopes_of(equipment)):
        raise InterlockActive(f"locked out: {', '.join(sorted(locked))}")


def check_lockouts(context: GateContext, equipment: str) -> None:
    """Raises `InterlockActive` if a lockout file covers the equipment. Needs no ledger."""
    if locked := locked_files(context.site, equipment, context.lockouts.seen()):
        raise InterlockActive(f"locked out: {', '.join(sorted(locked))}")


def remote_when(context: GateContext, equipment: str) -> Condition | None:
    """Returns the condition under which equipment may be written to from here.

    Raises:
        PermitRefused: It cannot be evaluated.
    """
    text = context.site.equipment[equipment].remote_when
    try:
        return parse_condition(text, context.site.tags) if text else None
    except ConditionError as error:
        raise PermitRefused(f"remote_when of {equipment} cannot be evaluated: {error}") from None


def check_remote(context: GateContext, equipment: str, readings: Mapping[str, DataValue]) -> None:
    """Raises `InterlockActive` unless equipment says that it is to be written to from here."""
    condition = remote_when(context, equipment)
    if condition is not None and condition.evaluate(readings) is not Truth.TRUE:
        raise InterlockActive(f"not true: {condition.shown(readings)}")


def _check_suspensions(context: GateContext, equipment: str) -> None:
    condition = remote_when(context, equipment)
    tags = [heartbeat_tag(context, equipment).name, *(condition.tags if condition else ())]
    scopes = {SITE_SCOPE, *connections_of(tags, context.site.tags)}
    if found := [each.words for each in context.suspensions.now if each.scope in scopes]:
        raise InterlockActive("; ".join(found))


def _load_roster(context: GateContext) -> Roster:
    try:
        return context.people()
    except ConfigError as error:
        raise PermitRefused(f"the person who granted it is not known: {error}") from None
