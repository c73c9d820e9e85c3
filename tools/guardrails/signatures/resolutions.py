"""Words by which a person resolves a write whose outcome was unknown or wrong."""

from collections.abc import Mapping
from typing import Any

from ..ledger.actions import unresolved_on
from ..ledger.store.states import ActionState
from .decisions import ActionVerdict, VerdictName, meaning_of_subject

RESOLUTIONS: Mapping[VerdictName, tuple[ActionVerdict, ActionState]] = {
    "resolve-applied": ("resolve-applied", ActionState.RESOLVED_APPLIED),
    "resolve-not-applied": ("resolve-not-applied", ActionState.RESOLVED_NOT_APPLIED),
}
"""The words that resolve an action, and where each brings it."""


def meaning_of_resolution(verdict: VerdictName, action_id: str) -> str:
    """Returns what a person says who resolves an action, in words."""
    return meaning_of_subject(RESOLUTIONS[verdict][0], action_id)


def unresolved_in(site: object, database: object, policy: object, record: Any) -> list[Any]:
    """Returns the actions of a request whose outcome no person has resolved."""
    return list(record.unresolved)


def unsigned(site: object, database: object, policy: object) -> list[Any]:
    """Returns nothing."""
    return []


def all_unresolved(site: object, database: Any, policy: object) -> list[Any]:
    """Returns the actions whose outcome is unknown or wrong."""
    return unresolved_on(database)


Unresolved = Any
