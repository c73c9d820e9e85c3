"""Outcome of a request as programs get it, computed from the ledger's records alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from ..ledger.effects import Effect
from ..ledger.records import RequestRecord
from ..ledger.store.states import ActionState, RequestState
from ..ledger.write_leases import APPLIED

OutcomeState = Literal[
    "WAITING", "RUNNING", "COMPLETE", "REJECTED", "DENIED", "EXPIRED", "REVOKED", "INVALIDATED",
    "FAILED", "UNKNOWN",
]  # fmt: skip
"""State of a request for who has proposed it.

`WAITING`: not all who must have decided. `RUNNING`: approved, and not yet all verified or judged.
`COMPLETE`: every command is verified, also while a lease runs, and each expected effect is judged.
`FAILED`: a write did not come about after the approval. `UNKNOWN`: nobody knows what came of a
write until a person resolves it.
"""

_ALWAYS: Mapping[RequestState, OutcomeState] = {
    RequestState.PROPOSED: "WAITING",
    RequestState.PENDING: "WAITING",
    RequestState.PARTIAL: "WAITING",
    RequestState.REJECTED: "REJECTED",
    RequestState.DENIED: "DENIED",
    RequestState.EXPIRED: "EXPIRED",
    RequestState.REVOKED: "REVOKED",
}
_LEASED = "every command is verified, and the gate undoes it when the lease ends"
_DONE = APPLIED | {ActionState.SKIPPED}
_UNDER_WAY = frozenset(
    {ActionState.PLANNED, ActionState.DUE, ActionState.CLAIMED, ActionState.SENDING}
)


@dataclass(frozen=True, slots=True)
class EffectOutcome:
    """Expected effect of a request with its verdict."""

    expected: str
    within_s: float
    verdict: str | None  # `CAME`, `MISSED` or `UNKNOWN`; `None` while it is not judged
    observed: str  # the condition with the values that were seen; empty before the verdict


@dataclass(frozen=True, slots=True)
class RequestOutcome:
    """Outcome of a request so far."""

    state: OutcomeState
    kept: bool | None  # whether all effects came; `None` if none is expected or one is not judged
    reason: str
    effects: tuple[EffectOutcome, ...]

    @property
    def fields(self) -> dict[str, object]:
        """It as fields for JSON."""
        return asdict(self)


def outcome_of(record: RequestRecord, judged: Sequence[Effect]) -> RequestOutcome:
    """Returns the outcome of a request.

    Args:
        judged: Verdicts on its effects, see `load_effects`.
    """
    effects = tuple(_effects(record, judged))
    is_judged = all(each.verdict is not None for each in effects)
    kept = all(each.verdict == "CAME" for each in effects) if effects and is_judged else None
    state = _state(record, is_judged=is_judged)
    is_leased = state == "COMPLETE" and record.state is RequestState.APPROVED
    reason = _LEASED if is_leased and record.request.lease else record.status[1]
    return RequestOutcome(state, kept, reason, effects)


def _state(record: RequestRecord, *, is_judged: bool) -> OutcomeState:
    if record.unresolved:
        return "UNKNOWN"
    if (found := _ALWAYS.get(record.state)) is not None:
        return found
    if record.state is RequestState.INVALIDATED:
        return "FAILED" if record.approved else "INVALIDATED"
    states = {record.record(each.action_id).state for each in record.request.commands}
    if not states <= _DONE | _UNDER_WAY:
        return "FAILED"
    if states <= _DONE:
        return "COMPLETE" if is_judged else "RUNNING"
    return "RUNNING" if record.state is RequestState.APPROVED else "INVALIDATED"


def _effects(record: RequestRecord, judged: Sequence[Effect]) -> Iterator[EffectOutcome]:
    """Yields the expected effects of the commands, in order."""
    known = {(each.action_id, each.number): each for each in judged}
    for command in record.request.commands:
        # Only what the gate has verified is judged.
        is_unjudged = record.record(command.action_id).state is ActionState.RESOLVED_APPLIED
        for number, each in enumerate(command.effects, start=1):
            found = known.get((command.action_id, number))
            verdict = found.verdict if found else "UNKNOWN" if is_unjudged else None
            observed = found.observed if found else ""
            yield EffectOutcome(each.text, each.within_s, verdict, observed)
