"""Words by which a person resolves a write whose outcome was unknown or wrong."""

from collections.abc import Mapping

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
