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
