"""An exported journal: its rows, the chain through them, and the anchors beside them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from .documents import NoDocument, canonical, digest, moment, parse_json

START = "0" * 64
_KEYS = {"seq", "prev", "at", "boot_s", "boot_id", "kind", "subject", "body", "hash"}
_MESSAGE = "message"  # the digest of the message that has asked for the row, if one has


@dataclass(frozen=True)
class Row:
    """One row; `is_whole` tells whether its hash is that of its content."""

    seq: int
    at: datetime
    kind: str
    subject: str
    body: Mapping[str, Any]
    prev: str
    hash: str
    is_whole: bool


@dataclass(frozen=True)
class Journal:
    """The header and the rows."""

    site: str
    size: int
    head: str
    anchors: tuple[tuple[int, str], ...]
    rows: tuple[Row, ...]


def read_journal(text: str) -> Journal:
    """Returns the journal of an export; raises `NoDocument` if it is none."""
    lines = text.splitlines()
    if not lines:
        raise NoDocument("the export is empty")
    try:
        head = parse_json(lines[0])
        if head["export"] != "journal/1":
            raise NoDocument(f"{head['export']!r} is no export of a journal")
        anchors = tuple(_anchor(line) for line in head["anchors"])
        rows = tuple(_row(line) for line in lines[1:])
        return Journal(head["site"], head["rows"], head["head"], anchors, rows)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise NoDocument(f"the export cannot be read: {error!r}") from None


def _anchor(line: str) -> tuple[int, str]:
    number, _, mark = line.partition(" ")
    return int(number) if number.isdecimal() else 0, mark  # row 0 is never there: a fault


def _row(line: str) -> Row:
    fields: dict[str, Any] = parse_json(line)
    if fields.keys() - {_MESSAGE} != _KEYS:
        raise NoDocument(f"a row has the keys {sorted(fields)}")
    rest = {key: value for key, value in fields.items() if key != "hash"}
    return Row(
        fields["seq"],
        moment(fields["at"]),
        fields["kind"],
        fields["subject"],
        fields["body"],
        fields["prev"],
        fields["hash"],
        digest("journal", canonical(rest)) == fields["hash"],
    )


def chain_faults(journal: Journal) -> Iterator[str]:
    """Yields what is wrong with hashes, chain, numbers, length and anchors."""
    rows = journal.rows
    for row in rows:
        if not row.is_whole:
            yield f"row {row.seq}: its hash is not that of its content"
    if rows and (rows[0].seq, rows[0].prev) != (1, START):
        yield f"row {rows[0].seq}: the journal does not begin here"
    for before, after in pairwise(rows):
        if after.seq != before.seq + 1:
            yield f"row {after.seq}: row {before.seq + 1} should stand here"
        if after.prev != before.hash:
            yield f"row {after.seq}: it does not continue row {before.seq}"
    last = rows[-1].hash if rows else START
    if (journal.size, journal.head) != (len(rows), last):
        yield f"the export says {journal.size} rows and has {len(rows)}, or another head"
    yield from _anchor_faults(journal)


def _anchor_faults(journal: Journal) -> Iterator[str]:
    marks = {row.seq: row.hash for row in journal.rows}
    end = max(marks, default=0)
    for seq, mark in journal.anchors:
        if seq > end:
            yield f"anchor {seq}: the journal ends at row {end}, rows are missing"
        elif marks.get(seq) != mark:
            yield f"anchor {seq}: row {seq} is another one, or the anchor is torn"
