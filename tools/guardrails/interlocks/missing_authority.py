"""Authority that agents lack for a playbook, and who can grant it."""

from collections.abc import Sequence
from dataclasses import dataclass

from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.hints import shell_command

from ...requests.timestamps import Instant
from ...safe_text import plain
from ..identity.keys import key_path
from ..identity.roster import Operator
from ..signatures.context import DecisionContext
from .authority import check_grantor
from .authority_check import AuthorityStatus, authority_status

_LASTS = "1h"


@dataclass(frozen=True, slots=True)
class MissingAuthority:
    """A scope that agents may not act on."""

    scope: str
    text: str  # why not, and whom to ask
    command: str  # command that grants it, or first ends LOCAL; empty if there is none now


def missing_authority(
    context: DecisionContext, equipment: Sequence[str], now: Instant
) -> list[MissingAuthority]:
    """Returns the scopes that must be granted so that agents may act on some equipment.

    They are few, and none reaches beyond that equipment. An empty name is the site's own tags.
    """
    found: dict[str, AuthorityStatus] = {}
    for name in equipment:
        status = authority_status(context, name, now)
        if status.denial is not None:
            is_own = bool(status.person) or not name  # a tag without equipment is the site's
            scope = status.scope if is_own else _widest(context, name, equipment)
            found.setdefault(scope, status)
    return [_missing(context, scope, status, now) for scope, status in found.items()]


def _widest(context: DecisionContext, name: str, equipment: Sequence[str]) -> str:
    """Returns the widest scope of a piece of equipment whose parts are all among the equipment."""
    for scope in context.site.scopes_of(name):
        parts = set(context.site.members_of(scope)) - {scope}
        if scope in context.site.equipment and parts and parts <= set(equipment):
            return scope
    return name


def _missing(
    context: DecisionContext, scope: str, status: AuthorityStatus, now: Instant
) -> MissingAuthority:
    able = [
        each
        for each in context.roster.operators
        if each.is_enrolled(now.wall) and not each.is_administrator
        and _can_grant(context, scope, each)
    ]  # fmt: skip
    reason = status.reason if status.person else f"{scope} was not granted to agents"
    if not able:
        ends = shell_command("authority", "take", scope) if status.mode == "LOCAL" else ""
        return MissingAuthority(scope, f"{reason}; nobody can grant it now", ends)
    names = ", ".join(plain(each.person) for each in able)
    here = [each for each in able if key_path(context.site.id, each.person).exists()]
    person = (here or able)[0].person
    command = shell_command("authority", "give", scope, "--for", _LASTS, "--as", person)
    return MissingAuthority(scope, f"{reason}; ask {names}", command)


def _can_grant(context: DecisionContext, scope: str, operator: Operator) -> bool:
    try:
        check_grantor(context, scope, operator)
    except HandwheelError:
        return False
    return True
