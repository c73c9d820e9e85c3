"""Changes of authority over equipment. A signature grants it to agents; any person takes it.

MAINTENANCE ends by signature only, since somebody may be working there.

Equipment is named, or `site` for all. Equipment that is not there raises `InvalidArguments`.
"""

from collections.abc import Sequence
from typing import ClassVar, Literal

from handwheel.connectors.hints import next_step
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.site_file import SITE_SCOPE

from ...errors import InterlockActive, InvalidArguments, PermitRefused
from ...requests.request import Stamp
from ...requests.timestamps import Instant
from ...safe_text import plain
from ..identity.roster import Operator, load_roster
from ..ledger.actions import requests_in
from ..ledger.authority import (
    LONGEST_NAME,
    Authority,
    Mode,
    TakenMode,
    load_authority,
)
from ..ledger.decisions import Signed
from ..ledger.lifecycle import invalidate_in, move_request
from ..ledger.store.database import Ledger, LedgerReader, Transaction
from ..ledger.store.journal import JournalRow
from ..ledger.store.states import OPEN_REQUESTS, RequestState
from ..policy.policy import load_policy
from ..signatures.context import DecisionContext, insert_decision
from ..signatures.message import Message
from . import authority_check
from .authority_check import (
    LONGEST,
    AuthorityStatus,
    authority_status,
    check_end_of_maintenance,
    check_grant,
    check_not_closed,
)

__all__ = [
    "LONGEST", "SOMEBODY", "AuthorityStatus", "EndMaintenance", "GrantAuthority", "Mode",
    "TakeAuthority", "TakenBy", "TakenMode", "authority_of", "check_grantor", "ended_by",
    "maintenance_of", "next_generation",
]  # fmt: skip

SOMEBODY = "somebody may be working there"
"""Words for MAINTENANCE, to a person who wants to end it."""

TakenBy = Literal["seat", "user", "signature"]
"""Source of the name in a take-over: person at an open console, system's user, or signer."""


def authority_of(site: Site, database: Ledger, now: Instant) -> dict[str, AuthorityStatus]:
    """Returns the authority over the site's own tags (`site`) and each piece of equipment.

    Policy or operators that cannot be read raise `ConfigError`.
    """
    context = DecisionContext(site, database, load_policy(site), load_roster(site))
    own = {SITE_SCOPE: authority_status(context, "", now)}
    return own | {name: authority_status(context, name, now) for name in site.equipment}


def next_generation(reader: LedgerReader, equipment: str) -> int:
    """Returns the generation that the next change of a piece of equipment's authority makes."""
    rows = load_authority(reader, [equipment])
    return rows[0].generation + 1 if rows else 1


def check_grantor(context: DecisionContext, equipment: str, operator: Operator) -> None:
    """Refuses a person who could not hand a piece of equipment over to agents now.

    Raises:
        GuardrailError: Somebody works there, or the person does not hold every role that the
            policy asks for on what can be written there.
    """
    check_equipment(context.site, equipment)
    check_not_closed(load_authority(context.database, _scopes(context.site, equipment)))
    authority_check.check_grantor_roles(context, equipment, operator)


class GrantAuthority(Message):
    """Signed grant of authority to agents.

    It lets their requests for a piece of equipment, and for its members, be carried out.
    """

    path: ClassVar[str] = "authority/grant"
    equipment: str
    until: Stamp
    generation: int  # as `next_generation` returned it when the person signed
    signed: Signed

    def apply(self, context: DecisionContext, now: Instant) -> None:
        """Grants it.

        Raises:
            GuardrailError: The decision does not count, a person works there, or the authority has
                changed since it was signed; the journal keeps why.
        """
        equipment, signed = self.equipment, self.signed
        check_equipment(context.site, equipment)
        with context.verified(signed, now) as (decision, operator):
            row = Authority(equipment, self.generation, "AGENT", operator.person, self.until)
            check_grant(context, row, signed, now)
            check_not_closed(load_authority(context.database, _scopes(context.site, equipment)))
            with context.database.transaction(now) as transaction:
                if next_generation(transaction, equipment) != self.generation:
                    raise PermitRefused(f"the authority over {equipment} has changed; look again")
                insert_decision(transaction, None, decision, signed, None)
                body = _body(transaction, equipment, "AGENT", operator.person)
                transaction.record("authority.given", equipment, body | {"until": self.until})


