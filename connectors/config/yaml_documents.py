"""Reads YAML documents and keeps the place of each key for error messages.

YAML 1.2 without anchors, merge keys and duplicate keys. `on`, `off`, `yes` and `no` are refused as
values, because YAML 1.1 readers take them for booleans.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from yaml.events import (
    CollectionEndEvent,
    CollectionStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
)

from ..errors import ConfigError, Problem, os_reason
from .regular_files import read_regular
from .yaml_events import (
    PYTHON_PARSER,
    NotAccepted,
    Parser,
    check_characters,
    fastest_parser,
    node_events,
)
from .yaml_scalars import OLD_BOOLEANS, kind_of, scalar_of

Path_ = tuple[str | int, ...]

_SHOWN = 40
_LINE_END = re.compile(r"\r\n?")
_PLAIN = "tag:yaml.org,2002:"
_SURROGATE = re.compile("[\ud800-\udfff]")
_TAGS = {"map", "seq", "str", "int", "float", "bool", "null", "timestamp", "value"}


class Scalar(NamedTuple):
    """A value that is neither table nor list, as it stands in its file."""

    line: int  # from 1
    column: int  # from 1, of the quote if there is one
    style: str  # its quote, `|` or `>`; empty for a plain text
    text: str
    written: str  # with quotes and escapes


OnScalar = Callable[[Path_, Scalar], None]


@dataclass(slots=True)
class Document:
    """A parsed file."""

    file: str  # path as the user gave it
    data: Any = None  # dictionaries, lists, strings, numbers, booleans and `None`
    # line and column, both from 1, of each key (or list item) by its path
    places: dict[Path_, tuple[int, int]] = field(default_factory=dict[Path_, tuple[int, int]])
    # of the parsed bytes, hexadecimal; empty for text that is not from a file
    sha256: str = field(default="", compare=False)

    def problem(self, path: Path_, reason: str) -> Problem:
        """Returns a problem at a path, or at its nearest parent in the file."""
        known = path
        while known and known not in self.places:
            known = known[:-1]
        line, column = self.places.get(known, (1, 1))
        return Problem(self.file, line, column, ".".join(str(part) for part in path), reason)


def read_document(path: Path, shown: str | None = None) -> Document:
    """Parses a YAML file. Errors name it as `shown`, by default by its path.

    Raises:
        ConfigError: It cannot be read or is not accepted YAML; every problem at once.
    """
    return parse_content(read_content(path, shown), shown or str(path))


def read_content(path: Path, shown: str | None = None) -> bytes:
    """Returns the bytes of a YAML file, as `read_regular`. Raises `ConfigError`."""
    try:
        return read_regular(path)
    except OSError as error:
        raise _file_error(shown or str(path), os_reason(error)) from None
    except ValueError as error:  # a path that no file can have
        raise _file_error(shown or str(path), str(error)) from None


def parse_content(content: bytes, shown: str, on_scalar: OnScalar | None = None) -> Document:
    """Parses the bytes of a YAML file, which errors name as `shown`. See `parse_document`."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _file_error(shown, f"not UTF-8 at byte {error.start}") from None
    return parse_document(text, Document(shown, sha256=sha256(content).hexdigest()), on_scalar)


def _file_error(file: str, reason: str) -> ConfigError:
    return ConfigError.of(f"cannot be read: {reason}", file)


def parse_document(text: str, document: Document, on_scalar: OnScalar | None = None) -> Document:
    """Parses YAML text into a document.

    Args:
        document: Names the file, and gets data and places.
        on_scalar: Called for each value with its path. If a parser refuses the text and the next
            one is tried, it is called from the beginning again.

    Raises:
        ConfigError: It is not accepted YAML; every problem at once.
    """
    text = _LINE_END.sub("\n", text.removeprefix("\ufeff"))
    try:
        check_characters(text)
        reader = _read(text, document.file, on_scalar)
    except NotAccepted as error:
        problem = Problem(document.file, error.line, error.column, "", error.reason)
        raise ConfigError([problem]) from None
    if reader.problems:
        raise ConfigError(reader.problems)
    document.data, document.places = reader.data, reader.places
    return document


def _read(text: str, file: str, on_scalar: OnScalar | None) -> "_Reader":
    """Reads with the fastest parser, and what that does not accept again in Python."""
    parser = fastest_parser(text)
    if parser is not PYTHON_PARSER:
        with suppress(NotAccepted):
            reader = _Reader(text, parser, file, on_scalar)
            if not reader.problems:
                return reader
    return _Reader(text, PYTHON_PARSER, file, on_scalar)


