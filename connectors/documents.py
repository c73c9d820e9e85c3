"""Reads YAML documents and remembers where everything stood, so that errors can point at it.

YAML 1.2 without anchors, merge keys and duplicate keys; `on`, `off`, `yes` and
`no` as values are refused, because YAML 1.1 readers take them for booleans.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ConfigDict, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from .errors import ConfigError, Problem, os_reason

Path_ = tuple[str | int, ...]
ModelT = TypeVar("ModelT", bound=BaseModel)

_MAX_BYTES = 10_000_000
_MAX_DEPTH = 40
_OLD_BOOLEANS = {"on", "off", "yes", "no", "y", "n"}
_INTEGER = "tag:yaml.org,2002:int"


class Model(BaseModel):
    """Base of every boundary object: frozen, with unknown keys forbidden."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


@dataclass(slots=True)
class Document:
    """A parsed file.

    Attributes:
        file: Path as the user knows it.
        data: Dictionaries, lists, strings, numbers, booleans and `None`.
        places: Line and column, both from 1, of each key (or list item) by its path.
    """

    file: str
    data: Any = None
    places: dict[Path_, tuple[int, int]] = field(default_factory=dict[Path_, tuple[int, int]])

    def problem(self, path: Path_, reason: str) -> Problem:
        """Returns a problem at a path, or at its nearest parent that stands in the file."""
        known = path
        while known and known not in self.places:
            known = known[:-1]
        line, column = self.places.get(known, (1, 1))
        return Problem(self.file, line, column, ".".join(str(part) for part in path), reason)


def read_document(path: Path, shown: str | None = None) -> Document:
    """Parses a YAML file.

    Args:
        shown: The file's name in errors; the path itself if missing.

    Raises:
        ConfigError: It cannot be read or is not YAML as we want it; every problem at once.
    """
    document = Document(shown or str(path))
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise _file_error(document, f"larger than {_MAX_BYTES} bytes")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise _file_error(document, os_reason(error)) from None
    except UnicodeDecodeError as error:
        raise _file_error(document, f"not UTF-8 at byte {error.start}") from None
    return parse_document(text, document)


def _file_error(document: Document, reason: str) -> ConfigError:
    return ConfigError([Problem(document.file, 0, 0, "", f"cannot be read: {reason}")])


def parse_document(text: str, document: Document) -> Document:
    """Parses YAML text into a document that knows its file name; see `read_document`."""
    yaml = YAML(typ="safe", pure=True)
    try:
        _refuse_aliases(yaml, text, document)
        root: Node | None = yaml.compose(text)
    except MarkedYAMLError as error:
        mark = cast(Any, error.problem_mark or error.context_mark)
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        told = cast(tuple[str | None, ...], (error.context, error.problem))
        reason = " ".join(str(part) for part in told if part)
        raise ConfigError([Problem(document.file, line, column, "", reason)]) from None
    except (YAMLError, RecursionError) as error:
        reason = str(error).splitlines()[0] if str(error) else "nested too deeply"
        raise ConfigError([Problem(document.file, 1, 1, "", reason)]) from None
    problems: list[Problem] = []
    if root is not None:
        document.data = _Reader(yaml, document, problems).value(root, ())
    if problems:
        raise ConfigError(problems)
    return document


def _refuse_aliases(yaml: YAML, text: str, document: Document) -> None:
    # Composing would follow aliases first: nine lines of them can fill the memory.
    for event in yaml.parse(text):
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            mark = event.start_mark
            kind = "alias" if isinstance(event, AliasEvent) else "anchor"
            raise ConfigError(
                [
                    Problem(
                        document.file, mark.line + 1, mark.column + 1, "",
                        f"the {kind} {anchor!r}: write the value out, anchors are not allowed",
                    )
                ]
            )  # fmt: skip


class _Reader:
    """Turns composed nodes into plain data, collecting places and problems."""

    def __init__(self, yaml: YAML, document: Document, problems: list[Problem]) -> None:
        self._constructor = yaml.constructor
        self._document = document
        self._problems = problems

    def value(self, node: Node, path: Path_) -> Any:
        self._document.places.setdefault(path, _place(node))
        if len(path) > _MAX_DEPTH:
            self._fail(node, path, "nested too deeply")
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            items = cast(list[Node], node.value)
            return [self.value(item, (*path, n)) for n, item in enumerate(items)]
        assert isinstance(node, ScalarNode)
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
        if node.style is None and text.lower() in _OLD_BOOLEANS:
            self._fail(node, path, f"{text!r} means different things to different readers; "
                       "write true or false, or quote it")  # fmt: skip
            return None
        if node.tag == "tag:yaml.org,2002:timestamp":
            return text
        tag = str(cast(object, node.tag or ""))
        if tag.startswith("!"):
            self._fail(node, path, f"the tag {tag} is not allowed")
            return None
        if node.tag == _INTEGER and (":" in text or "_" in text):
            return text
        try:
            return self._constructor.construct_object(node)
        except (YAMLError, ValueError) as error:
            self._fail(node, path, f"{text!r} cannot be read: {error}")
            return None

    def _fail(self, node: Node, path: Path_, reason: str) -> None:
        line, column = _place(node)
        key = ".".join(str(part) for part in path)
        self._problems.append(Problem(self._document.file, line, column, key, reason))


def _place(node: Node) -> tuple[int, int]:
    mark = cast(Any, node.start_mark)
    return mark.line + 1, mark.column + 1


def load_model(model: type[ModelT], document: Document) -> ModelT:
    """Validates a document against a pydantic model.

    Raises:
        ConfigError: Every key that is unknown, missing or of the wrong kind, with its place.
    """
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        known = set(_property_names(model.model_json_schema()))
        raise ConfigError(
            [
                document.problem(path, _reason(item, path, known))
                for item in error.errors()
                for path in [_own_path(document, item["loc"])]
            ]
        ) from None


def _own_path(document: Document, location: Path_) -> Path_:
    """Drops from a pydantic location what pydantic put in: the names of union members."""
    path: Path_ = ()
    for n, part in enumerate(location):
        is_last = n == len(location) - 1
        if (*path, part) in document.places or is_last:
            path = (*path, part)
    return path


def _reason(item: Any, path: Path_, known: set[str]) -> str:
    message = str(item["msg"]).removeprefix("Value error, ")
    match item["type"]:
        case "extra_forbidden":
            close = get_close_matches(str(path[-1]), known, n=1)
            return "unknown key" + (f"; did you mean {close[0]!r}?" if close else "")
        case "missing":
            return "is missing"
        case "value_error" | "union_tag_invalid" | "union_tag_not_found":
            return message
        case _:
            return f"{message[:1].lower()}{message[1:]}, found {_shown(item['input'])}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _property_names(schema: object) -> Iterator[str]:
    if isinstance(schema, Mapping):
        table = cast(Mapping[str, object], schema)
        yield from cast(Mapping[str, object], table.get("properties", {}))
        for item in table.values():
            yield from _property_names(item)
    elif isinstance(schema, list):
        for item in cast(list[object], schema):
            yield from _property_names(item)
