"""Typed query with a title, parameters and a template."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from inspect import Parameter as Argument
from inspect import signature
from typing import Any

from handwheel.tools.errors import InvalidArguments

from .answer import Fact
from .parameters import KINDS
from .sources import Sources

Query = Callable[..., Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Parameter:
    """Parameter of a question, of the kind in `KINDS` that has its name."""

    name: str
    usual: str | None  # text that counts where it is not given; `None` if it must be

    @property
    def shown(self) -> str:
        """It as usage shows it."""
        return self.name.upper() if self.usual is None else f"[{self.name}={self.usual or '…'}]"


@dataclass(frozen=True, slots=True)
class Question:
    """Typed query with a title, and the template of its text.

    Attributes:
        also: Other words by which people ask for it.
        query: Returns what the template names, and adds the facts. Its arguments behind the first
            one are the parameters; defaults are texts, and seconds.
    """

    id: str
    title: str
    also: str
    template: str
    query: Query
    parameters: tuple[Parameter, ...]

    @property
    def usage(self) -> str:
        """Its id with its parameters."""
        return " ".join([self.id, *(each.shown for each in self.parameters)])

    def parsed(self, words: Sequence[str], sources: Sources) -> dict[str, Any]:
        """Returns the values of its parameters. Raises as `values`, and for none of the site."""
        given = self.values(words)
        return {name: KINDS[name].parse(text, sources) for name, text in given.items()}

    def values(self, words: Sequence[str]) -> dict[str, str]:
        """Returns its parameters as they were typed, by place or as `name=value`.

        Raises:
            InvalidArguments: One is missing or too many.
        """
        given, places = dict[str, str](), list[str]()
        names = [each.name for each in self.parameters]
        for word in words:
            name, is_named, value = word.partition("=")
            if is_named and name in names:
                given[name] = value
            else:
                places.append(word)
        free = [each for each in names if each not in given]
        if len(places) > len(free):
            raise InvalidArguments(f"{places[len(free)]!r} is too much; usage: ask {self.usage}")
        given |= zip(free, places, strict=False)
        for each in self.parameters:
            if each.name not in given:
                if each.usual is None:
                    raise InvalidArguments(
                        f"{each.name.upper()} is missing; usage: ask {self.usage}"
                    )
                given[each.name] = each.usual
        return {name: given[name] for name in names}


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer to a question."""

    question: Question
    parameters: Mapping[str, str]
    lines: Sequence[str]
    facts: Sequence[Fact]
    next_steps: Sequence[str]

    @property
    def fields(self) -> dict[str, Any]:
        """It as fields for JSON."""
        return {
            "question": self.question.id, "title": self.question.title,
            "parameters": dict(self.parameters), "text": list(self.lines),
            "facts": [asdict(each) for each in self.facts], "next": list(self.next_steps),
        }  # fmt: skip


def question(name: str, title: str, template: str, also: str = "") -> Callable[[Query], Question]:
    """Returns a decorator that makes a question of a query.

    Args:
        name: Id of the question.
        also: Other words by which people ask for it.
    """

    def made(query: Query) -> Question:
        _, *arguments = signature(query).parameters.values()
        own = (Parameter(each.name, _usual(each.default)) for each in arguments)
        return Question(name, title, also, template, query, tuple(own))

    return made


def _usual(default: object) -> str | None:
    """Returns a default as a person would type it, `None` for none. A number is a time."""
    if default is Argument.empty:
        return None
    return f"{default / 3600.0:g}h" if isinstance(default, float) else str(default)
