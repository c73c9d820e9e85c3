"""Reads YAML documents and keeps the place of each key for error messages.

YAML 1.2 without anchors, merge keys and duplicate keys. `on`, `off`, `yes` and `no` are refused as
values, because YAML 1.1 readers take them for booleans.
"""

import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
)
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.parser import Parser
from ruamel.yaml.reader import ReaderError

from ..errors import ConfigError, Problem, os_reason
from .regular_files import read_regular

Path_ = tuple[str | int, ...]
OnScalar = Callable[[Path_, ScalarNode], None]

_MAX_DEPTH = 41  # of tables and lists inside each other
_CACHED = 32  # documents: a large one takes half a second, and a gate reads its policy often
_SHOWN = 40
_LINE_END = re.compile(r"\r\n?")
_OLD_BOOLEANS = {"on", "off", "yes", "no", "y", "n"}
_PLAIN = "tag:yaml.org,2002:"
_TAGS = {"map", "seq", "str", "int", "float", "bool", "null", "timestamp", "value"}


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
    """Parses the bytes of a YAML file. The result is a copy that the caller may change.

    Args:
        on_scalar: Called for each value, with its path and its node.

    Raises:
        ConfigError: It is not accepted YAML; every problem at once.
    """
    try:
        parsed = _parse(content, on_scalar) if on_scalar else _parse_cached(content)
    except ConfigError as error:
        raise ConfigError([replace(problem, file=shown) for problem in error.problems]) from None
    return replace(parsed, file=shown, data=deepcopy(parsed.data), places=dict(parsed.places))


@lru_cache(maxsize=_CACHED)
def _parse_cached(content: bytes) -> Document:
    return _parse(content, None)


def _parse(content: bytes, on_scalar: OnScalar | None) -> Document:
    document = Document("", sha256=sha256(content).hexdigest())
    try:
        text = _LINE_END.sub("\n", content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise _file_error("", f"not UTF-8 at byte {error.start}") from None
    return parse_document(text, document, on_scalar)


def _file_error(file: str, reason: str) -> ConfigError:
    return ConfigError([Problem(file, 0, 0, "", f"cannot be read: {reason}")])


def parse_document(text: str, document: Document, on_scalar: OnScalar | None = None) -> Document:
    """Parses YAML text into a document. See `read_document` and `parse_content`."""
    yaml = YAML(typ="safe", pure=True)
    cast(Any, yaml).Parser = _StrictParser
    try:
        root: Node | None = yaml.compose(text)
    except _NotAllowed as error:
        problem = Problem(document.file, error.line, error.column, "", error.reason)
        raise ConfigError([problem]) from None
    except MarkedYAMLError as error:
        at, opened = cast(Any, error.problem_mark), cast(Any, error.context_mark)
        is_unfinished = "end of stream" in str(cast(object, error.problem))
        mark = opened if is_unfinished and opened else at or opened
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        parts = cast(tuple[str | None, ...], (error.context, error.problem))
        reason = " ".join(str(part) for part in parts if part)
        raise ConfigError([Problem(document.file, line, column, "", reason)]) from None
    except ReaderError as error:
        before = text[: cast(int, error.position)]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        reason = "this control character is not allowed; in quotes, write its escape"
        raise ConfigError([Problem(document.file, line, column, "", reason)]) from None
    problems: list[Problem] = []
    if root is not None:
        document.data = _Reader(yaml, document, problems, on_scalar).value(root, ())
    if problems:
        raise ConfigError(problems)
    return document


class _NotAllowed(Exception):
    def __init__(self, event: Any, reason: str) -> None:
        self.line, self.column = event.start_mark.line + 1, event.start_mark.column + 1
        self.reason = reason


class _StrictParser(Parser):
    """Refuses references and depth before the composer recurses into them.

    Nine lines of aliases can fill the memory.
    """

    _depth = 0

    def get_event(self) -> Any:
        event = cast(Any, super().get_event())
        if isinstance(event, DocumentStartEvent) and (event.version or event.tags):
            raise _NotAllowed(event, "directives are not allowed: they change what the text means")
        if isinstance(event, CollectionStartEvent):
            self._depth += 1
            if self._depth > _MAX_DEPTH:
                raise _NotAllowed(event, "nested too deeply")
        elif isinstance(event, CollectionEndEvent):
            self._depth -= 1
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            kind = "alias" if isinstance(event, AliasEvent) else "anchor"
            raise _NotAllowed(
                event, f"the {kind} {anchor!r}: write the value out, anchors are not allowed"
            )
        return event


class _Reader:
    """Turns composed nodes into plain data and collects places and problems."""

    def __init__(
        self,
        yaml: YAML,
        document: Document,
        problems: list[Problem],
        on_scalar: OnScalar | None,
    ) -> None:
        self._constructor = yaml.constructor
        self._document = document
        self._problems = problems
        self._on_scalar = on_scalar

    def value(self, node: Node, path: Path_) -> Any:
        self._document.places.setdefault(path, _place(node))
        tag = str(cast(object, node.tag or ""))
        if tag.removeprefix(_PLAIN) not in _TAGS:
            self._fail(node, path, f"the tag {tag} is not allowed")
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            items = cast(list[Node], node.value)
            return [self.value(item, (*path, n)) for n, item in enumerate(items)]
        assert isinstance(node, ScalarNode)
        if self._on_scalar:
            self._on_scalar(path, node)
        return self._scalar(node, path)

    def _mapping(self, node: MappingNode, path: Path_) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in cast(list[tuple[Node, Node]], node.value):
            key = cast(object, key_node.value) if isinstance(key_node, ScalarNode) else None
            if not isinstance(key, str) or key == "<<":
                self._fail(key_node, path, "a key must be plain text (merge keys are not allowed)")
                continue
            here = (*path, key)
            if key in result:
                line, _ = self._document.places[here]
                self._fail(key_node, here, f"stands here twice, first in line {line}")
                continue
            self._document.places[here] = _place(key_node)
            result[key] = self.value(value_node, here)
        return result

    def _scalar(self, node: ScalarNode, path: Path_) -> Any:
        text = str(cast(object, node.value))
        if any("\ud800" <= character <= "\udfff" for character in text):
            self._fail(node, path, "half of a character (a surrogate) is no text")
            return None
        if node.style is None and text.lower() in _OLD_BOOLEANS:
            self._fail(node, path, f"{text!r} means different things to different readers; "
                       "write true or false, or quote it")  # fmt: skip
            return None
        tag = str(cast(object, node.tag)).removeprefix(_PLAIN)
        if tag in {"timestamp", "value"}:
            return text
        if tag == "int" and (":" in text or "_" in text):
            return text
        try:
            return self._constructor.construct_object(node)
        except (YAMLError, ValueError, LookupError):
            shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
            self._fail(node, path, f"{shown!r} cannot be read as {tag}")
            return None

    def _fail(self, node: Node, path: Path_, reason: str) -> None:
        line, column = _place(node)
        key = ".".join(str(part) for part in path)
        self._problems.append(Problem(self._document.file, line, column, key, reason))


def _place(node: Node) -> tuple[int, int]:
    mark = cast(Any, node.start_mark)
    return mark.line + 1, mark.column + 1
