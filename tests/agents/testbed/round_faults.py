"""What must hold for every round in which the agents died, by the journal's own rows."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

COMMANDS = ("P-101B.run_cmd", "P-101A.run_cmd", "P-101A.mode")
"""What a whole change-over writes, in order."""
Rows = Sequence[Mapping[str, Any]]

_GOES_ON = {"run.resuming", "run.aborting", "run.opened"}
_AT_REST = {"HELD", "ABORTED", "no run"}
_BESIDE = {"run.ordered", "run.filed"}
_STUCK = "rollback: "
_UNDONE = {"action.VERIFIED", "action.RESOLVED_APPLIED", "action.SKIPPED"}
_STOPPED = {"action.INVALIDATED", "action.ABORTED_NOT_SENT", "action.REFUSED"}
_NOT_APPLIED = "action.RESOLVED_NOT_APPLIED"


@dataclass(frozen=True)
class Death:
    """One death of the agents, and what it left behind.

    Attributes:
        state: Of the run, as its events tell.
        shown: Of the run, as `runs list` tells people.
        seq: The last row of the journal.
        flying: The actions that the gate had in hand, or was to take up.
    """

    moment: str
    state: str
    shown: str
    seq: int
    flying: tuple[str, ...]


def faults_of_round(rows: Rows, deaths: Sequence[Death], end: str) -> list[str]:
    """Returns what is wrong with a round.

    Args:
        rows: Of the journal, from the round's beginning to its end.
        end: The state in which its run ended.
    """
    return [
        *_not_held(rows, deaths),
        *(fault for death in deaths for fault in _sent_while_dead(rows, death)),
        *_sent_twice(rows, end),
        *_undone_unasked(rows),
        *_sent_by_an_old_request(rows),
        *_not_taken_back(rows, end),
    ]


def _sent(rows: Rows) -> list[str]:
    return [row["subject"] for row in rows if row["kind"] == "action.SENDING"]


def _not_held(rows: Rows, deaths: Sequence[Death]) -> Iterator[str]:
    """A run at work is held: people are told so at once, and the next process records it."""
    for death in deaths:
        if death.state in _AT_REST:
            continue
        if death.shown != "HELD":
            yield f"{death.moment}: runs list says {death.shown}"
        later = [str(row["kind"]) for row in rows if row["seq"] > death.seq]
        # What was filed and not noted is taken in first.
        events = [kind for kind in later if kind.startswith("run.") and kind not in _BESIDE]
        if events and events[0] not in {"run.holding", "run.held"}:
            yield f"{death.moment}: the next process began with {events[0]}"


def _sent_while_dead(rows: Rows, death: Death) -> Iterator[str]:
    """Until somebody lets the run go on only that may leave which was due before."""
    for row in rows:
        if row["seq"] <= death.seq:
            continue
        if row["kind"] in _GOES_ON:
            return
        if row["kind"] == "action.SENDING" and row["subject"] not in death.flying:
            yield f"{death.moment}: {row['subject']} was sent while nobody was at work"


def _sent_twice(rows: Rows, end: str) -> Iterator[str]:
    sent = _sent(rows)
    tags = {
        each["action_id"]: each["tag"]
        for row in rows
        if row["kind"] == "request.filed"
        for each in json.loads(row["body"]["text"])["commands"]
    }
    yield from (f"{name} was sent twice" for name in set(sent) if sent.count(name) > 1)
    written = [tags.get(name, name) for name in sent if "/c" in name]
    if len(set(written)) != len(written):
        yield f"a tag was commanded twice: {written}"
    if written != list(COMMANDS[: len(written)]):
        yield f"in another order: {written}"
    if end == "COMPLETE" and len(written) != len(COMMANDS):
        yield f"it is complete, and only this was sent: {written}"
    raised = [row for row in rows if row["kind"] == "run.raised"]
    orders = {row["body"]["workorder"] for row in raised}
    if end == "COMPLETE" and len(orders) != 1:
        yield f"it raised {len(orders)} work orders"


def _undone_unasked(rows: Rows) -> Iterator[str]:
    is_aborting = False
    for row in rows:
        is_aborting |= row["kind"] == "run.aborting"
        if row["kind"] == "action.SENDING" and "/r" in row["subject"] and not is_aborting:
            yield f"{row['subject']} was sent, and nobody took the run back"


def _sent_by_an_old_request(rows: Rows) -> Iterator[str]:
    """What is commanded after a run was resumed was asked for, and approved, after that."""
    resumed = 0
    filed = dict[str, int]()
    for row in rows:
        if row["kind"] == "run.resuming":
            resumed = row["seq"]
        elif row["kind"] == "request.filed":
            filed[row["subject"]] = row["seq"]
        elif row["kind"] == "action.SENDING" and "/c" in row["subject"]:
            name = row["subject"].partition("/")[0]
            if filed.get(name, 0) < resumed:
                yield f"{row['subject']} was approved before the run was resumed"


def _not_taken_back(rows: Rows, end: str) -> Iterator[str]:
    """What was sent and can be undone is undone after an abort, the newest first."""
    aborts = [row for row in rows if row["kind"] == "run.aborting"]
    if not aborts or aborts[0]["body"]["goal"] != "rollback":
        return
    if end == "HELD":
        yield from _held_for_nothing(rows)
    states = {row["subject"]: row for row in rows if row["kind"].startswith("action.")}
    if end != "ABORTED" or _is_safe_instead(rows, states):
        return
    sent = {row["subject"]: row["seq"] for row in rows if row["kind"] == "action.SENDING"}
    took_back = list[tuple[int, int]]()  # when each command was sent, and its undo was through
    for command, undo in _undo_of(rows).items():
        if command not in sent or states[command]["kind"] == _NOT_APPLIED:
            continue
        done = [states[name]["seq"] for name in undo if _is_undone(states.get(name))]
        if not done:
            yield f"it is ABORTED, and {command} was not taken back"
        took_back += [(sent[command], min(done))] if done else []
    through = [at for _, at in sorted(took_back, reverse=True)]
    if through != sorted(through):
        yield f"taken back in another order than the newest first: {sorted(took_back)}"


def _is_safe_instead(rows: Rows, states: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether the gate did not let an undo through, and the plant was made safe instead."""
    reason = str([row for row in rows if row["kind"] == "run.aborted"][-1]["body"]["reason"])
    undo = [name for each in _undo_of(rows).values() for name in each]
    is_stopped = any(name in states and states[name]["kind"] in _STOPPED for name in undo)
    return is_stopped and "brought into the safe state" in reason


def _undo_of(rows: Rows) -> Mapping[str, Sequence[str]]:
    """Returns every recovery action that was filed for a command, by the command."""
    found = dict[str, list[str]]()
    for row in rows:
        if row["kind"] == "request.filed":
            for each in json.loads(row["body"]["text"])["recovery"]:
                if undoes := each.get("undoes"):
                    found.setdefault(undoes, []).append(each["action_id"])
    return found


def _is_undone(row: Mapping[str, Any] | None) -> bool:
    return row is not None and row["kind"] in _UNDONE


def _held_for_nothing(rows: Rows) -> Iterator[str]:
    """A run that was taken back and is held says what a person must look at."""
    held = [row for row in rows if row["kind"] == "run.held"]
    reason = str(held[-1]["body"].get("reason", "")) if held else ""
    if not reason.startswith(_STUCK) or len(reason) <= len(_STUCK):
        yield f"it was to be taken back, and is held: {reason or 'nobody knows why'}"
