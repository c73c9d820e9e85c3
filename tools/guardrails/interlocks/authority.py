"""Authority over equipment changes hands: to agents by a signature that ends, back by anybody."""

from collections.abc import Iterable
from typing import Literal

from handwheel.connectors.model.site import SITE_SCOPE, Site

from ...errors import InvalidArguments, PermitRefused
from ...requests.stamps import Instant
from ...safe_text import plain
from ..identity.roster import Operator, load_roster
from ..ledger.lifecycle import invalidate_in, move_request
from ..ledger.store.database import Database, Transaction
from ..ledger.store.states import OPEN_REQUESTS, RequestState
from ..policy.policy import load_policy
from ..signatures.context import DecisionContext, insert_decision
from ..signatures.decisions import Signed
from . import authority_check
from .authority_check import (
    LONGEST,
    LONGEST_NAME,
    Authority,
    AuthorityStatus,
    Mode,
    TakenMode,
    authority_status,
    check_grant,
    check_not_closed,
    load_authority,
)

__all__ = [
    "LONGEST",
    "AuthorityStatus",
    "Mode",
    "TakenBy",
    "TakenMode",
    "authority_of",
    "check_grantor",
    "grant_authority",
    "next_generation",
    "take_authority",
]

TakenBy = Literal["seat", "user"]
"""Whose name a take-over bears: that of the person of an open seat, or of the system's user."""

# A request that nobody can read counts as an agent's.
_AGENTS = (
    "SELECT request_id FROM request WHERE state IN ({marks}) AND 'person' IS NOT "
    "CASE WHEN json_valid(text) THEN json_extract(text, '$.proposer.kind') END ORDER BY rowid"
)


def authority_of(site: Site, database: Database, now: Instant) -> dict[str, AuthorityStatus]:
    """Returns who may act on each piece of equipment, and first on the site's own tags: `site`.

    Raises:
        ConfigError: Policy or operators cannot be read.
        LedgerError: The ledger cannot be read.
    """
    context = DecisionContext(site, database, load_policy(site), load_roster(site))
    own = {SITE_SCOPE: authority_status(context, "", now)}
    return own | {name: authority_status(context, name, now) for name in site.equipment}


def next_generation(database: Database, equipment: str) -> int:
    """Returns the generation that the next change of a piece of equipment's authority makes."""
    rows = load_authority(database, [equipment])
    return rows[0].generation + 1 if rows else 1


def check_grantor(context: DecisionContext, equipment: str, operator: Operator) -> None:
    """Refuses a person who could not hand a piece of equipment over to agents now.

    Args:
        equipment: A piece of equipment, or `site`.

    Raises:
        InvalidArguments: There is no such equipment.
        GuardrailError: Somebody works there, or the person does not hold every role that the
            policy asks for on what can be written there.
    """
    _check_known(context.site, equipment)
    check_not_closed(load_authority(context.database, _scopes(context.site, equipment)))
    authority_check.check_grantor_roles(context, equipment, operator)


def grant_authority(
    context: DecisionContext,
    equipment: str,
    until: str,
    generation: int,
    signed: Signed,
    now: Instant,
) -> None:
    """Lets agents' requests for a piece of equipment, and for its members, be carried out.

    Args:
        equipment: A piece of equipment, or `site`.
        until: When it ends, as a stamp.
        generation: As `next_generation` returned it when the person signed.

    Raises:
        InvalidArguments: There is no such equipment.
        GuardrailError: The decision does not count, somebody works there, or the authority has
            changed since it was signed; the journal keeps why.
        LedgerError: Nothing was recorded.
    """
    _check_known(context.site, equipment)
    with context.refusals_recorded(signed, now):
        decision, operator = context.verified(signed, now)
        row = Authority(equipment, generation, "AGENT", operator.person, until)
        check_grant(context, row, signed, now)
        check_not_closed(load_authority(context.database, _scopes(context.site, equipment)))
        with context.database.transaction(now) as transaction:
            if _generation(transaction, equipment) + 1 != generation:
                raise PermitRefused(f"the authority over {equipment} has changed; look again")
            insert_decision(transaction, None, decision, signed, None)
            body = _set(transaction, equipment, "AGENT", operator.person, until)
            transaction.record("authority.given", equipment, body | {"until": until})


