"""Fold of the journal into the ledger's tables, the one state machine for every reader."""

import json
from collections.abc import Callable, Mapping
from sqlite3 import Connection, Error
from typing import Any

from pydantic_core import from_json

from ....errors import LedgerError
from ....requests.canonical import number_in
from .journal import JournalRow
from .states import ACTIONS, REQUESTS, ActionState, RequestState

Fields = Mapping[str, Any]

CLOSING = frozenset(
    f"run.{kind}" for kind in ("not_started", "rejected", "stopped", "cleared", "completed")
)
"""Kinds of the events after which a run owns no equipment."""

_HOLDERS = frozenset({ActionState.DUE, ActionState.CLAIMED})


class IllegalRow(LedgerError):
    """A row does not follow from those before it."""


def apply(tables: Connection, row: JournalRow, fields: Fields | None = None) -> None:
    """Changes the tables as a row says.

    Args:
        fields: Those of the row, if they were read already.

    Raises:
        IllegalRow: The tables do not allow it. Some of it may be done; the caller undoes it.
    """
    kind: object = "not read"
    try:
        fields = row.fields if fields is None else fields
        kind = fields["kind"]
        if (handler := _handler(fields["kind"])) is not None:
            handler(_Change(tables, row, fields))
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, Error) as error:
        raise IllegalRow(f"row {row.seq} ({kind}): {unread(error)}") from None


def unread(error: Exception) -> str:
    """Returns why a row cannot be read or the tables do not allow it."""
    if isinstance(error, Error):
        return str(error)
    return f"cannot be read: {'it has no ' if isinstance(error, KeyError) else ''}{error}"


def _handler(kind: str) -> "_Handler | None":
    return _HANDLERS.get(kind) or _FAMILIES.get(kind.partition(".")[0])


class _Change:
    """One row on its way into the tables."""

    def __init__(self, tables: Connection, row: JournalRow, fields: Fields) -> None:
        self._tables = tables
        self.row, self.fields = row, fields
        self.kind: str = fields["kind"]
        self.subject: str = fields["subject"]
        self.body: Fields = fields["body"]

    @property
    def boot_ms(self) -> int:
        """When it was written, on the boot clock."""
        return round(number_in(self.fields["boot_s"]) * 1000.0)

    def insert(self, table: str, **values: object) -> None:
        """Inserts a row of a table."""
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        statement = f"INSERT INTO {table}({names}) VALUES ({marks})"  # noqa: S608 (our own names)
        self._tables.execute(statement, tuple(values.values()))

    def move(self, table: str, **values: object) -> None:
        """Changes columns of the request or action that the row is about, no others.

        Each that is named costs its indexes, also where it stays as it was.
        """
        columns = ", ".join(f"{name} = ?" for name in values)
        statement = f"UPDATE {table} SET {columns} WHERE {table}_id = ?"  # noqa: S608 (our own names)
        self.update(statement, *values.values(), self.subject)

    def update(self, statement: str, *values: object) -> None:
        """Changes exactly one row of a table."""
        if self._tables.execute(statement, values).rowcount != 1:
            self.refuse(f"there is no {self.subject}")

    def run(self, statement: str, *values: object) -> None:
        """Changes any number of rows of a table."""
        self._tables.execute(statement, values)

    def rows(self, question: str, *values: object) -> list[Any]:
        """Returns every answer."""
        return self._tables.execute(question, values).fetchall()

    def first(self, question: str, *values: object) -> Any:
        """Returns the first answer, or `None`."""
        return self._tables.execute(question, values).fetchone()

    def one(self, question: str, *values: object) -> Any:
        """Returns the first column of the first answer, or `None`."""
        found = self.first(question, *values)
        return None if found is None else found[0]

    def refuse(self, why: str) -> None:
        """Raises `IllegalRow`."""
        raise IllegalRow(f"row {self.row.seq} ({self.kind}): {why}")


def _created(change: _Change) -> None:
    if change.row.seq != 1:
        change.refuse("a ledger begins once")
    change.run("UPDATE head SET site = ?", change.subject)


def _migrated(change: _Change) -> None:
    for run_id, assets in change.body["owners"].items():
        for asset in assets:
            change.insert("run_asset", run_id=run_id, asset=asset)


