"""Authority over a piece of equipment, by the ledger and its signatures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from handwheel.connectors.config.hosts import is_loopback
from handwheel.connectors.denial import Denial
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.endpoints import InstalledConnection
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.site_file import SITE_SCOPE
from handwheel.connectors.model.tags import Tag

from ...errors import GuardrailError, InterlockActive, PermitRefused
from ...requests.timestamps import Instant, parse_stamp
from ...safe_text import plain
from ..identity.roster import Operator, Roster, load_roster
from ..ledger.authority import LONGEST_NAME, Authority, Mode, load_authority
from ..ledger.decisions import DecisionRecord, Signed, load_authority_grants
from ..ledger.store.database import Ledger
from ..policy.policy import Policy
from ..signatures.context import DecisionContext
from ..signatures.decisions import (
    Decision,
    DecisionRefused,
    Reason,
    authority_subject,
    check_about,
    maintenance_subject,
    meaning_of_subject,
    parse_decision,
    verify,
)
from ..signatures.entitlement import check_roles
from ..signatures.heartbeat_grants import NamedHeartbeat, heartbeats_of, split_heartbeats

LONGEST = timedelta(days=30)
"""Longest time for which authority is granted."""


@dataclass(frozen=True, slots=True)
class AuthorityStatus:
    """Authority over a piece of equipment."""

    scope: str  # the equipment, or what it is part of, whose authority decides
    mode: Mode
    person: str  # who set it; empty if it was never set
    until: str | None  # when a grant ends, as a stamp; `None` unless the mode is AGENT
    is_valid: bool  # false for a grant that does not count; then it is as OPERATOR
    denial: Denial | None  # why agents may not act on it; `None` if they may

    @property
    def reason(self) -> str:
        """Reason why agents may not act on it, empty if they may."""
        return str(self.denial or "")


def check_authority(
    site: Site,
    database: Ledger,
    policy: Policy,
    equipment: str,
    now: Instant,
    *,
    is_agents: bool,
) -> None:
    """Refuses what may not be acted on from here, or not for an agent.

    Args:
        equipment: Its name; empty for a tag that belongs to none.

    Raises:
        InterlockActive: Somebody works there, or agents may not act on it.
        PermitRefused: Nobody can read who the operators are.
    """
    rows = load_authority(database, site.scopes_of(equipment))
    check_not_closed(rows)
    if not is_agents:
        return
    standing = _standing(
        DecisionContext(site, database, policy, _people(site)), equipment, rows, now
    )
    if standing.denial:
        raise InterlockActive(standing.reason)


def check_not_closed(rows: Iterable[Authority]) -> None:
    """Raises `InterlockActive` for equipment on which a person works."""
    for row in rows:
        if row.is_closed:
            raise InterlockActive(row.words)


def authority_status(context: DecisionContext, equipment: str, now: Instant) -> AuthorityStatus:
    """Returns who may act on a piece of equipment, or with an empty name on the site's own tags.

    Where one of its scopes is LOCAL or MAINTENANCE, that decides; else the narrowest of those
    whose authority was ever set, and of two of them the one that keeps agents away.
    """
    rows = load_authority(context.database, context.site.scopes_of(equipment))
    return _standing(context, equipment, rows, now)


def _standing(
    context: DecisionContext, equipment: str, rows: Sequence[Authority], now: Instant
) -> AuthorityStatus:
    closed = [row for row in rows if row.is_closed]
    found = [_judged(context, row, now) for row in closed or _narrowest(context.site, rows)]
    if not found:
        name = equipment or SITE_SCOPE
        denial = _denial(f"{name} was not granted to agents")
        return AuthorityStatus(name, "OPERATOR", "", None, True, denial)
    return next((each for each in found if each.denial), found[0])


def _narrowest(site: Site, rows: Sequence[Authority]) -> list[Authority]:
    def has_narrower(row: Authority) -> bool:
        members = set(site.members_of(row.scope)) - {row.scope}
        return any(other.scope in members for other in rows)

    return [row for row in rows if not has_narrower(row)]


def _judged(context: DecisionContext, row: Authority, now: Instant) -> AuthorityStatus:
    denial = _fault(context, row, now) if row.mode == "AGENT" else _denial(row.words)
    is_valid = row.mode != "AGENT" or denial is None
    person = plain(row.person, LONGEST_NAME)
    return AuthorityStatus(row.scope, row.mode, person, row.until, is_valid, denial)


def _denial(reason: str) -> Denial:
    return Denial("authority", reason, "a grant of authority to agents")


def _fault(context: DecisionContext, row: Authority, now: Instant) -> Denial | None:
    """Returns why a row with AGENT does not count now, or `None` if it does.

    A grant is over with its time, and when the key of the person is revoked or a role is lost.
    """
    fault = f"no person has signed that {row.scope} was granted to agents"
    for each in load_authority_grants(context.database, _subject(row)):
        try:
            check_grant(context, row, each.signed, now)
        except GuardrailError as refusal:
            fault = f"{row.scope} was granted to agents, which does not count: {refusal}"
        else:
            return None
    return _denial(fault)


def allowed_heartbeats(
    context: DecisionContext, scope: str, now: Instant
) -> frozenset[NamedHeartbeat]:
    """Returns the heartbeats named by a grant that counts now, of the scope that decides."""
    found = set[NamedHeartbeat]()
    for row in load_authority(context.database, [scope]):
        if row.mode != "AGENT" or _fault(context, row, now):
            continue
        for each in load_authority_grants(context.database, _subject(row)):
            found |= _heartbeats_in(context, row, each, now)
    return frozenset(found)


def _heartbeats_in(
    context: DecisionContext, row: Authority, word: DecisionRecord, now: Instant
) -> frozenset[NamedHeartbeat]:
    signed = word.signed
    try:
        check_grant(context, row, signed, now)
        subject = parse_decision(signed.text).subject or ""
    except GuardrailError:
        return frozenset()
    return frozenset(split_heartbeats(subject)[1])


def check_grant(context: DecisionContext, row: Authority, signed: Signed, now: Instant) -> None:
    """Raises `GuardrailError` unless an entitled person has validly signed exactly this grant.

    It is over when the wall clock says so or, unless the machine was restarted, the boot
    clock: a wall clock that is set back brings nothing back.
    """
    decision, operator = verify(
        signed, context.roster, context.revoked_keys(), context.site.id, now.wall
    )
    subject = decision.subject or ""
    if decision.verdict != "grant-authority" or split_heartbeats(subject)[0] != _subject(row):
        raise DecisionRefused(Reason.NOT_APPROVED)
    if decision.meaning != meaning_of_subject("grant-authority", subject):
        raise DecisionRefused(Reason.OTHER_MEANING)
    if not decision.attended and not _is_unattended_allowed(context, row.scope):
        raise DecisionRefused(Reason.UNATTENDED)
    check_grantor_roles(context, row.scope, operator)
    signed_at, until = decision.signed.wall, _end(row)
    if now.wall < signed_at:
        raise DecisionRefused(Reason.FUTURE)
    if until - signed_at > LONGEST:
        raise PermitRefused(f"it is for more than {LONGEST.days} days")
    since = timedelta(milliseconds=now.boot_ms - decision.boot_ms)
    is_same_boot = decision.boot_id == now.boot_id
    if now.wall >= until or (is_same_boot and since >= until - signed_at):
        raise PermitRefused(f"it ended {row.until}")


def check_end_of_maintenance(
    context: DecisionContext, row: Authority, decision: Decision, operator: Operator
) -> None:
    """Refuses an end of MAINTENANCE that is not exactly this one, or not an entitled person's."""
    check_about(decision, "end-maintenance", maintenance_subject(row.scope, row.generation))
    if not decision.attended and not _is_unattended_allowed(context, row.scope):
        raise DecisionRefused(Reason.UNATTENDED)
    check_grantor_roles(context, row.scope, operator, "to end the MAINTENANCE of")


