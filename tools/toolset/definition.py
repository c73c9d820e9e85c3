"""Decorator that makes a tool of a function, or tells every problem at once."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from inspect import Parameter
from math import inf
from types import FunctionType, SimpleNamespace
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from handwheel.connectors.config.plug_in_decorator import plug_in_decorator
from handwheel.connectors.errors import ConfigError, Problem

from .argument_types import type_faults
from .arguments import Arguments
from .effect import Effect, RetrySafety
from .places import Place, places
from .tool import Tool, ToolFunction

SITE = "site"
"""Name of a tool's first parameter."""
KEY = "key"
"""Name of the parameter under which what a tool files counts once."""
_BY_NAME = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)

Fault = tuple[str, str]
"""Parameter, empty for the function, and the reason."""


@plug_in_decorator
def tool(*, effect: Effect, retry: RetrySafety, timeout_s: float) -> Callable[[ToolFunction], Tool]:
    """Returns a decorator that makes a tool of a function.

    The function is `async`, has a docstring, and takes the site as its first parameter `site`. The
    others are `bool`, `str`, `Literal`, enums, numbers with a unit as in
    `Annotated[float, Unit("kPa")]`, lists and dicts of these, each perhaps `None`. Let the keys of
    its result carry the unit, as `margin_kPa`, or return a `Reading`. That is not checked.

    Args:
        effect: `OBSERVE` if it only reads, `ADVISE` if it files something. No tool actuates.
        retry: `SAFE` for what observes. For what advises `BY_KEY` if it passes its parameter `key`
            on, else `NEVER`.
        timeout_s: Longest duration of a call, seconds.

    Raises:
        ConfigError: When the function is defined; every problem, each with file and line.
    """

    def made(function: ToolFunction) -> Tool:
        if not isinstance(function, FunctionType):
            caller = inspect.stack(0)[1]
            name, reason = type(function).__name__, "it is no function; a tool is an `async def`"
            raise ConfigError([Problem(caller.filename, caller.lineno, 1, name, reason)])
        return _define(function, effect, retry, timeout_s)

    return made


def _define(function: FunctionType, effect: Effect, retry: RetrySafety, timeout_s: float) -> Tool:
    """Returns the tool of a function. Raises `ConfigError` with every problem."""
    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())
    found = places(function)
    types: dict[str, Any] = {}
    faults = [
        *_function_faults(function, parameters),
        *_effect_faults(effect, retry, signature.parameters),
        *_timeout_faults(timeout_s),
        *(fault for each in parameters[1:] for fault in _parameter_faults(function, each, types)),
    ]
    if faults:
        raise ConfigError([_problem(function, found, *each) for each in faults])
    return Tool(
        function.__name__,
        inspect.cleandoc(function.__doc__ or ""),
        (arguments := Arguments.of(parameters[1:], types)).schema,
        effect,
        retry,
        timeout_s,
        function.__code__.co_filename,
        found[""].line,
        function,
        arguments,
    )


def _problem(
    function: FunctionType, found: Mapping[str, Place], parameter: str, reason: str
) -> Problem:
    line, column = found.get(parameter, found[""])
    key = ".".join(filter(None, (function.__name__, parameter)))
    return Problem(function.__code__.co_filename, line, column, key, reason)


def _function_faults(function: FunctionType, parameters: list[Parameter]) -> Iterator[Fault]:
    if not inspect.iscoroutinefunction(function):
        yield "", "a tool is an `async def`, since it waits for the site"
    if not (function.__doc__ or "").strip():
        yield "", "it has no docstring, from which models learn when to call it"
    first = parameters[0] if parameters else None
    if first is None or first.name != SITE or first.kind is not Parameter.POSITIONAL_OR_KEYWORD:
        yield "", "its first parameter must be `site`, the open site"


def _timeout_faults(timeout_s: object) -> Iterator[Fault]:
    if not (isinstance(timeout_s, int | float) and 0.0 < timeout_s < inf):
        yield "", f"timeout_s is {timeout_s!r}; a tool has a time limit, in seconds"


def _effect_faults(
    effect: object, retry: object, parameters: Mapping[str, Parameter]
) -> Iterator[Fault]:
    if not isinstance(effect, Effect) or not isinstance(retry, RetrySafety):
        yield "", "it needs an effect and a retry, as Effect.OBSERVE and RetrySafety.SAFE"
        return
    match effect:
        case Effect.ACTUATE:
            yield "", "no tool actuates: return site.propose(...) with Effect.ADVISE"
        case Effect.OBSERVE if retry is not RetrySafety.SAFE:
            yield "", f"what only observes is RetrySafety.SAFE, not {retry.name}"
        case Effect.ADVISE if retry is RetrySafety.SAFE:
            yield "", "what advises is RetrySafety.NEVER, or BY_KEY if it passes its `key` on"
        case _:
            pass
    if retry is RetrySafety.BY_KEY and KEY not in parameters:
        yield "", "RetrySafety.BY_KEY needs a parameter `key: str | None = None` to pass on"


def _parameter_faults(
    function: FunctionType, parameter: Parameter, types: dict[str, Any]
) -> Iterator[Fault]:
    """Yields the faults of a parameter, and adds its type to `types`."""
    name = parameter.name
    if parameter.kind not in _BY_NAME:
        yield name, "a tool names each argument: no *args, no **kwargs, no /"
        return
    if parameter.annotation is Parameter.empty:
        yield name, "it has no type; annotate it"
        return
    try:
        own = SimpleNamespace(__annotations__={name: parameter.annotation})
        types[name] = get_type_hints(own, function.__globals__, include_extras=True)[name]
    except Exception as error:  # noqa: BLE001 (an annotation is code of others)
        yield name, f"its type cannot be read: {error}; import it outside of TYPE_CHECKING"
        return
    faults = list(type_faults(types[name]))
    yield from ((name, each) for each in faults)
    if not faults and parameter.default is not Parameter.empty:
        yield from _default_faults(parameter, types[name])


def _default_faults(parameter: Parameter, annotation: Any) -> Iterator[Fault]:
    try:
        TypeAdapter(annotation).validate_python(parameter.default, strict=True)
    except ValidationError:
        yield parameter.name, f"its default {parameter.default!r} is none of its type"