class TakeAuthority(Message):
    """Take-over of a piece of equipment. Needs no key, except to end MAINTENANCE.

    Grants of its members end as well. Open requests of agents end, and for LOCAL
    and MAINTENANCE everybody's.
    """

    path: ClassVar[str] = "authority/take"
    equipment: str
    mode: TakenMode
    person: str  # whom the ledger is to name
    by: Literal["seat", "user"] | None = None  # where the person's name comes from

    def apply(self, context: DecisionContext, now: Instant) -> None:
        """Takes it. Raises `InterlockActive` in MAINTENANCE, which `EndMaintenance` ends."""
        site, equipment = context.site, self.equipment
        check_equipment(site, equipment)
        with context.database.transaction(now) as transaction:
            row = maintenance_of(transaction, equipment)
            if row is not None and self.mode != "MAINTENANCE":
                hint = next_step("authority", "take", equipment)
                raise InterlockActive(
                    f"{row.words}: {SOMEBODY}, and only a signature ends it; {hint}"
                )
            _take_over(transaction, site, equipment, self.mode, self.person, self.by)


def ended_by(rows: Sequence[JournalRow]) -> list[str]:
    """Returns the ids of the requests that rows of a take-over have ended."""
    kind = f"request.{RequestState.INVALIDATED}"
    return [each.fields["subject"] for each in rows if each.fields["kind"] == kind]


def maintenance_of(reader: LedgerReader, equipment: str) -> Authority | None:
    """Returns the row of a piece of equipment that is itself in MAINTENANCE, or `None`."""
    rows = load_authority(reader, [equipment])
    return rows[0] if rows and rows[0].mode == "MAINTENANCE" else None


class EndMaintenance(Message):
    """Signed end of the maintenance of a piece of equipment."""

    path: ClassVar[str] = "authority/end-maintenance"
    equipment: str
    generation: int  # of the MAINTENANCE that the person ends
    taken_by: str  # who has taken it
    mode: TakenMode
    signed: Signed

    def apply(self, context: DecisionContext, now: Instant) -> None:
        """Ends it.

        Raises:
            GuardrailError: The decision does not count, or the authority has changed since it was
                signed; the journal keeps why.
        """
        scope, signed = self.equipment, self.signed
        row = Authority(scope, self.generation, "MAINTENANCE", self.taken_by, None)
        with context.verified(signed, now) as (decision, operator):
            check_end_of_maintenance(context, row, decision, operator)
            with context.database.transaction(now) as transaction:
                if maintenance_of(transaction, scope) != row:
                    raise PermitRefused(f"the authority over {scope} has changed; look again")
                insert_decision(transaction, None, decision, signed, None)
                _take_over(
                    transaction, context.site, scope, self.mode, operator.person, "signature"
                )


def _take_over(
    transaction: Transaction,
    site: Site,
    equipment: str,
    mode: TakenMode,
    person: str,
    by: TakenBy | None,
) -> None:
    name = plain(person, LONGEST_NAME) or "somebody"
    covered = None if equipment == SITE_SCOPE else site.members_of(equipment)
    reason = f"{name} has taken {equipment} over: {mode}"
    _take(transaction, equipment, mode, name, by)
    for member in site.members_of(equipment):
        if member != equipment and _is_with_agents(transaction, member):
            _take(transaction, member, "OPERATOR", name, by)
    if mode == "OPERATOR":
        for each in requests_in(transaction, OPEN_REQUESTS, covered, of_agents=True):
            move_request(transaction, each, RequestState.INVALIDATED, reason)
    else:
        invalidate_in(transaction, reason, OPEN_REQUESTS, covered)


def check_equipment(site: Site, equipment: str) -> None:
    """Raises `InvalidArguments` with the known names if the site has no such equipment."""
    if equipment != SITE_SCOPE and equipment not in site.equipment:
        known = ", ".join((SITE_SCOPE, *site.equipment))
        raise InvalidArguments(f"there is no equipment {equipment!r} at this site; known: {known}")


def _scopes(site: Site, scope: str) -> tuple[str, ...]:
    return site.scopes_of("" if scope == SITE_SCOPE else scope)


def _take(
    transaction: Transaction, equipment: str, mode: TakenMode, person: str, by: TakenBy | None
) -> None:
    body = _body(transaction, equipment, mode, person)
    transaction.record("authority.taken", equipment, body | ({"by": by} if by else {}))


def _is_with_agents(transaction: Transaction, equipment: str) -> bool:
    return any(row.mode == "AGENT" for row in load_authority(transaction, [equipment]))


def _body(transaction: Transaction, equipment: str, mode: Mode, person: str) -> dict[str, object]:
    generation = next_generation(transaction, equipment)
    return {"generation": generation, "mode": mode, "person": person}
