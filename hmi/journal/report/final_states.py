"""Finds the states of requests and actions at the journal's last row."""

from collections.abc import Iterable, Sequence

from handwheel.tools.guardrails.ledger.store.states import UNRESOLVED_ACTIONS
from handwheel.tools.guardrails.signatures.decisions import parse_decision
from handwheel.tools.guardrails.signatures.resolutions import RESOLUTIONS
from handwheel.tools.requests.request import Action
from handwheel.tools.safe_text import plain

from ..rows.entries import JournalEntry
from .action_history import action_history

REQUEST, ACTION = "request.", "action."


def last_move(entries: Iterable[JournalEntry], prefix: str) -> JournalEntry | None:
    """Returns the last row that changes a state, or `None`."""
    moves = [each for each in entries if each.kind.startswith(prefix) and "to" in each.body]
    return moves[-1] if moves else None


def last_state(entries: Iterable[JournalEntry], prefix: str) -> str:
    """Returns the last state in the rows, or an empty string."""
    move = last_move(entries, prefix)
    return plain(move.kind.removeprefix(prefix)) if move is not None else ""


def action_state(action: Action, entries: Sequence[JournalEntry]) -> str:
    """Returns an action's state from its request's rows, by a later resolution if there is one."""
    own = [each for each in entries if each.subject == action.action_id]
    move, state = last_move(own, ACTION), last_state(own, ACTION)
    if move is None or state not in UNRESOLVED_ACTIONS:
        return state
    rows = action_history(action, entries).entries
    decisions = [each for each in rows if each.kind == "decision" and each.seq > move.seq]
    if not decisions:
        return state
    return RESOLUTIONS[parse_decision(decisions[-1].body["text"]).verdict][1]
