"""Requests and actions as rows, with their states."""

from collections.abc import Collection
from typing import NamedTuple

from .store.database import TableReader
from .store.states import IN_FLIGHT_ACTIONS, ActionState, RequestState


class ActionRow(NamedTuple):
    """One action, with its state as the table has it, whatever that is."""

    action_id: str
    request_id: str
    state: str

    @property
    def words(self) -> str:
        """State as text."""
        return f"{self.action_id} is {self.state}"


class SentAction(NamedTuple):
    """One action that was sent."""

    action_id: str
    request_id: str
    tag: str
    state: str
    sent_at: str  # stamp of its intent


def request_state(reader: TableReader, request_id: str) -> str | None:
    """Returns the state of a request as the table has it, or `None` if there is none."""
    rows = reader.all("SELECT state FROM request WHERE request_id = ?", request_id)
    return rows[0][0] if rows else None


def is_approved(reader: TableReader, request_id: str) -> bool:
    """Whether a request may still be acted on."""
    return request_state(reader, request_id) == RequestState.APPROVED


def request_of_proposal(reader: TableReader, proposal_key: str) -> str | None:
    """Returns the request that was filed for a proposal, or `None` if there is none."""
    rows = reader.all("SELECT request_id FROM request WHERE proposal_key = ?", proposal_key)
    return rows[0][0] if rows else None


def requests_in(
    reader: TableReader,
    states: Collection[RequestState],
    equipment: Collection[str] | None = None,
    *,
    of_agents: bool = False,
) -> list[str]:
    """Returns the requests in some states, in the order of filing.

    Args:
        equipment: Only those with an action on one of it; `None` for all.
        of_agents: Only those that no person has proposed.
    """
    marks = ", ".join("?" * len(states))
    more = "AND kind != 'person'" if of_agents else ""
    question = f"SELECT request_id FROM request WHERE state IN ({marks}) {more} ORDER BY rowid"  # noqa: S608
    names = [row[0] for row in reader.all(question, *sorted(states))]
    if equipment is None:
        return names
    return [name for name in names if not _equipment_of(reader, name).isdisjoint(equipment)]


def due_actions(reader: TableReader) -> list[tuple[str, str]]:
    """Returns the due actions in order, each with its request."""
    rows = reader.all("SELECT action_id, request_id FROM action WHERE state = 'DUE' ORDER BY rowid")
    return [(row[0], row[1]) for row in rows]


def actions_in_flight(reader: TableReader) -> list[ActionRow]:
    """Returns the actions that a gate has claimed and not concluded."""
    marks = ", ".join("?" * len(IN_FLIGHT_ACTIONS))
    question = f"SELECT action_id, request_id, state FROM action WHERE state IN ({marks})"  # noqa: S608
    return [ActionRow(*row) for row in reader.all(question, *sorted(IN_FLIGHT_ACTIONS))]


def is_gate_busy(reader: TableReader) -> bool:
    """Whether an action is due or in flight."""
    question = "SELECT 1 FROM action WHERE state IN ('DUE', 'CLAIMED', 'SENDING') LIMIT 1"
    return bool(reader.all(question))


def action_state(reader: TableReader, action_id: str) -> str | None:
    """Returns the state of an action, or `None` if there is none."""
    rows = reader.all("SELECT state FROM action WHERE action_id = ?", action_id)
    return rows[0][0] if rows else None


def unsent_actions(reader: TableReader, request_id: str) -> set[str]:
    """Returns the actions of a request that are planned or due."""
    question = "SELECT action_id FROM action WHERE request_id = ? AND state IN ('PLANNED', 'DUE')"
    return {row[0] for row in reader.all(question, request_id)}


def states_in(reader: TableReader, request_id: str) -> dict[str, ActionState]:
    """Returns the states of the actions of a request."""
    rows = reader.all("SELECT action_id, state FROM action WHERE request_id = ?", request_id)
    return {row[0]: ActionState(row[1]) for row in rows}


def sent_since(reader: TableReader, at: str) -> list[SentAction]:
    """Returns the actions that were sent at a stamp or later, in order."""
    rows = reader.all(
        "SELECT action_id, request_id, tag, state, sent_at FROM action WHERE sent_at >= ? "
        "ORDER BY sent_at, action_id",
        at,
    )
    return [SentAction(*row) for row in rows]


def tags_of_run(reader: TableReader, run_id: str) -> frozenset[str]:
    """Returns the tags that the requests of a run may write."""
    question = "SELECT DISTINCT tag FROM action JOIN request USING (request_id) WHERE run_id = ?"
    return frozenset(row[0] for row in reader.all(question, run_id))


def unresolved_on(reader: TableReader, equipment: str | None = None) -> list[ActionRow]:
    """Returns the actions whose outcome is unknown or wrong, on some equipment or on all."""
    question = (
        "SELECT action_id, request_id, state FROM action WHERE state IN ('MISMATCH', 'UNKNOWN') "
        "AND (? IS NULL OR equipment = ?) ORDER BY rowid"
    )
    return [ActionRow(*row) for row in reader.all(question, equipment, equipment)]


def _equipment_of(reader: TableReader, request_id: str) -> set[str]:
    rows = reader.all("SELECT equipment FROM action WHERE request_id = ?", request_id)
    return {row[0] for row in rows}
