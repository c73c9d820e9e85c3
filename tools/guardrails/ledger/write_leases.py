"""Time-limited writes, when the gate undoes them, and what stays open."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from handwheel.connectors.hints import next_step

from ...errors import InterlockActive
from ...requests.duration_text import exact_span
from ...requests.request import Action, ActionRequest, parse_request
from ...requests.timestamps import Instant
from .actions import states_in
from .journal_rows import moment_of, newest_row
from .runner_lock import RUNNER_LOCK_S, RUNS
from .runs import is_run_open
from .store.database import Ledger, LedgerReader
from .store.states import ActionState

States = Mapping[str, ActionState]
"""Where each action of a request stands, by its id."""

APPLIED = frozenset({ActionState.VERIFIED, ActionState.RESOLVED_APPLIED})
"""Where a write is known to have taken effect."""
_BACK = APPLIED | {ActionState.SKIPPED}
_UNSETTLED = frozenset(
    {
        ActionState.DUE, ActionState.CLAIMED, ActionState.SENDING,
        ActionState.UNKNOWN, ActionState.MISMATCH,
    }
)  # fmt: skip
# Each is found by an index that has the requests with a lease only.
_IN_LEASE = """
SELECT request_id FROM request INDEXED BY request_leased
WHERE state = 'APPROVED' AND has_lease = 1 ORDER BY rowid
"""
_HOLDER_OF_TAG = """
SELECT request_id FROM request INDEXED BY request_leased JOIN action USING (request_id)
WHERE request.state = 'APPROVED' AND has_lease = 1
AND request_id != ? AND tag = ? AND action.kind = 'command' AND action.state NOT IN ('SKIPPED',
    'CANCELLED', 'INVALIDATED', 'ABORTED_NOT_SENT', 'REFUSED', 'RESOLVED_NOT_APPLIED')
"""
_APPROVED_TO_WRITE = """
SELECT request_id FROM request JOIN action USING (request_id)
WHERE request.state = 'APPROVED' AND request_id NOT IN (?, ?) AND tag = ? AND action.state IN
    ('PLANNED', 'DUE', 'CLAIMED', 'SENDING', 'UNKNOWN', 'MISMATCH') LIMIT 1
"""
_TEXT_OF = "SELECT text FROM request WHERE request_id = ? AND has_lease = 1"
_OPEN = """
SELECT action.action_id, request.text, request.reason
FROM request INDEXED BY request_leased JOIN action USING (request_id) JOIN intent USING (action_id)
WHERE request.state IN ('CLOSED', 'REVOKED', 'SUPERSEDED', 'INVALIDATED') AND has_lease = 1
AND action.kind = 'command' AND action.state IN ('VERIFIED', 'RESOLVED_APPLIED')
AND action.is_seen_back = 0
AND NOT EXISTS (SELECT 1 FROM action AS later JOIN intent AS sent USING (action_id)
    WHERE later.tag = action.tag AND sent.seq > intent.seq
    AND later.state IN ('VERIFIED', 'RESOLVED_APPLIED'))
