"""Describes the lease, the expected results and the open writes of a request."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from handwheel.connectors.config.durations import format_duration
from handwheel.tools.guardrails.approval.plant_snapshot import PlantSnapshot
from handwheel.tools.guardrails.ledger.effects import Effect, load_effects, not_come
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_exactly
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState
from handwheel.tools.guardrails.ledger.write_leases import (
    OpenWrite,
    in_lease,
    left_s,
    left_to_undo,
    open_writes,
    shown_value,
)
from handwheel.tools.requests.duration_text import exact_span
from handwheel.tools.requests.timestamps import Instant
from handwheel.tools.safe_text import LONG, printable

MET_BEFORE = "it was already met before the write"
"""Text for an expected result that proves nothing."""
_EFFECT = "effect."
_CAME, _MISSED = f"{_EFFECT}CAME", f"{_EFFECT}MISSED"


def effect_text(expected: str, within_s: float, observed: str) -> str:
    """Returns an expected result, its time limit and the observed values."""
    values = _values(expected, observed)
    return f"expected {expected} within {exact_span(within_s)}; observed: {values}"


def row_effect_text(body: Mapping[str, Any]) -> str:
    """Returns the same for the body of a journal row."""
    within_s = body.get("within_s")
    words = effect_text(
        str(body.get("expected")),
        within_s if isinstance(within_s, int | float) else 0.0,
        str(body.get("observed")),
    )
    return printable(words, LONG)


def effect_line(kind: str, body: Mapping[str, Any]) -> str:
    """Returns the verdict, its time and the expected result of a row such as `effect.MISSED`."""
    verdict = printable(kind.partition(".")[2])
    after_s = body.get("after_s")
    after = f" after {exact_span(round(after_s, 1))}" if isinstance(after_s, int | float) else ""
    before = f", but {MET_BEFORE}" if was_met_before(body) else ""
    return f"EFFECT {verdict}{after}{before}: {row_effect_text(body)}"


def effect_sentence(kind: str, body: Mapping[str, Any]) -> str:
    """Returns a sentence about a result not met or without proof, else an empty string."""
    expected, observed = str(body.get("expected")), str(body.get("observed"))
    text = printable(expected, LONG)
    if kind == _CAME and was_met_before(body):
        return f"The expected result proves nothing, because {MET_BEFORE}: {text}."
    if kind == _CAME or not kind.startswith(_EFFECT):
        return ""
    values = printable(_values(expected, observed), LONG)
    outcome = "was not met" if kind == _MISSED else "is not known to be met"
    return f"The expected result {outcome}: {text} (observed: {values})."


def was_met_before(body: Mapping[str, Any]) -> bool:
    """Returns whether the result was already met before the frame was sent."""
    return body.get("was_so") is True


def _values(expected: str, observed: str) -> str:
    """Returns the observed values without the condition in front of them."""
    values = observed.removeprefix(expected)
    if values != observed and values.startswith("  [") and values.endswith("]"):
        return values[3:-1]
    return observed


NOT_UNDONE = "no gate is running, so nothing is undone"


def lease_text(
    database: Ledger, record: RequestRecord, snapshot: PlantSnapshot | None, now: Instant
) -> str:
    """Returns the remaining lease of a request and the writes that end it, if any are undone.

    Without a gate's snapshot nothing is promised.
    """
    request = record.request
    if request.lease is None or record.state is not RequestState.APPROVED:
        return ""
    states = _states(record)
    backs = ", ".join(
        f"{printable(undo.tag)} → {printable(shown_value(undo))}"
        for _, undo in left_to_undo(request, states)
    )
    if not backs:
        return ""
    seconds = left_s(database, request, states, now)
    is_kept = snapshot is not None
    if seconds is None:
        unknown = "its end is not known" if is_kept else NOT_UNDONE
        return f"in its lease; {unknown}: {backs}"
    left = (
        f"in its lease, {format_duration(seconds)} left" if seconds > 0.0 else "its lease has ended"
    )
    if not is_kept:
        return f"{left}; {NOT_UNDONE}: {backs}"
    return f"{left}; {'then ' * (seconds > 0.0)}the gate writes {backs}"


def effect_lines(database: Ledger, record: RequestRecord) -> list[str]:
    """Returns a line for each expected result, with its time limit and verdict."""
    found = {
        (each.action_id, each.number): each
        for each in load_effects(database, record.request.request_id)
    }
    lines = [_effect_line(each) for each in found.values()]
    for action in record.request.commands:
        for number, each in enumerate(action.effects, start=1):
            if (action.action_id, number) not in found:
                waits = record.record(action.action_id).state is ActionState.VERIFIED
                state = "being checked" if waits else "not checked yet"
                span = exact_span(each.within_s)
                lines.append(f"{action.action_id}  expected {each.text} within {span}: {state}")
    return [printable(line, LONG) for line in lines]


def notes_on_requests(
    database: Ledger, snapshot: PlantSnapshot | None, now: Instant
) -> dict[str, list[str]]:
    """Returns the lease and the results that were not met, by request."""
    notes: dict[str, list[str]] = {}
    for request_id in in_lease(database):
        if words := lease_text(database, load_exactly(database, request_id), snapshot, now):
            notes.setdefault(request_id, []).append(words)
    for action_id, verdict, expected in not_come(database):
        name = action_id.partition("/")[0]
        notes.setdefault(name, []).append(printable(f"{verdict}: {expected}"))
    return notes


def followup_lines(
    database: Ledger, record: RequestRecord, snapshot: PlantSnapshot | None, now: Instant
) -> list[str]:
    """Returns lease, expected results and open writes of a request as lines."""
    lease = lease_text(database, record, snapshot, now)
    open_ = open_lines_for(database, record.request.request_id)
    return [*filter(None, [lease]), *effect_lines(database, record), *open_]


def open_lines_for(database: Ledger, request_id: str) -> list[str]:
    """Returns a line for each write of a request that its lease did not undo."""
    own = f"{request_id}/"
    return [open_line(each) for each in open_writes(database) if each.action_id.startswith(own)]


def open_line(each: OpenWrite) -> str:
    """Returns a write that its lease did not undo as a line."""
    return f"OPEN  {printable(each.words, LONG)}"


def open_lines(database: Ledger) -> list[str]:
    """Returns a line for each write that its lease did not undo."""
    return [open_line(each) for each in open_writes(database)]


def followup_fields(
    database: Ledger, record: RequestRecord, snapshot: PlantSnapshot | None, now: Instant
) -> dict[str, object]:
    """Returns the same as fields for JSON."""
    request = record.request
    return {
        "lease": request.lease
        and {
            "for_s": request.lease.for_s,
            "left_s": left_s(database, request, _states(record), now),
            "kept": record.state is RequestState.APPROVED and snapshot is not None,
        },
        "open": [
            each.body | {"action_id": each.action_id}
            for each in open_writes(database)
            if each.action_id.partition("/")[0] == request.request_id
        ],
        "effects": [asdict(each) for each in load_effects(database, request.request_id)],
    }


def _effect_line(each: Effect) -> str:
    words = effect_text(each.expected, each.within_s, each.observed)
    return f"{each.action_id}  {each.verdict}  {words}"


def _states(record: RequestRecord) -> dict[str, ActionState]:
    return {each.action_id: each.state for each in record.actions}
