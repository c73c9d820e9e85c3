"""Work orders and notices that agents raise.

They have a database of their own, so that their faults never block the ledger. One that cannot be
read or written raises `ToolFailed`.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import Field, model_validator

from handwheel.connectors.config.validation import Model
from handwheel.connectors.hints import next_step

from ..append_only_store import AppendOnlyStore, append_only_table
from ..errors import InvalidArguments
from ..requests.proposer import Proposer
from ..requests.request import Stamp
from ..requests.timestamps import parse_stamp
from ..safe_text import plain

WORKORDERS_FILE = "workorders.db"
"""Its name in the site's state folder."""

Class = Literal["corrective", "preventive", "inspection"]
NOTHING = "nothing"
"""What a closing says of an order that was found to be of no fault."""
MOST_POINTS = 60
"""Highest number of points of a trend."""

_APPLICATION_ID = 0x48575731  # "HWW1"
_CANDIDATES = 5


def _table(name: str) -> tuple[str, ...]:
    columns = "number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, text TEXT NOT NULL"
    return append_only_table(name, columns, "number = NEW.number OR key = NEW.key")


_VERSIONS = {
    1: (*_table("workorder"), *_table("notice")), 2: _table("closing"), 3: _table("addition"),
}  # fmt: skip


class Trend(Model):
    """Values of a tag before the work order was raised."""

    tag: str = Field(min_length=1)
    unit: str = ""
    # Seconds and value, oldest first.
    points: list[Annotated[list[float], Field(min_length=2, max_length=2)]] = Field(
        max_length=MOST_POINTS
    )


class WorkOrder(Model):
    """Maintenance task at the plant."""

    workorder_id: str = Field(pattern=r"^W-[0-9A-Z]{8}$")
    key: str = Field(min_length=1)  # unique; a work order raised twice is kept once
    site: str = Field(min_length=1)
    asset: str = Field(min_length=1)
    class_: Class = Field(alias="class")
    priority: int = Field(ge=1, le=4)  # 1, the most urgent, to 4
    title: str = Field(min_length=1)
    due: Stamp  # time by which it must be done
    opened_at: Stamp
    run_id: str = ""  # of the run that raised it; empty for a guest's
    playbook: str = ""
    guest: Proposer | None = None  # guest that asked for it; `None` for a run's
    evidence: list[str] = Field(default_factory=list[str])  # lines that say why
    trend: list[Trend] = Field(default_factory=list[Trend])
    # Hypotheses that were confirmed, such as `bearing-worn P-101A`.
    faults: list[str] = Field(default_factory=list[str])

    @model_validator(mode="after")
    def _check_origin(self) -> Self:
        is_runs = bool(self.run_id and self.playbook)
        if is_runs == (self.guest is not None) or (self.guest and self.guest.kind != "guest"):
            raise ValueError("a work order is of a run with its playbook, or of a guest")
        return self

    @property
    def origin(self) -> str:
        """Run or guest that has raised it, a guest marked as unverified, printable."""
        if self.guest is None:
            return f"{plain(self.playbook)}, run {plain(self.run_id)}"
        return f"{self.guest.shown}, account {plain(self.guest.os_user or '')}"


class Closing(Model):
    """Record that a work order is done, or not needed any more."""

    key: str = Field(pattern=r"^W-[0-9A-Z]{8}$")  # the work order; closed twice it is kept once
    at: Stamp
    by: str = Field(min_length=1)  # user of the machine
    note: str = ""
    # Id of the failure mode that was found, or `nothing`; empty if nobody said.
    found: str = ""


class Addition(Model):
    """Later finding about the work of an order that is open."""

    key: str = Field(min_length=1)  # unique; a finding added twice is kept once
    workorder_id: str = Field(pattern=r"^W-[0-9A-Z]{8}$")
    at: Stamp
    run_id: str = Field(min_length=1)
    playbook: str = Field(min_length=1)
    priority: int = Field(ge=1, le=4)  # the more urgent one of it and its order counts
    due: Stamp  # the earlier one of it and its order's counts
    evidence: list[str] = Field(default_factory=list[str])  # lines that the order has not
    trend: list[Trend] = Field(default_factory=list[Trend])
    faults: list[str] = Field(default_factory=list[str])  # as of an order


class Notice(Model):
    """Message to a role or a person."""

    key: str = Field(min_length=1)  # unique; a notice given twice is kept once
    at: Stamp
    to: str = Field(min_length=1)  # a role or a person
    text: str = Field(min_length=1)
    run_id: str = Field(min_length=1)


Row = TypeVar("Row", WorkOrder, Closing, Addition, Notice)


