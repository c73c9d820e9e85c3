"""Requests for lists. Only a few fields of each are read."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter, itemgetter
from sqlite3 import Row
from typing import Any

from pydantic_core import from_json

from handwheel.connectors.model.values import Value

from ...requests.canonical import number_in
from ...requests.proposer import shown_proposer
from ...requests.timestamps import Instant, parse_stamp
from .records import RequestRecord, read_actions, read_requests, unfinished
from .store.database import TableReader
from .store.request_status import sent_text, status_of
from .store.states import ActionRecord, RequestState

_TEXTS = itemgetter("action_id", "kind", "tag", "shown", "unit", "wire")
_RUN = ("run_id", "playbook", "version", "segment")


@dataclass(frozen=True, slots=True)
class ListedWrite:
    """One action as it was filed."""

    action_id: str
    kind: str
    tag: str
    shown: str
    unit: str
    wire: str
    value: Value
    step: str | None


@dataclass(frozen=True, slots=True)
class ListedRequest:
    """One request in a list."""

    request_id: str
    digest: str
    risk_class: str
    roles: tuple[str, ...]
    quorum: int
    proposer: str  # name as people read it, of a guest marked as unverified
    is_guest: bool  # whether a guest has asked
    why: str  # the proposer's reason
    filed_at: str
    within_s: float  # how long it waits for the last signature, seconds
    run: Mapping[str, str | int] | None  # `run_id playbook version segment`; `None` for no run's
    commands: tuple[ListedWrite, ...]
    recovery: Sequence[Mapping[str, Any]]  # as it was filed, since few readers ask for it
    state: RequestState  # where it stands, because of `reason`
    reason: str
    filed: Instant  # when it was filed
    actions: tuple[ActionRecord, ...]  # where each of the writes stands

    @property
    def writes(self) -> tuple[ListedWrite, ...]:
        """Its commands, then its recovery."""
        return (*self.commands, *map(_write, self.recovery))

    @property
    def status(self) -> tuple[str, str]:
        """State and reason as text, as in `status_of`."""
        return status_of(self.request_id, self.state, self.reason, self.actions, self._names)

    @property
    def sent(self) -> str:
        """Part of it that was sent before it ended, as in `sent_text`."""
        return sent_text(self.state, self.actions, self._names)

    @property
    def _names(self) -> set[str]:
        return {each.action_id for each in self.commands}


def load_listed(database: TableReader, *, every: bool) -> list[ListedRequest]:
    """Returns requests in the order in which they were filed.

    Args:
        every: Those that are over, too; else as `load_unfinished`, those of guests last.
    """
    if every:
        return read_requests(database, "", (), _listed)
    return sorted(read_requests(database, *unfinished(), _listed), key=attrgetter("is_guest"))


def listed(record: RequestRecord) -> ListedRequest:
    """Returns a request as a list shows it."""
    row = {"digest": record.digest, "state": record.state, "reason": record.reason}
    return _read(json.loads(record.text), row, record.filed, record.actions)


def _listed(row: Row, actions: Sequence[Row]) -> ListedRequest:
    """Returns the request of these rows, without a model of it."""
    document = from_json(row["text"], cache_strings="keys")  # half the time of json's
    filed = Instant(parse_stamp(row["filed_at"]), row["filed_boot_id"], row["filed_boot_ms"])
    return _read(document, row, filed, read_actions(actions))


def _read(
    document: Mapping[str, Any], row: Any, filed: Instant, actions: tuple[ActionRecord, ...]
) -> ListedRequest:
    run, proposer = document.get("run"), document["proposer"]
    return ListedRequest(
        request_id=document["request_id"],
        digest=row["digest"],
        risk_class=document["risk_class"],
        roles=tuple(document["roles"]),
        quorum=document["quorum"],
        proposer=shown_proposer(proposer["kind"], proposer["name"]),
        is_guest=proposer["kind"] == "guest",
        why=document["reason"],
        filed_at=document["filed_at"],
        within_s=number_in(document["within_s"]),
        run=None if run is None else {name: run[name] for name in _RUN},
        commands=tuple(_write(each) for each in document["commands"]),
        recovery=document["recovery"],
        state=RequestState(row["state"]),
        reason=row["reason"],
        filed=filed,
        actions=actions,
    )


def _write(action: Mapping[str, Any]) -> ListedWrite:
    name, kind, tag, shown, unit, wire = _TEXTS(action)
    value, step = _value(action["value"]), action.get("step")
    return ListedWrite(name, kind, tag, shown, unit, wire, value, step)


def _value(value: Any) -> Value:
    """Returns a value of a document, in which a float stands as its bits."""
    found: Value = number_in(value) if isinstance(value, dict) else value
    return found