def _filed(change: _Change) -> None:
    text: str = change.body["text"]
    request: dict[str, Any] = from_json(text, cache_strings="keys")
    run = request.get("run")
    commands = request["commands"]
    change.insert(
        "request", request_id=change.subject, proposal_key=request["proposal_key"],
        digest=change.body["digest"], text=text, seq=change.row.seq,
        filed_at=change.fields["at"], within_s=number_in(request["within_s"]),
        filed_boot_id=change.fields["boot_id"], filed_boot_ms=change.boot_ms,
        run_id=run["run_id"] if run else None, kind=request["proposer"]["kind"],
        has_lease=int("lease" in request),
        has_effects=int(any(each.get("effects") for each in commands)),
    )  # fmt: skip
    for position, action in enumerate((*commands, *request["recovery"])):
        change.insert(
            "action", action_id=action["action_id"], request_id=change.subject, position=position,
            kind=action["kind"], equipment=action["equipment"], tag=action["tag"],
            effects=len(action.get("effects", ())),
        )  # fmt: skip


def _request(change: _Change) -> None:
    before = change.one("SELECT state FROM request WHERE request_id = ?", change.subject)
    to = change.body["to"]
    if to not in REQUESTS.get(before, ()):
        change.refuse(f"a request does not go from {before} to {to}")
    values: dict[str, object] = {"state": to, "reason": change.body["reason"]}
    if to == RequestState.APPROVED:
        values |= {"approved_at": change.fields["at"], "approved_boot_ms": change.boot_ms}
    change.move("request", **values)


def _action(change: _Change) -> None:
    states: tuple[Any, Any] = change.first(
        "SELECT action.state, request.state FROM action JOIN request USING (request_id) "
        "WHERE action_id = ?",
        change.subject,
    ) or (None, None)
    before, of_request = states
    to = change.body["to"]
    if to not in ACTIONS.get(before, ()):
        change.refuse(f"an action does not go from {before} to {to}")
    if to in _HOLDERS and of_request != RequestState.APPROVED:
        change.refuse("the request is not approved")
    is_sent = to == ActionState.SENDING
    if is_sent and not change.one("SELECT 1 FROM intent WHERE action_id = ?", change.subject):
        change.refuse("no intent is recorded")
    values: dict[str, object] = {"state": to, "reason": change.body["reason"]}
    if to == ActionState.DUE:
        values["due_boot_ms"] = change.boot_ms
    if is_sent:
        at, boot_id = change.fields["at"], change.fields["boot_id"]
        values |= {"sent_at": at, "sent_boot_id": boot_id, "sent_boot_ms": change.boot_ms}
    change.move("action", **values)


def _intent(change: _Change) -> None:
    if change.one("SELECT state FROM action WHERE action_id = ?", change.subject) != "CLAIMED":
        change.refuse("the action is not claimed")
    change.insert(
        "intent", action_id=change.subject, wire=change.body["wire"],
        epoch=change.one("SELECT max(epoch) FROM gate"), seq=change.row.seq,
    )  # fmt: skip


def _decision(change: _Change) -> None:
    request_id = change.one("SELECT request_id FROM request WHERE request_id = ?", change.subject)
    _keep(change, request_id, change.body, change.body.get("card"))


def _handed_over(change: _Change) -> None:
    for part in ("ended", "taken"):
        _keep(change, None, change.body[part], change.body["card"])


def _keep(change: _Change, request_id: str | None, body: Fields, card: str | None) -> None:
    decision: dict[str, Any] = from_json(body["text"], cache_strings="keys")
    change.insert(
        "decision", request_id=request_id, verdict=decision["verdict"],
        subject=decision.get("subject", ""), nonce=decision["nonce"], text=body["text"],
        signature=body["signature"], card=card, chain=body.get("chain"),
    )  # fmt: skip


def _gate_started(change: _Change) -> None:
    change.insert("gate", epoch=change.body["epoch"], pid=change.body["pid"], seq=change.row.seq)
    # Renewals have no row: the holder has time to be heard of again.
    change.run(
        "UPDATE lease SET renewed_boot_ms = ? WHERE boot_id = ?",
        change.boot_ms, change.fields["boot_id"],
    )  # fmt: skip


def _latched(change: _Change) -> None:
    scope, generation = change.body["scope"], change.body["generation"]
    before = change.one("SELECT generation FROM lockout WHERE scope = ?", scope) or 0
    if generation != before + 1:
        change.refuse("a lockout counts up")
    change.run("INSERT OR REPLACE INTO lockout VALUES (?, ?, 1)", scope, generation)