class WorkOrders(AppendOnlyStore):
    """Open store of a site's work orders and notices."""

    def __init__(self, state: Path) -> None:
        super().__init__(state / WORKORDERS_FILE, _APPLICATION_ID, _VERSIONS)

    def raise_order(self, order: WorkOrder) -> WorkOrder:
        """Stores a work order and returns it, or the earlier one with its key."""
        return self._keep("workorder", order)

    def all(self, until: datetime | None = None) -> list[WorkOrder]:
        """Returns the work orders with the priority and time that count, oldest first.

        Args:
            until: Moment as of which they are told, by default now.
        """
        found, added = self._all("workorder", WorkOrder), self.additions(until)
        found = [each for each in found if until is None or parse_stamp(each.opened_at) < until]
        return [_as_it_counts(each, added.get(each.workorder_id, [])) for each in found]

    def close_order(self, closed: Closing) -> Closing:
        """Stores that a work order is closed and returns it, or the earlier record."""
        return self._keep("closing", closed)

    def closings(self) -> dict[str, Closing]:
        """Returns the closed work orders by their ids."""
        return {each.key: each for each in self._all("closing", Closing)}

    def open_orders(self) -> list[WorkOrder]:
        """Returns the work orders that are not closed, oldest first."""
        closed = self.closings()
        return [each for each in self.all() if each.workorder_id not in closed]

    def add(self, addition: Addition) -> Addition:
        """Stores a finding about an order and returns it, or the earlier one with its key."""
        return self._keep("addition", addition)

    def additions(self, until: datetime | None = None) -> dict[str, list[Addition]]:
        """Returns the additions of each work order that has any, oldest first. See `all`."""
        found: dict[str, list[Addition]] = {}
        for each in self._all("addition", Addition):
            if until is None or parse_stamp(each.at) < until:
                found.setdefault(each.workorder_id, []).append(each)
        return found

    def find(self, name: str) -> WorkOrder:
        """Returns the work order of an id or of its beginning.

        One that is not there, or not unambiguous, raises `InvalidArguments`.
        """
        wanted = name.upper()
        found = [each for each in self.all() if wanted and each.workorder_id.startswith(wanted)]
        if not found:
            raise InvalidArguments(
                f"{name!r} is no work order of this site; {next_step('workorders', 'list')}"
            )
        if len(found) > 1:
            names = ", ".join(each.workorder_id for each in found[:_CANDIDATES])
            more = f" and {len(found) - _CANDIDATES} more" if len(found) > _CANDIDATES else ""
            raise InvalidArguments(f"{name!r} begins more than one work order: {names}{more}")
        return found[0]

    def notify(self, notice: Notice) -> Notice:
        """Stores a notice and returns it, or the earlier one with its key."""
        return self._keep("notice", notice)

    def notices(self) -> list[Notice]:
        """Returns the notices, oldest first."""
        return [notice for _, notice in self.notices_after(0)]

    def notices_after(self, number: int) -> list[tuple[int, Notice]]:
        """Returns the notices with a higher number, oldest first, each with its own."""
        with self._translated():
            query = "SELECT number, text FROM notice WHERE number > ? ORDER BY number"
            rows = self._connection.execute(query, (number,))
            return [(row[0], Notice.model_validate_json(row[1])) for row in rows]

    def _keep(self, table: str, row: Row) -> Row:
        with self._translated(), self._transaction():
            known = f"SELECT text FROM {table} WHERE key = ?"  # noqa: S608 (our own names)
            if found := self._connection.execute(known, (row.key,)).fetchone():
                return row.model_validate_json(found[0])
            new = f"INSERT INTO {table}(key, text) VALUES (?, ?)"  # noqa: S608
            self._connection.execute(new, (row.key, row.model_dump_json(by_alias=True)))
            return row

    def _all(self, table: str, kind: type[Row]) -> list[Row]:
        with self._translated():
            rows = self._connection.execute(f"SELECT text FROM {table} ORDER BY number")  # noqa: S608
            return [kind.model_validate_json(row[0]) for row in rows]


def _as_it_counts(order: WorkOrder, added: Sequence[Addition]) -> WorkOrder:
    """Returns an order with all faults, the most urgent priority and the earliest time."""
    priority = min([order.priority, *(each.priority for each in added)])
    due = min([order.due, *(each.due for each in added)])  # stamps sort by time
    faults = list(dict.fromkeys([*order.faults, *(one for each in added for one in each.faults)]))
    return order.model_copy(update={"priority": priority, "due": due, "faults": faults})


def read_work_order_ids(state: Path) -> list[str]:
    """Returns the ids of all work orders of a state folder, for the completion of commands.

    Raises:
        sqlite3.Error: The database cannot be read within 0.2 s.
    """
    uri = f"{(state / WORKORDERS_FILE).as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=0.2)) as database:
        rows = database.execute("SELECT json_extract(text, '$.workorder_id') FROM workorder")
        return [str(row[0]) for row in rows]
