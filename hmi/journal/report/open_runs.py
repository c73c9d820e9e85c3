"""Lists the runs that are open at the journal's last row and their remaining writes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

from handwheel.playbooks.engine.states import CLOSED, MOVES, RunState
from handwheel.tools.guardrails.ledger.runs import PREFIX
from handwheel.tools.guardrails.ledger.write_leases import APPLIED, shown_value
from handwheel.tools.requests.request import Action
from handwheel.tools.safe_text import plain, printable

from ...shell.terminal.templates import moment
from ..rows.entries import Journal, JournalEntry, RequestHistory
from .action_history import ACTION, action_state, last_move

_STATES: Mapping[str, RunState] = {f"{PREFIX}{kind}": move[1] for kind, move in MOVES.items()}
_UNREAD = "cannot be read"


def open_runs(journal: Journal) -> Iterator[str]:
    """Yields each run that has not ended, and its writes that are not undone."""
    for run_id, entries in journal.runs.items():
        moves = [each for each in entries if each.kind in _STATES]
        if moves and _STATES[moves[-1].kind] in CLOSED:
            continue
        yield run_line(run_id, entries)
        own = [history for history in journal.requests.values() if _is_of(history, run_id)]
        others = [history for history in journal.requests.values() if not _is_of(history, run_id)]
        yield from _not_undone(own, others)
        for name in sorted(_filed(entries) - {history.request_id for history in own}):
            yield f"the writes of {plain(name)} {_UNREAD}"


def run_line(run_id: str, entries: Sequence[JournalEntry]) -> str:
    """Returns a run with its state since when, playbook and equipment."""
    moves = [each for each in entries if each.kind in _STATES]
    state = "has no recorded state"
    if moves:
        state = f"is {_STATES[moves[-1].kind]} since {moment(moves[-1].at)}"
    return f"{plain(run_id)} {state}: {_opened(entries)}"


def _opened(entries: Iterable[JournalEntry]) -> str:
    """Returns the playbook and equipment in a run's first row."""
    bodies = [each.body for each in entries if each.kind == f"{PREFIX}opened"]
    playbook: object = bodies[0].get("playbook") if bodies else None
    assets: object = bodies[0].get("assets") if bodies else None
    named = plain(playbook) if isinstance(playbook, str) else _UNREAD
    if not isinstance(assets, list):
        return f"playbook {named}; its equipment {_UNREAD}"
    owned = ", ".join(plain(str(each)) for each in cast("list[object]", assets))
    return f"playbook {named} on {owned or 'no equipment'}"


def _is_of(history: RequestHistory, run_id: str) -> bool:
    run = history.request.run
    return run is not None and run.run_id == run_id


def _filed(entries: Iterable[JournalEntry]) -> set[str]:
    kinds = {f"{PREFIX}filed", f"{PREFIX}asked_back"}
    return {str(each.body.get("request_id")) for each in entries if each.kind in kinds}


def _not_undone(own: Sequence[RequestHistory], others: Sequence[RequestHistory]) -> Iterator[str]:
    """Yields each applied write of a run whose tag was not undone or written again later."""
    undone = _undone(own)
    for history, command in _actions(own, "command"):
        undo, state = undone.get(command.action_id, ("", ""))
        seq = _applied(command, history)
        if not seq or state in APPLIED or _is_written_after(command.tag, seq, others):
            continue
        back = f"its undo {plain(undo)} is {state}" if undo else "it has no undo"
        wrote = f"{plain(command.tag)} = {printable(shown_value(command))}"
        yield f"not undone: {plain(command.action_id)}: {wrote}; {back}"


def _undone(own: Sequence[RequestHistory]) -> dict[str, tuple[str, str]]:
    """Returns the undo action of each command, and its state.

    Of several, also of later requests, the applied one counts, else the last.
    """
    found: dict[str, tuple[str, str]] = {}
    for history, action in _actions(own, "recovery"):
        if action.undoes and found.get(action.undoes, ("", ""))[1] not in APPLIED:
            state = action_state(action, history.entries) or "PLANNED"
            found[action.undoes] = action.action_id, state
    return found


def _is_written_after(tag: str, seq: int, histories: Iterable[RequestHistory]) -> bool:
    actions = (each for kind in ("command", "recovery") for each in _actions(histories, kind))
    return any(action.tag == tag and _applied(action, history) > seq for history, action in actions)


def _applied(action: Action, history: RequestHistory) -> int:
    """Returns the row that applied an action, or 0 if it is not known to be applied."""
    if action_state(action, history.entries) not in APPLIED:
        return 0
    own = [each for each in history.entries if each.subject == action.action_id]
    move = last_move(own, ACTION)
    return move.seq if move is not None else 0


def _actions(
    histories: Iterable[RequestHistory], kind: str
) -> Iterator[tuple[RequestHistory, Action]]:
    for history in histories:
        for action in history.actions:
            if action.kind == kind:
                yield history, action
