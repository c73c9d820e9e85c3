"""Requests, actions and decisions as the ledger holds them."""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from operator import itemgetter
from sqlite3 import Row
from typing import TypeVar

from handwheel.connectors.hints import next_step

from ...errors import InvalidArguments, LedgerError
from ...requests.request import Action, ActionRequest, parse_request
from ...requests.timestamps import Instant, parse_stamp, stamp
from ...safe_text import printable
from .decisions import load_decisions
from .journal_rows import newest_row
from .store.database import LedgerReader, TableReader
from .store.journal import JournalRow
from .store.request_status import status_of
from .store.states import OPEN_REQUESTS, UNRESOLVED_ACTIONS, ActionRecord, ActionState, RequestState

T = TypeVar("T")

_AGAINST = frozenset({"reject", "revoke"})
_CANDIDATES = 5
_REQUESTS = (  # without `run_id`, for which SQLite would read the text of each
    "SELECT request_id, digest, text, filed_at, filed_boot_id, filed_boot_ms, state, reason, "
    "approved_at, approved_boot_ms, rowid FROM request"
)
_ACTIONS = (
    "SELECT action_id, state, reason, due_boot_ms, sent_at, request_id FROM action "
    "WHERE request_id IN (SELECT value FROM json_each(?)) ORDER BY request_id, position"
)
_REJECTED = (
    "SELECT request_id, text FROM request WHERE state = 'REJECTED' "
    "AND CASE filed_boot_id WHEN ? THEN filed_boot_ms >= ? ELSE filed_at >= ? END "
    "ORDER BY rowid DESC"
)


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request and where it stands."""

    request: ActionRequest
    text: str  # the canonical text that was filed
    digest: str  # of the text
    state: RequestState
    reason: str
    filed: Instant  # when it was filed
    approved: Instant | None  # when the last needed signature came; `None` before
    actions: tuple[ActionRecord, ...]  # in the request's order

    @property
    def unresolved(self) -> tuple[ActionRecord, ...]:
        """The actions whose outcome is unknown or wrong, and that a person must resolve."""
        return tuple(each for each in self.actions if each.state in UNRESOLVED_ACTIONS)

    @property
    def status(self) -> tuple[str, str]:
        """State and reason as text, as in `status_of`."""
        commands = {each.action_id for each in self.request.commands}
        return status_of(self.request.request_id, self.state, self.reason, self.actions, commands)

    def waits_since_s(self, now: Instant) -> float | None:
        """Returns the seconds since it was filed, or `None` if the clocks cannot tell."""
        return now.since_s(self.filed)

    def action(self, action_id: str) -> Action:
        """Returns one of its actions as it was filed."""
        return next(each for each in self.request.actions if each.action_id == action_id)

    def record(self, action_id: str) -> ActionRecord:
        """Returns where one of its actions stands."""
        return next(each for each in self.actions if each.action_id == action_id)


def load_requests(
    database: TableReader, states: Collection[RequestState] | None = None
) -> list[RequestRecord]:
    """Returns the requests in the order of filing, all or those in some states."""
    if states is None:
        return _records(database, "")
    marks = ", ".join("?" * len(states))
    return _records(database, f"WHERE state IN ({marks})", *sorted(states))


def load_unfinished(database: TableReader) -> list[RequestRecord]:
    """Returns the requests that are open, or have an action that a person must resolve."""
    where, values = unfinished()
    return _records(database, where, *values)


def unfinished() -> tuple[str, Sequence[str]]:
    """Returns the condition of `load_unfinished` and its values, for `read_requests`."""
    states, held = sorted(OPEN_REQUESTS), sorted(UNRESOLVED_ACTIONS)
    is_open = f"state IN ({', '.join('?' * len(states))})"
    is_held = f"state IN ({', '.join('?' * len(held))})"
    inner = f"SELECT request_id FROM action WHERE {is_held}"  # noqa: S608 (marks only)
    return f"WHERE {is_open} OR request_id IN ({inner})", [*states, *held]


def load_run(database: TableReader, run_id: str) -> list[RequestRecord]:
    """Returns the requests of a run, in the order in which they were filed."""
    return _records(database, "WHERE run_id = ?", run_id)


def load_exactly(database: TableReader, request_id: str) -> RequestRecord:
    """Returns the request of an id. One that is not there raises `LedgerError`."""
    found = _records(database, "WHERE request_id = ?", request_id)
    if not found:
        raise LedgerError(f"request {printable(request_id)} is not there")
    return found[0]


def load_request(database: TableReader, name: str) -> RequestRecord:
    """Returns the request of an id, or of the beginning of one that no other shares.

    Raises:
        InvalidArguments: There is none, or more than one.
    """
    wanted = name.upper().split("/")[0]
    found = _records(database, "WHERE request_id = ?", wanted) or _records(
        database, "WHERE substr(request_id, 1, ?) = ?", len(wanted), wanted
    )
    if not wanted or not found:
        raise InvalidArguments(
            f"{name!r} is no request of this site; {next_step('requests', 'list', '--all')}"
        )
    if len(found) > 1:
        names = ", ".join(each.request.request_id for each in found[:_CANDIDATES])
        more = f" and {len(found) - _CANDIDATES} more" if len(found) > _CANDIDATES else ""
        raise InvalidArguments(f"{name!r} begins more than one request: {names}{more}")
    return found[0]


def load_request_of(database: TableReader, mark: str) -> RequestRecord | None:
    """Returns the request of a digest, if it is there."""
    found = _records(database, "WHERE digest = ?", mark)
    return found[0] if found else None


def rejected_since(
    reader: LedgerReader, now: Instant, within_s: float
) -> list[tuple[str, str, JournalRow, str | None]]:
    """Returns the rejected requests that were filed lately, the last filed first.

    Args:
        within_s: Only those that were not surely filed before that, seconds.

    Returns:
        Of each the id, its text, the journal row of its rejection, and the last decision
        against it, if there is one.
    """
    before = stamp(now.wall - timedelta(seconds=within_s))
    boot_ms = now.boot_ms - within_s * 1000.0
    found: list[tuple[str, str, JournalRow, str | None]] = []
    for name, text in reader.all(_REJECTED, now.boot_id, boot_ms, before):
        rejection = newest_row(reader, name, f"request.{RequestState.REJECTED}")
        against = [each for each in load_decisions(reader, name) if each.verdict in _AGAINST]
        if rejection:
            found.append((name, text, rejection, against[-1].text if against else None))
    return found


def _records(database: TableReader, where: str, *values: object) -> list[RequestRecord]:
    return read_requests(database, where, values, parse_record)


def read_requests(
    database: TableReader,
    where: str,
    values: Sequence[object],
    parse: Callable[[Row, Sequence[Row]], T],
) -> list[T]:
    """Returns what a reader makes of requests and their actions, in the order of filing.

    Args:
        where: The condition on the requests, and its values.
        parse: Takes the row of a request and those of its actions.
    """
    # Sorted here: SQLite would carry the texts through its sorter.
    rows = sorted(database.all(f"{_REQUESTS} {where}", *values), key=itemgetter("rowid"))
    actions = _actions(database, [row["request_id"] for row in rows])
    return [parse(row, actions[row["request_id"]]) for row in rows]


def _actions(database: TableReader, names: Sequence[str]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in database.all(_ACTIONS, json.dumps(names)):
        found.setdefault(row["request_id"], []).append(row)
    return found


def parse_record(row: Row, actions: Sequence[Row]) -> RequestRecord:
    """Returns the request of these rows."""
    request = _as_filed(row["text"])
    return RequestRecord(
        request,
        row["text"],
        row["digest"],
        RequestState(row["state"]),
        row["reason"],
        Instant(parse_stamp(row["filed_at"]), row["filed_boot_id"], row["filed_boot_ms"]),
        _approved_at(row),
        read_actions(actions),
    )


def read_actions(rows: Sequence[Row]) -> tuple[ActionRecord, ...]:
    """Returns where the actions of these rows stand."""
    states = ActionState.__members__  # each is called as it is written
    return tuple(
        ActionRecord(name, states[state], reason, due_boot_ms, sent_at)
        for name, state, reason, due_boot_ms, sent_at, _ in rows
    )


def _as_filed(text: str) -> ActionRequest:
    """Returns the request of a text. Its two tables are copies, and all else is frozen."""
    request = _request_of(text)
    own: dict[str, object] = {"locks": dict(request.locks)}
    if request.run is not None:
        parameters = dict(request.run.parameters)
        own["run"] = request.run.model_copy(update={"parameters": parameters})
    return request.model_copy(update=own)


@lru_cache(maxsize=1024)
def _request_of(text: str) -> ActionRequest:
    request = parse_request(text)
    assert request.digest  # so that it is kept as well
    return request


def _approved_at(row: Row) -> Instant | None:
    """Returns when the last needed signature came, or `None`."""
    if row["approved_at"] is None:
        return None
    at = parse_stamp(row["approved_at"])
    return Instant(at, row["filed_boot_id"], row["approved_boot_ms"])