class _Reader:
    """Turns events into plain data and collects places and problems."""

    def __init__(self, text: str, parser: Parser, file: str, on_scalar: OnScalar | None) -> None:
        self.data: Any = None
        self.places: dict[Path_, tuple[int, int]] = {}
        self.problems: list[Problem] = []
        self._text, self._file, self._on_scalar = text, file, on_scalar
        self._events = node_events(text, parser)
        for event in self._events:  # one, and behind its end the end of the text
            self.data = self._value(event, ())

    def _value(self, event: Event, path: Path_) -> Any:
        assert isinstance(event, ScalarEvent | CollectionStartEvent)
        self.places.setdefault(path, self._place(event))
        # Readers disagree on `!`, which the parser in C does not tell.
        tag = event.tag or "!" * self._text.startswith("!", event.start_mark.index)
        if tag and tag.removeprefix(_PLAIN) not in _TAGS:
            self._refuse_tag(event, path, tag)
            return None
        if isinstance(event, ScalarEvent):
            return self._scalar(event, path)
        if isinstance(event, MappingStartEvent):
            return self._mapping(path)
        items: list[Any] = []
        while not isinstance(event := next(self._events), SequenceEndEvent):
            items.append(self._value(event, (*path, len(items))))
        return items

    def _refuse_tag(self, event: Event, path: Path_, tag: str) -> None:
        self._fail(event, path, f"the tag {tag} is not allowed")
        self._skip(event)

    def _mapping(self, path: Path_) -> dict[str, Any]:
        result: dict[str, Any] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            key = event.value if isinstance(event, ScalarEvent) else ""
            is_absent = not key and not (isinstance(event, ScalarEvent) and event.style)
            if is_absent or key == "<<":
                self._fail(event, path, "a key must be plain text (merge keys are not allowed)")
                self._skip(event)
                self._skip(next(self._events))
                continue
            here = (*path, key)
            if key in result:
                line, _ = self.places[here]
                self._fail(event, here, f"stands here twice, first in line {line}")
                self._skip(next(self._events))
                continue
            self.places[here] = self._place(event)
            result[key] = self._value(next(self._events), here)
        return result

    def _skip(self, event: Event) -> None:
        """Goes to the end of a value."""
        depth = 0
        while True:
            depth += isinstance(event, CollectionStartEvent)
            depth -= isinstance(event, CollectionEndEvent)
            if not depth:
                return
            event = next(self._events)

    def _scalar(self, event: ScalarEvent, path: Path_) -> Any:
        text = event.value
        if event.tag:
            kind = event.tag.removeprefix(_PLAIN)
        else:
            kind = kind_of(text) if event.implicit[0] else "str"
        if kind not in _TAGS:
            self._refuse_tag(event, path, _PLAIN + kind)
            return None
        if self._on_scalar:
            written = self._text[event.start_mark.index : event.end_mark.index]
            self._on_scalar(path, Scalar(*self._place(event), event.style or "", text, written))
        if event.style == '"' and _SURROGATE.search(text):
            self._fail(event, path, "half of a character (a surrogate) is no text")
            return None
        if not path and event.style in {"|", ">"}:
            self._fail(event, path, "readers disagree on where this text ends; put it into a table")
            return None
        if not event.style and text.lower() in OLD_BOOLEANS:
            self._fail(event, path, f"{text!r} means different things to different readers; "
                       "write true or false, or quote it")  # fmt: skip
            return None
        try:
            return text if kind == "str" else scalar_of(kind, text)
        except (ValueError, LookupError):
            shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
            self._fail(event, path, f"{shown!r} cannot be read as {kind}")
            return None

    def _fail(self, event: Event, path: Path_, reason: str) -> None:
        line, column = self._place(event)
        key = ".".join(str(part) for part in path)
        self.problems.append(Problem(self._file, line, column, key, reason))

    def _place(self, event: Event) -> tuple[int, int]:
        mark = event.start_mark
        if mark.index < len(self._text):
            return mark.line + 1, mark.column + 1
        # The end of the text, which the parser in C places into a line of its own.
        return self._text.count("\n") + 1, len(self._text) - self._text.rfind("\n")
