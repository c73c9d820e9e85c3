"""Tools of different names."""

from collections.abc import Iterable, Iterator

from handwheel.connectors.errors import ConfigError, Problem
from handwheel.connectors.hints import did_you_mean
from handwheel.tools.errors import InvalidArguments

from .tool import Tool


class Toolset:
    """Tools of different names, in the order in which they were given.

    Raises:
        ConfigError: Two tools have the same name; it says where each is defined.
    """

    def __init__(self, tools: Iterable[Tool]) -> None:
        self._tools: dict[str, Tool] = {}
        problems: list[Problem] = []
        for each in tools:
            first = self._tools.setdefault(each.name, each)
            if first is not each:
                reason = f"a tool of this name is defined at {first.file}:{first.line}; rename one"
                problems.append(Problem(each.file, each.line, 1, each.name, reason))
        if problems:
            raise ConfigError(problems)

    def __iter__(self) -> Iterator[Tool]:
        return iter(self._tools.values())

    @property
    def names(self) -> tuple[str, ...]:
        """Their names, in order."""
        return tuple(self._tools)

    def find(self, name: str) -> Tool:
        """Returns a tool. Raises `InvalidArguments` if there is none, with the closest name."""
        if name not in self._tools:
            hint = did_you_mean(name, self._tools) or f"; known: {', '.join(self._tools)}"
            raise InvalidArguments(f"there is no tool {name!r}{hint}")
        return self._tools[name]
