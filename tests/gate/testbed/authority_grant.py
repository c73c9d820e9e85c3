"""A person hands equipment over to agents, signed as the terminal signs it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from handwheel.hmi.people.signing import Signer, sign_statement
from handwheel.tools.guardrails.interlocks.authority import (
    EndMaintenance,
    ended_by,
    maintenance_of,
    next_generation,
)
from handwheel.tools.guardrails.ledger.decisions import Signed
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.decisions import (
    SubjectVerdict,
    authority_subject,
    maintenance_subject,
    meaning_of_subject,
)
from handwheel.tools.guardrails.signatures.heartbeat_grants import NamedHeartbeat
from handwheel.tools.guardrails.signatures.message import submit
from handwheel.tools.guardrails.signatures.statement import Statement
from handwheel.tools.requests.timestamps import Instant, stamp

from ...sites.people import key_of
from ...sites.released import BY_HAND
from .words import grant_authority

_PLAYBOOK, _VERSION, _DIGEST, _ROLES = BY_HAND
AGENTS: Mapping[str, Any] = {
    "proposer": {"kind": "agent", "name": "planner"},
    "run": {
        "run_id": "U-7K3MQ2XA", "playbook": _PLAYBOOK, "version": _VERSION, "digest": _DIGEST,
        "parameters": _ROLES, "segment": 1, "max_duration_s": 60.0,
    },
}  # fmt: skip
"""What an agent's request says that a person's does not."""


def make_agents(draft: dict[str, Any]) -> None:
    """Makes a person's request one of a released playbook's step."""
    draft.update(AGENTS)
    for each in draft["commands"]:
        each["step"] = "start"


def signed_hand_over(
    context: DecisionContext,
    equipment: str,
    now: Instant,
    *,
    until: str,
    generation: int,
    by: str = "anna",
    attended: bool = True,
    heartbeats: tuple[NamedHeartbeat, ...] = (),
) -> Signed:
    """What a person signs, whether or not they may."""
    subject = authority_subject(equipment, generation, until, heartbeats)
    return signed_word(context, "grant-authority", subject, now, by=by, attended=attended)


def signed_word(
    context: DecisionContext,
    verdict: SubjectVerdict,
    subject: str,
    now: Instant,
    /,
    *,
    by: str = "anna",
    attended: bool = True,
    **said: Any,
) -> Signed:
    """What a person signs of something else than a request, in the words that it has."""
    operator = context.roster.by_name(by, now.wall)
    assert operator is not None
    meaning, role = meaning_of_subject(verdict, subject), min(operator.roles)
    statement = replace(Statement(verdict, meaning, role, 60.0, subject=subject), **said)
    signer = Signer(operator, key_of(by), is_attended=attended)
    return sign_statement(context.database, signer, statement, now)


def end(
    context: DecisionContext,
    equipment: str,
    now: Instant,
    *,
    by: str = "anna",
    attended: bool = True,
    **said: Any,
) -> list[str]:
    """Takes a piece of equipment out of MAINTENANCE; returns the requests that this ended."""
    row = maintenance_of(context.database, equipment)
    assert row is not None
    subject = maintenance_subject(equipment, row.generation)
    signed = signed_word(context, "end-maintenance", subject, now, by=by, attended=attended, **said)
    message = EndMaintenance(
        site=context.site.id, equipment=equipment, generation=row.generation,
        taken_by=row.person, mode="OPERATOR", signed=signed,
    )  # fmt: skip
    return ended_by(submit(context, message, now))


def give(
    context: DecisionContext,
    equipment: str,
    now: Instant,
    *,
    lasts_s: float = 3600.0,
    by: str = "anna",
    attended: bool = True,
    heartbeats: tuple[NamedHeartbeat, ...] = (),
) -> str:
    """Hands a piece of equipment over to agents; returns when that ends."""
    until = stamp(now.wall + timedelta(seconds=lasts_s))
    generation = next_generation(context.database, equipment)
    signed = signed_hand_over(
        context, equipment, now, until=until, generation=generation, by=by, attended=attended,
        heartbeats=heartbeats,
    )  # fmt: skip
    grant_authority(context, equipment, until, generation, signed, now)
    return until
