"""Places of the values in a YAML text, for errors inside a value."""

from dataclasses import dataclass
from typing import Any, cast

from ruamel.yaml.nodes import ScalarNode


@dataclass(frozen=True, slots=True)
class ValuePlace:
    """Beginning of a value."""

    line: int  # from 1
    column: int  # from 1, of the quote if there is one
    # Column of the text's first character; 0 for a text over several lines or with escapes, whose
    # columns differ from the file's.
    inner: int


def value_place(node: ScalarNode) -> ValuePlace:
    """Returns the place of a value in YAML."""
    start, end = cast(Any, node.start_mark), cast(Any, node.end_mark)
    quote = 1 if node.style in {"'", '"'} else 0
    is_one_line = start.line == end.line
    written = str(start.buffer[start.pointer : end.pointer]) if is_one_line else ""
    is_plain = written[quote : len(written) - quote] == cast(str, node.value)
    line, column = int(start.line) + 1, int(start.column) + 1
    return ValuePlace(line, column, column + quote if is_plain else 0)
