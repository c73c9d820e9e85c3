"""Places of the values in a YAML text, for errors inside a value."""

from dataclasses import dataclass
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from handwheel.connectors.config.yaml_documents import Path_


@dataclass(frozen=True, slots=True)
class ValuePlace:
    """Beginning of a value."""

    line: int  # from 1
    column: int  # from 1, of the quote if there is one
    # Column of the text's first character; 0 for a text over several lines or with escapes, whose
    # columns differ from the file's.
    inner: int


def value_places(text: str) -> dict[Path_, ValuePlace]:
    """Returns the place of every scalar value in YAML that `yaml_documents` has accepted."""
    root: Node | None = YAML(typ="safe", pure=True).compose(text)
    found: dict[Path_, ValuePlace] = {}
    if root is not None:
        _walk(root, (), text.split("\n"), found)
    return found


def _walk(node: Node, path: Path_, lines: list[str], found: dict[Path_, ValuePlace]) -> None:
    if isinstance(node, MappingNode):
        for key, value in cast(list[tuple[Node, Node]], node.value):
            _walk(value, (*path, str(cast(object, key.value))), lines, found)
    elif isinstance(node, SequenceNode):
        for n, item in enumerate(cast(list[Node], node.value)):
            _walk(item, (*path, n), lines, found)
    elif isinstance(node, ScalarNode):
        found[path] = _place(node, lines)


def _place(node: ScalarNode, lines: list[str]) -> ValuePlace:
    start, end = cast(Any, node.start_mark), cast(Any, node.end_mark)
    line, column = int(start.line), int(start.column)
    quote = 1 if node.style in {"'", '"'} else 0
    written = lines[line][column : end.column] if end.line == line < len(lines) else ""
    is_plain = written[quote : len(written) - quote] == cast(str, node.value)
    return ValuePlace(line + 1, column + 1, column + 1 + quote if is_plain else 0)
