"""CSV files of tags, whose columns are the keys of `tags.yaml`."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from handwheel.connectors.config.regular_files import read_regular
from handwheel.connectors.errors import ConfigError, Problem, os_reason
from handwheel.connectors.model.endpoints import InstalledConnection
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tag_file import ITEM, ItemTag, NodeTag, RegisterTag, kind_of_tag

from .imported_tags import ImportedTag, TagSource

_NAME = "name"
_COLUMNS = (
    _NAME,
    *dict.fromkeys([*NodeTag.model_fields, *RegisterTag.model_fields, *ItemTag.model_fields]),
)
_DELIMITERS = ",;\t"


class _Wrong(Exception):
    """A cell that cannot be read, with what to write."""


def _integer(text: str) -> int:
    if not re.fullmatch(r"-?\d+", text, re.ASCII):
        raise _Wrong(f"{text!r} is no whole number")
    return int(text)


def _number(text: str) -> float:
    if not re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", text, re.ASCII):
        raise _Wrong(f"{text!r} is no number; write it with a decimal point, such as 0.1")
    return float(text)


def _boolean(text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise _Wrong(f"{text!r} is neither true nor false")
    return text.lower() == "true"


def _range(text: str) -> list[float]:
    low, dots, high = text.partition("..")
    if not dots:
        raise _Wrong(f"{text!r} is no range; write it as 0..600")
    return [_number(low.strip()), _number(high.strip())]


def _limits(text: str) -> list[float | None]:
    low, dots, high = text.partition("..")
    if not dots:
        raise _Wrong(f"{text!r} are no limits; write them as 20..80, 20.. or ..80")
    return [_number(each.strip()) if each.strip() else None for each in (low, high)]


def _members(text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in filter(None, re.split(r"[;|]", text)):
        word, sign, number = each.rpartition("=")
        if not sign or word.strip() in found:
            raise _Wrong(f"{text!r} is no list of words; write them as off=0; on=1")
        found[word.strip()] = _integer(number.strip())
    return found


_READERS: Mapping[str, Callable[[str], object]] = {
    "range": _range, "members": _members, "writable": _boolean, "array": _boolean,
    "scale": _number, "offset": _number, "address": _integer, "bit": _integer,
    "length": _integer, "unit_id": _integer, "alarm": _limits, "trip": _limits,
}  # fmt: skip


def read_csv(path: Path, site: Site, connection: str) -> TagSource:
    """Returns the tags of a CSV file.

    Its first line names the columns: `name` and keys of `tags.yaml`. Empty cells, empty lines and
    lines that begin with `#` say nothing. Cells are separated by comma, semicolon or tab, as the
    first line is.

    Args:
        connection: Of rows without one; empty for the only one of their protocol.

    Returns:
        Its tags, and a problem for each cell that cannot be read.

    Raises:
        ConfigError: The file cannot be read.
    """
    try:
        text = read_regular(path).decode("utf-8-sig")
    except OSError as error:
        raise ConfigError([_problem(path, 0, 0, f"cannot be read: {os_reason(error)}")]) from None
    except UnicodeDecodeError as error:
        reason = f"not UTF-8 at byte {error.start}; save it as CSV UTF-8"
        raise ConfigError([_problem(path, 0, 0, reason)]) from None
    table = _Table(path, site, connection)
    tags = list(table.tags(text.splitlines()))
    return TagSource(str(path), tags, problems=table.problems)


class _Table:
    """Reader of one file, which collects its problems."""

    def __init__(self, path: Path, site: Site, connection: str) -> None:
        self._path = path
        self._site = site
        self._connection = connection
        self._columns: list[str] = []
        self._delimiter = ","
        self._lines: dict[str, int] = {}  # of each tag
        self.problems: list[Problem] = []

    def tags(self, lines: list[str]) -> Iterator[ImportedTag]:
        """Yields the tags of all rows that can be read."""
        for number, line in enumerate(lines, start=1):
            if not line.strip() or line.startswith("#"):
                continue
            if not self._columns:
                self._delimiter = max(_DELIMITERS, key=line.count)
                self._columns = [cell for _, cell in self._cells(number, line)]
                self._check_columns(number)
            elif tag := self._tag(number, line):
                yield tag
        if not self._columns:
            self._fail(0, 0, f"no columns; the first line names them: {', '.join(_COLUMNS)}")

    def _check_columns(self, line: int) -> None:
        for each in self._columns:
            if each not in _COLUMNS:
                self._fail(line, 1, f"unknown column {each!r}; known: {', '.join(_COLUMNS)}")
            elif self._columns.count(each) > 1:
                self._fail(line, 1, f"the column {each!r} stands here twice")
        if _NAME not in self._columns:
            self._fail(line, 1, f"the column {_NAME!r} is missing")

    def _tag(self, line: int, text: str) -> ImportedTag | None:
        count = len(self.problems)
        cells = list(self._cells(line, text))
        if len(cells) > len(self._columns):
            column = cells[len(self._columns)][0]
            self._fail(line, column, f"more cells than the {len(self._columns)} columns")
        fields: dict[str, object] = {}
        places: dict[str, int] = {}
        for key, (column, cell) in zip(self._columns, cells, strict=False):
            if cell:
                places[key] = column
                try:
                    fields[key] = _READERS.get(key, str)(cell)
                except _Wrong as wrong:
                    self._fail(line, column, f"{key}: {wrong}")
        name = str(fields.pop(_NAME, ""))
        if not name:
            self._fail(line, 1, "the name is missing")
        elif name in self._lines:
            first = self._lines[name]
            self._fail(line, places[_NAME], f"{name} stands here twice, first in line {first}")
        elif len(self.problems) == count and (own := self._connection_of(line, fields)):
            self._lines[name] = line
            return ImportedTag(name, {"connection": own, **fields}, line, places)
        return None

    def _connection_of(self, line: int, fields: Mapping[str, object]) -> str:
        """Returns the connection of a row, or nothing after a problem."""
        if "connection" in fields:
            return str(fields["connection"])
        kind = kind_of_tag(fields)
        fitting = [
            name
            for name, each in self._site.connections.items()
            if kind == (ITEM if isinstance(each, InstalledConnection) else each.kind)
        ]
        if self._connection:
            fitting = [self._connection]
        if len(fitting) != 1:
            known = " or ".join(f"--connection {name}" for name in self._site.connections)
            self._fail(line, 1, f"of which connection? add the column connection, or {known}")
            return ""
        return fitting[0]

    def _cells(self, line: int, text: str) -> Iterator[tuple[int, str]]:
        """Yields the cells of a line, each with its column from 1."""
        at = 0
        cell = re.compile(rf'\s*"((?:[^"]|"")*)"\s*(?={self._delimiter}|$)|([^{self._delimiter}]*)')
        while at <= len(text):
            found = cell.match(text, at)
            assert found is not None  # the second form takes anything
            quoted, plain = found.groups()
            if quoted is None and plain.lstrip().startswith('"'):
                self._fail(line, at + 1, "a quote that does not end in this line")
            yield at + 1, (plain if quoted is None else quoted.replace('""', '"')).strip()
            at = found.end() + 1

    def _fail(self, line: int, column: int, reason: str) -> None:
        self.problems.append(_problem(self._path, line, column, reason))


def _problem(path: Path, line: int, column: int, reason: str) -> Problem:
    return Problem(str(path), line, column, "", reason)
