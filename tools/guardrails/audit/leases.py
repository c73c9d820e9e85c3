"""Time-limited writes in the journal, and when their undo actions were due."""

from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any

from ...requests.request import Action
from ...requests.timestamps import Instant
from ..interlocks.action_order import TO_COME
from ..ledger.effects import all_verdicts
from ..ledger.store.database import Database
from ..ledger.store.states import ActionState
from ..ledger.write_leases import APPLIED, left_to_undo
from .requests import AuditedRequest
from .runs import AuditedRuns

_TO_COME = TO_COME | {ActionState.SENDING}
EFFECT = "effect."
"""Prefix of the kind of a row about an expected result; the verdict follows it."""


class AuditedLeases:
    """Follows when each command took effect, and which runs lost their agents process."""

    def __init__(self, runs: AuditedRuns) -> None:
        self._runs = runs
        self._applied: dict[str, Instant] = {}
        self._lost = set[str]()
        self.effects: dict[str, str] = {}

    def see(self, action_id: str, kind: str, body: Mapping[str, Any]) -> None:
        """Notes what came of something that was expected."""
        self.effects[_effect(body["number"], action_id)] = kind.removeprefix(EFFECT)

    def lose(self, name: str, body: Mapping[str, Any]) -> Iterator[str]:
        """Records that no process looked after the run of a request."""
        del body
        self._lost.add(name)
        return iter(())

    def move(self, action_id: str, to: ActionState, now: Instant) -> None:
        """Notes where an action has come to."""
        if to in APPLIED:
            self._applied[action_id] = now

    def untimely(self, told: AuditedRequest, action: Action, now: Instant) -> Iterator[str]:
        """Yields that an action was set due at a time at which nothing of its kind was to come."""
        of_run = list(self._runs.untimely(told.request, action))
        is_back = told.request.lease is not None and action.undoes is not None
        if not is_back:
            yield from of_run
        elif told.run_id is None or of_run:
            yield from self._early(told, action, now)
            yield from _out_of_turn(told, action)

    def _early(self, told: AuditedRequest, action: Action, now: Instant) -> Iterator[str]:
        request, names = told.request, [each.action_id for each in told.request.commands]
        applied = [self._applied[name] for name in names if name in self._applied]
        came_to_nothing = any(told.actions[name] not in APPLIED | _TO_COME for name in names)
        if request.request_id in self._lost or (request.run is None and came_to_nothing):
            return
        last = max(applied, key=lambda each: (each.wall, each.boot_ms), default=None)
        since_s = now.since_s(last) if last else None
        if request.lease is None or since_s is None or since_s < request.lease.for_s:
            yield f"{action.action_id} was due before the lease of {request.request_id} was over"


def _out_of_turn(told: AuditedRequest, action: Action) -> Iterator[str]:
    left = {command.action_id for command, _ in left_to_undo(told.request, told.actions)}
    later = takewhile(lambda each: each.action_id != action.undoes, reversed(told.request.commands))
    for each in later:
        if told.run_id is None and told.actions[each.action_id] in _TO_COME:
            yield f"{action.action_id} was due, and {each.action_id} might still come"
        if each.action_id in left:
            yield f"{action.action_id} was due, and {each.action_id} had been written after it"


def other_digest(action: Action, body: Mapping[str, Any]) -> Iterator[str]:
    """Yields that an intent was recorded under another digest than the action's own."""
    if body.get("digest") != action.digest:
        yield f"{action.action_id} was sent under another digest than its own"


def held_effects(database: Database) -> dict[str, str]:
    """Returns what the ledger's table holds of what came of what was expected."""
    return {_effect(*name): verdict for name, verdict in all_verdicts(database).items()}


def _effect(number: int, action_id: str) -> str:
    return f"effect {number} of {action_id}"