ORDER BY intent.seq
"""


@dataclass(frozen=True, slots=True)
class OpenWrite:
    """A time-limited write that was not undone."""

    action_id: str  # of the command
    command: Action
    undo: Action  # approved undo, which is not sent any more
    reason: str  # why the lease has ended

    @property
    def tag(self) -> str:
        """Tag that was written."""
        return self.command.tag

    @property
    def body(self) -> dict[str, object]:
        """Body of the journal row about it."""
        return {
            "tag": self.tag,
            "wrote": shown_value(self.command),
            "was": shown_value(self.undo),
            "reason": self.reason,
        }

    @property
    def words(self) -> str:
        """The write as one line of text."""
        return (
            f"{self.action_id}  {self.tag} = {shown_value(self.command)} was not undone "
            f"(before: {shown_value(self.undo)}): {self.reason}"
        )


def shown_value(action: Action) -> str:
    """Returns the value of an action with its unit."""
    return f"{action.shown} {action.unit}".rstrip()


def in_lease(reader: LedgerReader) -> list[str]:
    """Returns the approved requests that have a lease, by their ids."""
    return [row[0] for row in reader.all(_IN_LEASE)]


def check_not_in_lease(reader: LedgerReader, request_id: str, tag: str) -> None:
    """Raises `InterlockActive` for a write of a tag that another request has in its lease.

    From the approval of that request until it is over: its undo must find what it wrote.
    """
    if found := reader.all(_HOLDER_OF_TAG, request_id, tag):
        raise InterlockActive(
            f"{tag} is in the lease of {found[0][0]}, which takes it back by itself; wait for "
            f"that, or end it; {next_step('requests', 'revoke', found[0][0])}"
        )


def check_may_have_lease(reader: LedgerReader, request: ActionRequest) -> None:
    """Raises `InterlockActive` for a lease on a tag that another approved request may write.

    Its undo would find what that one wrote; or it would bar a way back that is approved already.
    """
    if request.lease is None:
        return
    besides = request.request_id, request.supersedes or ""
    for tag in (each.tag for each in request.commands):
        for (other,) in reader.all(_APPROVED_TO_WRITE, *besides, tag):
            raise InterlockActive(
                f"{tag} cannot be in a lease now: {other} is approved and may still write it"
            )


def left_to_undo(request: ActionRequest, states: States) -> list[tuple[Action, Action]]:
    """Returns the commands to undo with their undos, the last written first.

    Those took effect and were not undone. An action without a row in the ledger is left out.
    """
    undo = {each.action_id: each for each in request.recovery}
    return [
        (command, undo[command.undo])
        for command in reversed(request.commands)
        if command.undo is not None
        and states.get(command.action_id) in APPLIED
        and states.get(command.undo) not in _BACK
    ]


def time_has_come(
    reader: LedgerReader, request: ActionRequest, written_at: Instant, now: Instant
) -> str | None:
    """Returns why what a request wrote last is to be undone by now, or `None` if it is not."""
    since_s = now.since_s(written_at)
    if request.lease is None or since_s is None:
        return None
    if since_s >= request.lease.for_s:
        return f"its time of {exact_span(request.lease.for_s)} is over"
    return agent_is_gone(reader, request, now)


def is_unsettled(states: Iterable[ActionState]) -> bool:
    """Whether an action may be under way, or waits for a person."""
    return not _UNSETTLED.isdisjoint(states)


def is_whole(request: ActionRequest, states: States) -> bool:
    """Whether every command has taken effect, or may still."""
    found = (states[each.action_id] for each in request.commands)
    return all(state in APPLIED or state is ActionState.PLANNED for state in found)


def written(reader: LedgerReader, request: ActionRequest, states: States) -> Instant | None:
    """Returns when the last command took effect, from which the lease counts.

    Returns:
        `None` where none took effect; a moment that is not known where a row does not say it.
    """
    found: list[Instant] = []
    for each in request.commands:
        if (state := states[each.action_id]) in APPLIED:
            row = newest_row(reader, each.action_id, f"action.{state}")
            found += [moment_of(row)] if row else []
    return max(found, key=lambda each: (each.wall, each.boot_ms)) if found else None


def left_s(
    reader: LedgerReader, request: ActionRequest, states: States, now: Instant
) -> float | None:
    """Returns the seconds that a lease has left, or `None` if it has not begun or is unknown."""
    written_at = written(reader, request, states) if request.lease else None
    since_s = now.since_s(written_at) if written_at else None
    if request.lease is None or since_s is None:
        return None
    return max(request.lease.for_s - since_s, 0.0)


def agent_is_gone(reader: LedgerReader, request: ActionRequest, now: Instant) -> str | None:
    """Returns why no process looks after an open run any more, or `None` if one does.

    That is the process that held the runner lock when the request was filed.
    """
    if request.run is None:
        return None
    if is_run_open(reader, request.run.run_id) is False:
        return None  # it has ended properly, and the lease goes on without it
    held = reader.all(
        "SELECT lease.boot_id, renewed_boot_ms, lease.seq < request.seq FROM lease, request "
        "WHERE name = ? AND request_id = ?",
        *(RUNS, request.request_id),
    )
    if not held or held[0][0] != now.boot_id:
        return "no process works on the runs"
    if not held[0][2]:
        return "the process that asked for it does not work on the runs any more"
    if now.boot_ms - held[0][1] > RUNNER_LOCK_S * 1000.0:
        return f"the process that works on the runs has not been heard of for {RUNNER_LOCK_S:g} s"
    return None


def left_open(request: ActionRequest, states: States, reason: str) -> list[OpenWrite]:
    """Returns the writes that stay when a lease ends without an undo."""
    return [
        OpenWrite(command.action_id, command, undo, reason)
        for command, undo in left_to_undo(request, states)
    ]


def open_writes(reader: LedgerReader) -> list[OpenWrite]:
    """Returns the writes that leases did not undo, until the tag is written or reads as before."""
    found: list[OpenWrite] = []
    for action_id, text, reason in reader.all(_OPEN):
        request = _request_of(text)
        states = states_in(reader, request.request_id)
        found += [
            each for each in left_open(request, states, reason) if each.action_id == action_id
        ]
    return found


class OpenWrites:
    """Writes that stay open. Asked in each of the gate's rounds, and mostly unchanged."""

    def __init__(self, database: Ledger) -> None:
        self._database = database
        self._version: int | None = None
        self._found: tuple[OpenWrite, ...] = ()

    def now(self) -> tuple[OpenWrite, ...]:
        """Returns the open writes, and reads them again only if the ledger has changed."""
        version = self._database.version()  # first: what changes meanwhile shows next time
        if version != self._version:
            self._found, self._version = tuple(open_writes(self._database)), version
        return self._found


def ended_open(reader: LedgerReader, request_id: str, reason: str) -> list[OpenWrite]:
    """Returns what a request that has just ended leaves as it was written."""
    for row in reader.all(_TEXT_OF, request_id):
        request = _request_of(row[0])
        return left_open(request, states_in(reader, request_id), reason)
    return []


def is_leased(reader: LedgerReader, request_id: str) -> bool:
    """Whether a request has a lease, as its text says."""
    return bool(reader.all(_TEXT_OF, request_id))


def has_failed(request: ActionRequest, states: States) -> bool:
    """Whether an undo action has failed."""
    good: Collection[ActionState] = _BACK | _UNSETTLED | {ActionState.PLANNED}
    return any(states.get(undo.action_id) not in good for _, undo in left_to_undo(request, states))


@lru_cache(maxsize=256)
def _request_of(text: str) -> ActionRequest:
    return parse_request(text)
