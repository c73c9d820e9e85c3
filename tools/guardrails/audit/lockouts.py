"""Lockouts in the journal, and actions that were sent in spite of one."""

from collections.abc import Iterator, Mapping
from typing import Any

from handwheel.connectors.model.site import Site

from ...requests.request import Action, ActionRequest
from ..ledger.latched_lockouts import load_lockouts
from ..ledger.store.database import Database
from ..signatures.decisions import Decision, lockout_subject, meaning_of_subject


class AuditedLockouts:
    """Follows the journal's rows about lockouts, by the site's files as they stand now."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._told: dict[str, tuple[int, bool]] = {}
        self._signed = set[str]()

    def sign(self, decision: Decision) -> None:
        """Notes an administrator's release."""
        subject = decision.subject or ""
        if decision.meaning == meaning_of_subject("release", subject):
            self._signed.add(subject)

    def latch(self, scope: str, body: Mapping[str, Any]) -> Iterator[str]:
        """Follows a lockout that was latched."""
        before, is_locked = self._told.get(scope, (0, False))
        generation = int(body["generation"])
        if is_locked or generation != before + 1:
            yield f"lockout {generation} of {scope} does not follow lockout {before}"
        self._told[scope] = generation, True

    def release(self, scope: str, body: Mapping[str, Any]) -> Iterator[str]:
        """Follows a lockout that was released."""
        generation = int(body["generation"])
        if self._told.get(scope) != (generation, True):
            yield f"lockout {generation} of {scope} was released, but not latched"
        if lockout_subject(scope, generation) not in self._signed:
            yield f"lockout {generation} of {scope} was released, and no administrator has signed"
        self._told[scope] = generation, False

    def stops(self, request: ActionRequest, action: Action) -> Iterator[str]:
        """Yields why an action should not have been sent now."""
        for scope in self._site.scopes_of(action.equipment):
            generation, is_locked = self._told.get(scope, (0, False))
            if is_locked:
                yield f"{action.action_id} was sent during the lockout of {scope}"
            elif request.locks.get(scope, generation) != generation:
                yield f"{action.action_id} was sent, and asked for before a lockout of {scope}"

    def compare(self, database: Database) -> Iterator[str]:
        """Yields where the ledger's table says something else."""
        held = {each.scope: (each.generation, each.is_locked) for each in load_lockouts(database)}
        for scope in sorted(self._told.keys() | held.keys()):
            if self._told.get(scope) != held.get(scope):
                ledger, journal = _words(held.get(scope)), _words(self._told.get(scope))
                yield f"lockout of {scope}: the ledger says {ledger}, the journal {journal}"


def _words(lockout: tuple[int, bool] | None) -> str:
    if lockout is None:
        return "nothing"
    return f"{'locked' if lockout[1] else 'released'} for the time {lockout[0]}"
