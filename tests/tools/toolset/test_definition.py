"""Functions that are no tools, each refused with its place."""

from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Annotated, Any, Literal

import pytest

from handwheel import Effect, RetrySafety, Toolset, Unit, tool
from handwheel.connectors.errors import ConfigError
from handwheel.tools.errors import InvalidArguments

from .sample_tools import fails, header_margin

Defined = Callable[..., Any]


def not_async(site: object) -> None:
    """Reads."""


async def no_docstring(site: object) -> None: ...


async def other_first(cite: object) -> None:
    """Reads."""


async def no_type(site: object, limit) -> None:  # type: ignore[no-untyped-def]
    """Reads."""


async def other_type(site: object, limit: set[str]) -> None:
    """Reads."""


async def two_types(site: object, limit: str | bool) -> None:
    """Reads."""


async def bare_number(site: object, limit: list[float]) -> None:
    """Reads."""


async def unknown_unit(site: object, limit: Annotated[float, Unit("kpa")]) -> None:
    """Reads."""


async def unnamed(site: object, *limit: str) -> None:
    """Reads."""


async def not_there(site: object, limit: "Nowhere") -> None:  # type: ignore[name-defined]  # noqa: F821
    """Reads."""


async def other_default(site: object, limit: str = 1) -> None:  # type: ignore[assignment]
    """Reads."""


class Mixed(Enum):
    ONE = 1
    TWO = "two"


class Halves(Enum):
    ONE = 0.5


async def half_a_dict(site: object, limit: dict[str]) -> None:  # type: ignore[type-arg]  # pyright: ignore[reportInvalidTypeArguments]
    """Reads."""


async def mixed(site: object, limit: Mixed | None = None) -> None:
    """Reads."""


async def halves(site: object, limit: Halves) -> None:
    """Reads."""


async def mixed_literal(site: object, limit: Literal[1, "two"]) -> None:
    """Reads."""


async def good(site: object) -> None:
    """Reads."""


REFUSED: list[tuple[Defined, str]] = [
    (not_async, "a tool is an `async def`"),
    (no_docstring, "it has no docstring"),
    (other_first, "its first parameter must be `site`"),
    (no_type, "limit: it has no type; annotate it"),
    (other_type, "limit: its type is not allowed; take bool, int"),
    (two_types, "limit: its type is not allowed; take bool, int"),
    (bare_number, 'limit: a number has a unit: write Annotated[float, Unit("kPa")]'),
    (unknown_unit, "limit: 'kpa' is no known unit"),
    (unnamed, "limit: a tool names each argument"),
    (not_there, "limit: its type cannot be read: name 'Nowhere' is not defined"),
    (half_a_dict, "limit: its type is not allowed"),
    (mixed, "limit: its choices are not all text or all whole numbers"),
    (halves, "limit: its choices are not all text or all whole numbers"),
    (mixed_literal, "limit: its choices are not all text or all whole numbers"),
    (other_default, "limit: its default 1 is none of its type"),
]


@pytest.mark.parametrize(
    ("function", "reason"),
    REFUSED,
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_a_function_that_is_no_tool_is_refused(function: Defined, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        tool(effect=Effect.OBSERVE, retry=RetrySafety.SAFE, timeout_s=1.0)(function)
    (problem,) = caught.value.problems
    line = function.__code__.co_firstlineno
    assert str(problem).startswith(f"{__file__}:{line}:{problem.column}: {function.__name__}")
    assert reason in str(problem)


@pytest.mark.parametrize(
    ("effect", "retry", "reason"),
    [
        (Effect.ACTUATE, RetrySafety.NEVER, "no tool actuates: return site.propose(...)"),
        (Effect.OBSERVE, RetrySafety.NEVER, "what only observes is RetrySafety.SAFE"),
        (Effect.ADVISE, RetrySafety.SAFE, "what advises is RetrySafety.NEVER"),
        (Effect.ADVISE, RetrySafety.BY_KEY, "needs a parameter `key: str | None = None`"),
    ],
)
def test_an_effect_with_another_retry_is_refused(
    effect: Effect, retry: RetrySafety, reason: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        tool(effect=effect, retry=retry, timeout_s=1.0)(good)
    assert [reason in each.reason for each in caught.value.problems] == [True]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"timeout_s": "5"}, "timeout_s is '5'; a tool has a time limit"),
        ({"timeout_s": float("inf")}, "timeout_s is inf; a tool has a time limit"),
        ({"timeout_s": float("nan")}, "timeout_s is nan; a tool has a time limit"),
        ({"effect": "observe"}, "it needs an effect and a retry"),
        ({"retry": "safe"}, "it needs an effect and a retry"),
    ],
)
def test_a_setting_of_another_type_is_refused(more: dict[str, Any], reason: str) -> None:
    given: Any = {"effect": Effect.OBSERVE, "retry": RetrySafety.SAFE, "timeout_s": 1.0, **more}
    with pytest.raises(ConfigError, match=f"^{__file__}:.* good: {reason}"):
        tool(**given)(good)


class _Called:
    async def __call__(self, site: object) -> None:
        """Reads."""


def test_an_object_that_is_called_is_refused_with_its_place() -> None:
    with pytest.raises(ConfigError, match=rf"^{__file__}:\d+:1: _Called: it is no function"):
        tool(effect=Effect.OBSERVE, retry=RetrySafety.SAFE, timeout_s=1.0)(_Called())


def test_every_problem_is_told_at_once() -> None:
    async def wrong(cite: object, limit: float, *rest: str) -> None: ...

    with pytest.raises(ConfigError) as caught:
        tool(effect=Effect.ACTUATE, retry=RetrySafety.SAFE, timeout_s=0.0)(wrong)
    assert len(caught.value.problems) == 6


def test_source_that_cannot_be_read_still_names_a_line() -> None:
    made: dict[str, Any] = {}
    exec(compile("async def typed(site): ...", "<typed>", "exec"), made)
    function: Callable[..., Awaitable[object]] = made["typed"]
    with pytest.raises(ConfigError, match="<typed>:1:1: typed: it has no"):
        tool(effect=Effect.OBSERVE, retry=RetrySafety.SAFE, timeout_s=1.0)(function)


def test_a_toolset_refuses_doubles_and_finds_by_name() -> None:
    again = tool(effect=Effect.OBSERVE, retry=RetrySafety.SAFE, timeout_s=1.0)(good)
    own = Toolset([header_margin, again, header_margin])
    assert own.names == ("header_margin", "good")
    assert list(own) == [header_margin, again]
    with pytest.raises(InvalidArguments, match="did you mean 'header_margin'"):
        own.find("headermargin")
    double = tool(effect=Effect.OBSERVE, retry=RetrySafety.SAFE, timeout_s=2.0)(good)
    with pytest.raises(ConfigError, match=f"{__file__}:{again.line}; rename one"):
        Toolset([again, fails, double])