def check_grantor_roles(
    context: DecisionContext,
    scope: str,
    operator: Operator,
    purpose: str = "to grant authority over",
) -> None:
    """Raises `PermitRefused` unless a person holds every role that the policy asks for there."""
    tags = _writable(context.site, scope)
    roles = {role for tag in tags for role in context.policy.roles_for(tag)}
    names = [tag.name for tag in tags]
    check_roles(context, operator, roles, f"{purpose} {scope}", names)


def _subject(row: Authority) -> str:
    """Returns the subject of the decision behind a grant, without the heartbeats it names."""
    return authority_subject(row.scope, row.generation, row.until or "")


def _end(row: Authority) -> datetime:
    try:
        return parse_stamp(row.until or "")
    except ValueError:
        raise PermitRefused("its end cannot be read") from None


def _people(site: Site) -> Roster:
    try:
        return load_roster(site)
    except ConfigError as error:
        raise PermitRefused(f"the person who granted it is not known: {error}") from None


def _writable(site: Site, scope: str) -> list[Tag]:
    covered = {*site.members_of(scope), *([""] if scope == SITE_SCOPE else [])}
    return [tag for tag in site.tags.values() if tag.equipment in covered and site.is_writable(tag)]


def _is_unattended_allowed(context: DecisionContext, scope: str) -> bool:
    """Whether policy and devices allow a grant by a script, as for requests."""
    site = context.site
    used = {tag.connection for tag in _writable(site, scope)}
    beats = (site.tags[each.tag] for each in heartbeats_of(site, scope))
    used |= {tag.connection for tag in beats}
    return context.policy.unattended and all(_is_simulator(site, name) for name in used)


def _is_simulator(site: Site, name: str) -> bool:
    config = site.connections[name]
    if isinstance(config, InstalledConnection):
        return False
    return config.simulated and is_loopback(config.host)