def take_authority(
    database: Database,
    site: Site,
    equipment: str,
    mode: TakenMode,
    person: str,
    now: Instant,
    *,
    by: TakenBy | None = None,
) -> list[str]:
    """Takes a piece of equipment over, at once; whoever does so needs no key.

    What was handed over of its members ends as well. Open requests of agents end, and for LOCAL
    and MAINTENANCE everybody's.

    Args:
        equipment: A piece of equipment, or `site`.
        person: Whom the ledger is to name.
        by: Whose name that is; `None` if nobody can tell.

    Returns:
        The ids of the requests that it ended.

    Raises:
        InvalidArguments: There is no such equipment.
        LedgerError: Nothing was recorded.
    """
    _check_known(site, equipment)
    name = plain(person, LONGEST_NAME) or "somebody"
    covered = None if equipment == SITE_SCOPE else site.members_of(equipment)
    reason = f"{name} has taken {equipment} over: {mode}"
    with database.transaction(now) as transaction:
        _take(transaction, equipment, mode, name, by)
        for member in site.members_of(equipment):
            if member != equipment and _mode(transaction, member) == "AGENT":
                _take(transaction, member, "OPERATOR", name, by)
        if mode == "OPERATOR":
            return _end_agents(transaction, reason, covered)
        return invalidate_in(transaction, reason, OPEN_REQUESTS, covered)


def _check_known(site: Site, equipment: str) -> None:
    if equipment != SITE_SCOPE and equipment not in site.equipment:
        known = ", ".join((SITE_SCOPE, *site.equipment))
        raise InvalidArguments(f"there is no equipment {equipment!r} at this site; known: {known}")


def _scopes(site: Site, scope: str) -> tuple[str, ...]:
    return site.scopes_of("" if scope == SITE_SCOPE else scope)


def _generation(transaction: Transaction, equipment: str) -> int:
    found = transaction.one("SELECT generation FROM authority WHERE equipment = ?", equipment)
    return int(found or 0)


def _mode(transaction: Transaction, equipment: str) -> str | None:
    mode: str | None = transaction.one("SELECT mode FROM authority WHERE equipment = ?", equipment)
    return mode


def _take(
    transaction: Transaction, equipment: str, mode: TakenMode, person: str, by: TakenBy | None
) -> None:
    body = _set(transaction, equipment, mode, person, None)
    transaction.record("authority.taken", equipment, body | ({"by": by} if by else {}))


def _set(
    transaction: Transaction, equipment: str, mode: Mode, person: str, until: str | None
) -> dict[str, object]:
    """Sets the ledger's table, and returns what the row of the journal is to say of it."""
    before = _generation(transaction, equipment)
    transaction.change(  # no upsert: the schema refuses to insert equipment that is there
        "UPDATE authority SET generation = ?, mode = ?, person = ?, until = ? WHERE equipment = ?"
        if before
        else "INSERT INTO authority(generation, mode, person, until, equipment) "
        "VALUES (?, ?, ?, ?, ?)",
        (before + 1, mode, person, until, equipment),
    )
    return {"generation": before + 1, "mode": mode, "person": person}


def _end_agents(transaction: Transaction, reason: str, covered: Iterable[str] | None) -> list[str]:
    """Invalidates the open requests that anybody but a person made for some equipment."""
    states = sorted(OPEN_REQUESTS)
    found = transaction.all(_AGENTS.format(marks=", ".join("?" * len(states))), *states)
    ended = [row[0] for row in found]
    if covered is not None:
        ended = [name for name in ended if not _touched(transaction, name).isdisjoint(covered)]
    for name in ended:
        move_request(transaction, name, RequestState.INVALIDATED, reason)
    return ended


def _touched(transaction: Transaction, request_id: str) -> set[str]:
    rows = transaction.all("SELECT equipment FROM action WHERE request_id = ?", request_id)
    return {row[0] for row in rows}
