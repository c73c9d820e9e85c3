"""Places of a function and its parameters in the file that defines it."""

import ast
import inspect
from collections.abc import Mapping
from textwrap import dedent
from types import FunctionType
from typing import NamedTuple


class Place(NamedTuple):
    """A line and a column, both from 1."""

    line: int
    column: int


def places(function: FunctionType) -> Mapping[str, Place]:
    """Returns the place of each parameter and, under the empty name, that of the function.

    Where the source cannot be read, only the line is known on which the function begins.
    """
    try:
        lines, start = inspect.getsourcelines(function)
        (node, *_) = ast.parse(dedent("".join(lines))).body
    except (OSError, SyntaxError):
        return {"": Place(function.__code__.co_firstlineno, 1)}
    indent = len(lines[0]) - len(lines[0].lstrip())
    found = {
        each.arg: Place(start + each.lineno - 1, indent + each.col_offset + 1)
        for each in ast.walk(node)
        if isinstance(each, ast.arg)
    }
    own = Place(start + node.lineno - 1, indent + node.col_offset + 1)
    return {**found, "": own}
