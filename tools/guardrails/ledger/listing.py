"""Requests for lists. Only a few fields of each are read."""

import json
import struct
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import isfinite
from operator import itemgetter
from sqlite3 import Row
from typing import Any

from pydantic_core import from_json

from handwheel.connectors.model.values import Value

from ...requests.canonical import digest
from ...requests.timestamps import Instant, parse_stamp
from .lifecycle import sweep
from .overdue import note_wait
from .records import (
    ActionRecord,
    OnDamaged,
    RequestRecord,
    approved_at,
    parse_record,
    read_actions,
    read_requests,
    unfinished,
)
from .store.database import Database
from .store.request_status import sent_text, status_of
from .store.states import RequestState

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
    proposer: str
    why: str  # the proposer's reason
    filed_at: str
    within_s: float  # how long it waits for the last signature, seconds
    run: Mapping[str, str | int] | None  # `run_id playbook version segment`; `None` for a person
    writes: tuple[ListedWrite, ...]  # commands, then recovery
    state: RequestState  # where it stands, because of `reason`
    reason: str
    filed: Instant  # when it was filed
    actions: tuple[ActionRecord, ...]  # where each of the writes stands

    @property
    def status(self) -> tuple[str, str]:
        """State and reason as text, as in `status_of`."""
        return status_of(self.request_id, self.state, self.reason, self.actions, self._commands)

    @property
    def sent(self) -> str:
        """Part of it that was sent before it ended, as in `sent_text`."""
        return sent_text(self.state, self.actions, self._commands)

    @property
    def _commands(self) -> set[str]:
        return {each.action_id for each in self.writes if each.kind == "command"}


def list_now(
    database: Database, on_damaged: OnDamaged, now: Instant, *, every: bool
) -> list[ListedRequest]:
    """Returns requests in the order in which they were filed, after a sweep.

    Args:
        on_damaged: Takes a damaged request's id and what is wrong with it.
        every: Those that are over, too; else as `load_unfinished`.
    """
    condition = ("", ()) if every else unfinished()
    damaged: dict[str, str] = {}
    # Read first: then the sweep knows how long each waits, and mostly there is nothing to end.
    found = read_requests(database, *condition, _listed, damaged.__setitem__)
    if sweep(database, now):
        damaged.clear()
        found = read_requests(database, *condition, _listed, damaged.__setitem__)
    for name, fault in damaged.items():
        on_damaged(name, fault)
    return found


def listed(record: RequestRecord) -> ListedRequest:
    """Returns a request as a list shows it."""
    row = {"digest": record.digest, "state": record.state, "reason": record.reason}
    return _read(json.loads(record.text), row, record.filed, record.actions)


def _listed(row: Row, actions: Sequence[Row]) -> ListedRequest:
    """Returns the request of these rows. Any that cannot be what was filed raises `ValueError`.

    A text that has the digest under which it was filed was a request then, and is read at a
    glance. Any other, and any in which something is odd, is judged as for the gate.
    """
    found: ListedRequest | None = None
    with suppress(ValueError, LookupError, TypeError, AttributeError):
        found = _glance(row, actions)
    return found or listed(parse_record(row, actions))


def _glance(row: Row, actions: Sequence[Row]) -> ListedRequest | None:
    document = from_json(row["text"], cache_strings="keys")  # half the time of json's
    filed = Instant(parse_stamp(document["filed_at"]), row["filed_boot_id"], row["filed_boot_ms"])
    approved_at(row)
    found = _read(document, row, filed, read_actions(actions))
    names = [each.action_id for each in found.writes]
    is_whole = (
        digest("request", row["text"]) == row["digest"]
        and found.request_id == row["request_id"]
        and names == [each.action_id for each in found.actions]
    )
    if not is_whole:
        return None
    note_wait(found.digest, filed.wall, found.within_s)
    return found


def _read(
    document: Mapping[str, Any], row: Any, filed: Instant, actions: tuple[ActionRecord, ...]
) -> ListedRequest:
    run = document.get("run")
    return ListedRequest(
        request_id=_text(document["request_id"]),
        digest=row["digest"],
        risk_class=_text(document["risk_class"]),
        roles=tuple(_text(each) for each in document["roles"]),
        quorum=int(document["quorum"]),
        proposer=_text(document["proposer"]["name"]),
        why=_text(document["reason"]),
        filed_at=_text(document["filed_at"]),
        within_s=float(_number(document["within_s"])),
        run=None if run is None else {name: run[name] for name in _RUN},
        writes=tuple(_write(each) for each in (*document["commands"], *document["recovery"])),
        state=RequestState(row["state"]),
        reason=row["reason"],
        filed=filed,
        actions=actions,
    )


def _write(action: Mapping[str, Any]) -> ListedWrite:
    name, kind, tag, shown, unit, wire = map(_text, _TEXTS(action))
    step = action.get("step")
    value = _number(action["value"])
    return ListedWrite(
        name, kind, tag, shown, unit, wire, value, None if step is None else _text(step)
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("it is no text")
    return value


def _number(value: Any) -> Value:
    """Returns a value of a document, in which a float stands as its bits."""
    if isinstance(value, dict):
        bits = bytes.fromhex(_text(value["f64"]))  # pyright: ignore[reportUnknownArgumentType]
        number: float = struct.unpack(">d", bits)[0]
        if not isfinite(number):
            raise ValueError("it is no number")
        return number
    if not isinstance(value, bool | int | str):
        raise TypeError("it is no value")
    return value
