"""The ledger in a process that is not the gate, read as a copy and changed by messages."""

from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from sqlite3 import Row
from time import monotonic, sleep
from typing import Any, NoReturn, Self
from urllib.parse import urlencode

from ...errors import InvalidArguments, LedgerError, LedgerReplaced
from ...requests.timestamps import Instant
from ..approval.plant_snapshot import PlantSnapshot
from ..ledger.store.journal import JournalRow
from ..ledger.store.ledger import WaitsFor
from ..ledger.store.tables import Tables
from ..signatures.message import Message
from .event_stream import EventStream, Leases
from .gate_connection import TIMEOUT_S, TOO_MANY, GateConnection, checked
from .kept_rows import KeptRows

_PAUSE_S = 0.05  # before a message that was one too many is sent again
_ANOTHER = "the ledger is another one than before; start this process again"


class GateClient:
    """Copy of the ledger's tables, kept up by the rows of a running gate.

    It changes only within calls of this object, which one thread alone uses.

    Raises:
        NoGate: No gate of the site is running.
        LedgerError: The gate does not answer, or is another site's.
    """

    def __init__(self, state: Path, site: str, timeout_s: float = TIMEOUT_S) -> None:
        self.state, self.site = state, site
        self._timeout_s = timeout_s
        self._gate = GateConnection(state, timeout_s)
        # Of the stream, in order, not applied yet.
        self._incoming: deque[JournalRow | Leases | InvalidArguments] = deque()
        self._kept = KeptRows()
        self._moments = 0
        self._stream: EventStream | None = None
        try:
            self._tables = self._loaded()
        except BaseException:
            self._gate.close()
            raise

    def _loaded(self) -> Tables:
        tables = Tables.of_image(self._gate.get("/v1/state").body)
        found, self._seq, self._hash = tables.head
        if found != self.site:
            tables.close()
            raise LedgerError(f"{self.state}: is of the gate of site {found!r}, not {self.site!r}")
        return tables

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes connection and copy."""
        if self._stream is not None:
            self._stream.close()
        self._gate.close()
        self._tables.close()

    def submit(self, message: Message) -> Sequence[JournalRow]:
        """Sends a message and returns the rows that it has added, which the copy has afterwards.

        Raises:
            HandwheelError: As the message's `apply`, of the same class; nothing has changed.
            NoGate: No gate is running.
            LedgerError: The gate did not answer. The same message may be sent again, and counts
                once.

        Effect: what the message does. Retry: once, if the connection broke, and while the gate
        says that there were too many. Timeout: 5 s, and 1 s while the gate hangs.
        """
        path, body = f"/v1/{message.path}", message.text.encode()
        until_s = monotonic() + self._timeout_s
        while (answer := self._gate.ask("POST", path, body)).status == TOO_MANY:
            if monotonic() >= until_s:
                break
            sleep(_PAUSE_S)
        rows = _rows(checked(answer).fields)
        if rows and rows[-1].seq > self._seq + len(rows):
            self.catch_up()
        for row in rows:
            self._apply(row)
        return rows

    def catch_up(self) -> None:
        """Applies every row that the gate has by now."""
        for row in self._paged(after=self._seq):
            self._apply(row)

    def follow(self) -> EventStream:
        """Has the copy take in each row as it comes, from now on."""
        if self._stream is None:
            self._stream = EventStream(self.state, self._seq, self._incoming.append)
        return self._stream

    @property
    def is_cut_off(self) -> bool:
        """Whether rows have ceased to come, and no gate has been found again."""
        return self._stream is not None and self._stream.is_broken

    @property
    def is_hanging(self) -> bool:
        """Whether the gate has not answered the last question in time."""
        return self._gate.is_hanging

    def wait(self, timeout_s: float) -> None:
        """Waits until the gate has a row that was not read here, or until time is up."""
        stream = self.follow()
        if not self._take_in():
            stream.wait(timeout_s)

    async def wait_async(self, timeout_s: float) -> None:
        """Waits as `wait`, and lets others work meanwhile."""
        stream = self.follow()
        if not self._take_in():
            await stream.wait_async(timeout_s)

    def transaction(
        self, now: Instant | None = None, *, waits_for: WaitsFor = "anchor"
    ) -> NoReturn:
        """Raises `LedgerError`, since only the gate records."""
        raise LedgerError("only the gate writes into the ledger")

    def rows_under(self, message: str) -> NoReturn:
        """Raises `LedgerError`, since only the gate records."""
        raise LedgerError("only the gate writes into the ledger")

    def under(self, message: str) -> NoReturn:
        """Raises `LedgerError`, since only the gate records."""
        raise LedgerError("only the gate writes into the ledger")

    @contextmanager
    def one_moment(self) -> Generator[None]:
        """Makes everything that is read inside be of one moment."""
        self._take_in()
        self._moments += 1
        try:
            yield
        finally:
            self._moments -= 1

    def all(self, question: str, *values: object) -> list[Row]:
        """Returns every answer to a question about the tables."""
        self._take_in()
        return self._tables.all(question, *values)

    def head(self) -> JournalRow | None:
        """Returns the journal's last row that the copy has."""
        self._take_in()
        return next(iter(self.find_rows(after=self._seq - 1, limit=1)), None)

    def version(self) -> int:
        """Returns a value that changes with every change of the ledger."""
        self._take_in()
        return self._seq

    def journal(self, after: int = 0) -> Iterator[JournalRow]:
        """Yields the journal's rows in order, those after a number."""
        self._take_in()
        return self._paged(after=after, before=self._seq + 1)

    def find_rows(
        self,
        subject: str | None = None,
        kind: str | None = None,
        *,
        after: int = 0,
        before: int | None = None,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> list[JournalRow]:
        """Returns rows of the journal about a subject, of a kind, between two numbers.

        None is newer than the copy.
        """
        self._take_in()
        is_about = subject is not None or kind is not None
        is_whole = is_about and (after, before, newest_first, limit) == (0, None, False, None)
        if is_whole and (kept := self._kept.find(subject, kind)) is not None:
            return kept
        end = self._seq + 1 if before is None else min(before, self._seq + 1)
        rows = self._paged(subject, kind, after=after, before=end, newest=newest_first, limit=limit)
        found = list(islice(rows, limit))
        if is_whole:
            self._kept.keep(subject, kind, found)
        return found

    def seq_of(self, mark: str) -> int | None:
        """Returns the number of the row with a hash, or `None` if there is none."""
        rows = _rows(self._gate.get(f"/v1/journal?{urlencode({'hash': mark})}").fields)
        return rows[0].seq if rows else None

    def anchor_lines(self) -> list[str]:
        """Returns the lines of the anchors. The copy has each row that they name afterwards."""
        lines: list[str] = self._gate.get("/v1/anchors").fields
        self.catch_up()
        return lines

    def status(self) -> Mapping[str, Any]:
        """Returns the gate's process, epoch, head, suspensions, lockouts and runner."""
        found: Mapping[str, Any] = self._gate.get("/v1/status").fields
        return found

    def snapshot(self) -> PlantSnapshot | None:
        """Returns the gate's readings of this moment, or `None` if it has none."""
        found = self._gate.get("/v1/snapshot").fields
        return None if found is None else PlantSnapshot.model_validate(found)

    def _paged(
        self,
        subject: str | None = None,
        kind: str | None = None,
        *,
        after: int = 0,
        before: int | None = None,
        newest: bool = False,
        limit: int | None = None,
    ) -> Iterator[JournalRow]:
        asked: dict[str, object] = {"subject": subject, "kind": kind, "before": before}
        asked |= {"after": after, "newest": int(newest), "limit": limit}
        while before is None or before > after + 1:
            given = {name: value for name, value in asked.items() if value is not None}
            fields = self._gate.get(f"/v1/journal?{urlencode(given)}").fields
            rows = _rows(fields)
            yield from rows
            if not rows or not fields["more"]:
                return
            if newest:
                before = asked["before"] = rows[-1].seq
            else:
                after = asked["after"] = rows[-1].seq

    def _take_in(self) -> bool:
        """Applies what has come, and returns whether there was a row."""
        before = self._seq
        while self._incoming and not self._moments:
            found = self._incoming[0]  # stays where it cannot be applied, and fails each time
            if isinstance(found, JournalRow):
                self._apply(found)
            elif isinstance(found, Leases):
                self._renew(found)
            else:
                raise LedgerReplaced(_ANOTHER)
            self._incoming.popleft()
        return self._seq != before

    def _renew(self, leases: Leases) -> None:
        if leases.seq < self._seq:  # a row has taken or given back a lease since
            return
        self._tables.put_leases(leases.rows)

    def _apply(self, row: JournalRow) -> None:
        if row.seq <= self._seq:
            return
        fields = row.fields
        if row.seq != self._seq + 1 or fields["prev"] != self._hash:
            raise LedgerReplaced(
                f"row {row.seq} of the gate's journal does not continue this process's copy: "
                f"{_ANOTHER}"
            )
        self._tables.apply(row, fields)
        self._kept.add(row, fields)
        self._seq, self._hash = row.seq, row.hash


def _rows(fields: Mapping[str, Any]) -> list[JournalRow]:
    return [JournalRow(*each) for each in fields["rows"]]