def _released(change: _Change) -> None:
    scope, generation = change.body["scope"], change.body["generation"]
    subject = f"lockout:{scope}:{generation}"
    if not change.one("SELECT 1 FROM decision WHERE verdict = 'release' AND subject = ?", subject):
        change.refuse("only a signed release unlocks")
    change.update(
        "UPDATE lockout SET is_locked = 0 WHERE scope = ? AND generation = ? AND is_locked = 1",
        scope, generation,
    )  # fmt: skip


def _authority(change: _Change) -> None:
    body, equipment = change.body, change.subject
    before = change.one("SELECT generation FROM authority WHERE equipment = ?", equipment) or 0
    if body["generation"] != before + 1:
        change.refuse("authority counts up")
    change.run(
        "INSERT OR REPLACE INTO authority VALUES (?, ?, ?, ?, ?)",
        equipment, body["generation"], body["mode"], body["person"], body.get("until"),
    )  # fmt: skip


def _opened(change: _Change) -> None:
    body, run_id = change.body, change.subject
    change.insert("run", run_id=run_id, playbook=body["playbook"])
    owned = {row[0] for row in change.rows("SELECT asset FROM run_asset WHERE is_open = 1")}
    for asset in sorted(set(body.get("owns", ())) - owned):  # else an ancestor owns it
        change.insert("run_asset", run_id=run_id, asset=asset)
    if "ancestors" in body:
        lists = (json.dumps(body[key]) for key in ("ancestors", "uses"))
        change.run("INSERT INTO nested_run VALUES (?, ?, ?)", run_id, *lists)


def _closed(change: _Change) -> None:
    run_id = change.subject
    change.update("UPDATE run SET is_open = 0 WHERE run_id = ? AND is_open = 1", run_id)
    owned = [
        row[0]
        for row in change.rows(
            "SELECT asset FROM run_asset WHERE run_id = ? AND is_open = 1 ORDER BY asset", run_id
        )
    ]
    change.run("UPDATE run_asset SET is_open = 0 WHERE run_id = ?", run_id)
    _hand_on(change, run_id, set(owned))


def _hand_on(change: _Change, run_id: str, owned: set[str]) -> None:
    """Gives what a closed run owned to the open runs within it that use it, outer ones first."""
    nested = change.rows(
        "SELECT run_id, ancestors, uses FROM nested_run JOIN run USING (run_id) "
        "WHERE is_open = 1 ORDER BY run.rowid"
    )
    for name, ancestors, uses in nested if owned else ():
        if run_id in json.loads(ancestors):
            for asset in sorted(owned.intersection(json.loads(uses))):
                change.insert("run_asset", run_id=name, asset=asset)
                owned.discard(asset)


def _effect(change: _Change) -> None:
    body = change.body
    change.insert(
        "effect", action_id=change.subject, number=body["number"], expected=body["expected"],
        within_s=number_in(body["within_s"]), observed=body["observed"],
        verdict=change.kind.removeprefix("effect."),
    )  # fmt: skip


def _taken(change: _Change) -> None:
    if "holder" not in change.body:
        return  # of a version in which the holder stood in the table only
    change.run(
        "INSERT OR REPLACE INTO lease VALUES (?, ?, ?, ?, ?, ?)",
        change.subject, change.body["holder"], change.body["pid"], change.fields["boot_id"],
        change.boot_ms, change.row.seq,
    )  # fmt: skip


def _given_back(change: _Change) -> None:
    change.run("DELETE FROM lease WHERE name = ?", change.subject)


def _seen_back(change: _Change) -> None:
    change.move("action", is_seen_back=1)


_Handler = Callable[[_Change], None]
_HANDLERS: Mapping[str, _Handler] = {
    "ledger.created": _created,
    "ledger.migrated": _migrated,
    "request.filed": _filed,
    "request.refused": lambda change: None,  # no request: it was not filed
    "action.intent": _intent,
    "decision": _decision,
    "decision.refused": lambda change: None,
    "shift.handed_over": _handed_over,
    "gate.started": _gate_started,
    "lockout.latched": _latched,
    "lockout.released": _released,
    "authority.given": _authority,
    "authority.taken": _authority,
    "run.opened": _opened,
    "lease.taken": _taken,
    "lease.given_back": _given_back,
    "lease.seen_back": _seen_back,
    **dict.fromkeys(CLOSING, _closed),
}
_FAMILIES: Mapping[str, _Handler] = {"request": _request, "action": _action, "effect": _effect}
