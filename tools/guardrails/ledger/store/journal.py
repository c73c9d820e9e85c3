"""The journal, a chain of hashed rows, and its anchors in a second file."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from ....atomic_files import sync_folder
from ....errors import LedgerError
from ....requests.canonical import canonical, digest, parse_canonical
from ....requests.timestamps import Instant, stamp

FIRST = "0" * 64
"""What the first row names as the row before it."""
_FIRST_ANCHORED = 2  # the process that wrote the first row may have been killed before its anchor
_NOT_ANCHORED = "it was recorded, but not anchored"


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One row of the journal."""

    seq: int
    text: str  # the row in canonical form, without its hash
    hash: str  # the digest of the text; the next row names it

    @property
    def fields(self) -> Mapping[str, Any]:
        """Fields `seq prev at boot_s boot_id kind subject body`. Other text raises `ValueError`."""
        fields: object = parse_canonical(self.text)
        if not isinstance(fields, dict):
            raise ValueError("it is no table")
        return cast(Mapping[str, Any], fields)


def next_row(
    last: JournalRow | None, now: Instant, kind: str, subject: str, body: object, message: str = ""
) -> JournalRow:
    """Returns the row that continues the journal.

    Args:
        message: Digest of the message that asks for it; empty if none does.
    """
    seq = last.seq + 1 if last else 1
    text = canonical(
        {
            **({"message": message} if message else {}),
            "seq": seq,
            "prev": last.hash if last else FIRST,
            "at": stamp(now.wall),
            "boot_s": now.boot_ms / 1000.0,
            "boot_id": now.boot_id,
            "kind": kind,
            "subject": subject,
            "body": body,
        }
    )
    return JournalRow(seq, text, digest("journal", text))


class Anchors:
    """A second file in which the head of the journal is noted after each commit.

    The ledger alone can be replaced by an older copy of itself; beside the anchors it shows.
    A file that cannot be read or written raises `LedgerError`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def open(self) -> None:
        """Opens the file to write until `close`, made if there is none.

        As long as it is open no other file gets its number.
        """
        # Whoever may put a link here must not have us write somewhere else.
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            is_new = not self._path.exists()
            self._file = os.open(self._path, flags, 0o600)
            if is_new:
                sync_folder(self._path.parent)
        except OSError as error:
            raise LedgerError(f"{self._path}: {error.strerror}") from None

    def close(self) -> None:
        """Closes the file."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)

    def note(self, rows: Sequence[JournalRow], *, waits: bool = True) -> None:
        """Appends the rows' numbers and hashes.

        Args:
            waits: Until the disk has them, and those before them. Else a power failure may
                take these lines with it; the next one that is waited for makes up for them.

        Raises:
            LedgerError: It cannot be written. What was committed stands all the same; the gate
                sends nothing whose intent is not anchored.
        """
        if (file := self._file) is None:
            raise LedgerError(f"{self._path}: it is not open; {_NOT_ANCHORED}")
        lines = "".join(f"{row.seq} {row.hash}\n" for row in rows).encode()
        try:
            size = os.fstat(file).st_size
            if size and os.pread(file, 1, size - 1) != b"\n":
                lines = b"\n" + lines  # a line torn by a power failure stays alone
            if os.write(file, lines) != len(lines):
                raise LedgerError(f"{self._path}: the disk is full; {_NOT_ANCHORED}")
            if waits:
                os.fsync(file)
        except OSError as error:
            raise LedgerError(f"{self._path}: {error.strerror}; {_NOT_ANCHORED}") from None

    def lines(self) -> list[str]:
        """Returns every line of the file, none if nothing was ever recorded."""
        try:
            return self._path.read_text(encoding="ascii", errors="replace").splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise LedgerError(f"{self._path}: {error.strerror}") from None


class Chain:
    """Follows the journal row by row, and finds `faults` where it is not what was once written.

    Args:
        anchors: The lines of their file, read before the first row.
        tells_torn: Whether a line that a power failure has torn is a fault.
    """

    def __init__(self, anchors: Sequence[str], *, tells_torn: bool = True) -> None:
        self.faults: list[str] = []
        self._marks: dict[int, str] = {}
        self._previous, self._count = FIRST, 0
        for line in anchors:
            number, _, mark = line.partition(" ")
            if not (number.isdecimal() and len(mark) == len(FIRST)):
                if tells_torn:
                    self.faults.append(f"anchors: {line[:80]!r} is no anchor")
            elif self._marks.setdefault(int(number), mark) != mark:
                self.faults.append(f"anchors: row {number} has two different anchors")

    def follow(
        self, row: JournalRow, fields: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any] | None:
        """Follows the next row, and returns what it says, or `None` if it cannot be read.

        Args:
            fields: Those of the row, if they were read already.
        """
        self._count += 1
        place, previous = self._count, self._previous
        self._previous = row.hash
        is_whole = digest("journal", row.text) == row.hash
        if not is_whole:
            self._tell(row, "its hash does not fit its text")
        fields = self._fields(row, tells=is_whole) if fields is None else fields
        if fields is not None:
            if row.seq != place or fields.get("seq") != place:
                self._tell(row, f"stands where row {place} belongs")
            if fields.get("prev") != previous:
                self._tell(row, "does not continue the row before it")
        if self._marks.get(place, row.hash) != row.hash:
            self._tell(row, "is not the row that was anchored")
        return fields

    def end(self) -> None:
        """Finds what is missing after the last row."""
        marks, count = self._marks, self._count
        if min(marks, default=count) > _FIRST_ANCHORED:
            first = min(marks, default=count + 1) - 1
            self.faults.append(f"anchors: there are none of the first {first} rows")
        if marks and max(marks) > count:
            self.faults.append(f"rows {count + 1} to {max(marks)} are missing: they were anchored")

    def _fields(self, row: JournalRow, *, tells: bool) -> Mapping[str, Any] | None:
        try:
            return row.fields
        except ValueError as error:
            if tells:
                self._tell(row, str(error))
            return None

    def _tell(self, row: JournalRow, fault: str) -> None:
        self.faults.append(f"row {row.seq}: {fault}")


def chain_faults(rows: Iterable[JournalRow], anchors: Sequence[str]) -> list[str]:
    """Returns everything that shows that the journal is not what was once written."""
    chain = Chain(anchors)
    for row in rows:
        chain.follow(row)
    chain.end()
    return chain.faults
