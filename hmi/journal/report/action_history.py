"""History of each write of a request, as the journal has it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from handwheel.tools.guardrails.ledger.store.states import UNRESOLVED_ACTIONS
from handwheel.tools.guardrails.signatures.decisions import parse_decision
from handwheel.tools.guardrails.signatures.resolutions import RESOLUTIONS
from handwheel.tools.requests.request import Action
from handwheel.tools.safe_text import plain

from ..rows.entries import JournalEntry

REQUEST, ACTION = "request.", "action."
_INTENT = f"{ACTION}intent"
_BEFORE = frozenset({"PLANNED", "DUE", "CLAIMED", "SENDING"})
_UNNEEDED = frozenset({"PLANNED", "SKIPPED", "CANCELLED", "INVALIDATED"})


@dataclass(frozen=True, slots=True)
class ActionHistory:
    """A write and all its rows in order, with the decision that resolved it."""

    action: Action
    entries: Sequence[JournalEntry]

    @property
    def name(self) -> str:
        """The short name, such as `c1`."""
        return plain(self.action.action_id).rpartition("/")[2]

    @property
    def states(self) -> list[JournalEntry]:
        """The rows that change its state."""
        return [e for e in self.entries if e.kind.startswith(ACTION) and e.kind != _INTENT]

    @property
    def last_state(self) -> str:
        """The last state in its rows."""
        return plain(self.states[-1].state) if self.states else "PLANNED"

    @property
    def sending(self) -> JournalEntry | None:
        """The row after which its frame can be sent, or `None`."""
        return next((each for each in self.states if each.state == "SENDING"), None)

    @property
    def ends(self) -> list[JournalEntry]:
        """The rows after it was sent, or that of the sending. Empty if it was not."""
        sent = [self.sending] if self.sending else []
        return [each for each in self.states if each.state not in _BEFORE] or sent

    @property
    def is_relevant(self) -> bool:
        """True if the write has a part of its own. An undo that was not needed has none."""
        is_command = self.action.kind == "command"
        return is_command or any(plain(each.state) not in _UNNEEDED for each in self.states)


def action_history(action: Action, entries: Sequence[JournalEntry]) -> ActionHistory:
    """Returns one write of a request with its rows."""
    own = [
        each
        for each in entries
        if action.action_id == (_resolves(each) if each.kind == "decision" else each.subject)
    ]
    return ActionHistory(action, own)


def _resolves(entry: JournalEntry) -> str:
    """Returns the write that a decision resolves, or an empty string."""
    decision = parse_decision(entry.body["text"])
    return decision.subject or "" if decision.verdict in RESOLUTIONS else ""


def last_move(entries: Iterable[JournalEntry], prefix: str) -> JournalEntry | None:
    """Returns the last row that changes a state, or `None`."""
    moves = [each for each in entries if each.kind.startswith(prefix) and "to" in each.body]
    return moves[-1] if moves else None


def last_state(entries: Iterable[JournalEntry], prefix: str) -> str:
    """Returns the last state in the rows, or an empty string."""
    move = last_move(entries, prefix)
    return plain(move.state) if move is not None else ""


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
