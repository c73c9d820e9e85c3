"""The page of the public Python names, drawn from their signatures and docstrings."""

import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import Any

from handwheel import Site, errors
from handwheel.connectors.config.validation import Model

MODULES = (
    "handwheel", "handwheel.langchain", "handwheel.gym", "handwheel.bench", "handwheel.testing",
    "handwheel.agents.testing", "handwheel.connectors.testing",
)  # fmt: skip
HEAD = """\
# Python

`import handwheel` gives a program the first names below, and its sub-packages the others. A test
draws this page from the code: `HANDWHEEL_DRAW=1 pytest tests/project/test_python_page.py`.

Each name is loaded when it is first used. No name approves, signs or writes: people decide in the
terminal. [Work from Python](../how-to/work-from-python.md) shows them at work, and
[The agents' socket](guests-socket.md) has what they speak.
"""
_COST = re.compile(r"Effect: .*?(?=\sRaises\s|\n\n|\Z)", re.DOTALL)
_RAISES = re.compile(r"^Raises:\n((?:    .*\n?|\n)+)", re.MULTILINE)
_ATTRIBUTES = re.compile(r"^Attributes:\n((?:    .*\n?|\n)+)", re.MULTILINE)
_MAKERS = {"of", "of_fields"}  # for the modules behind the names
_RAISED = re.compile(r"(?:Raises|raises) `?(\w+)`?")


def page() -> str:
    """Returns the whole page."""
    parts = [HEAD]
    for module in MODULES:
        named = import_module(module)
        parts += [f"## {module}\n", f"{_summary(named)}\n"]
        shown = {name: one for name in named.__all__ if callable(one := getattr(named, name))}
        parts += ["\n".join(_section(name, one)) for name, one in shown.items()]
    return "\n".join([*parts, *_errors()])


def _section(name: str, value: Any) -> Iterator[str]:
    yield f"### `{name}`\n"
    yield f"{_summary(value)}\n"
    if not inspect.isclass(value):
        yield f"```text\n{name}{_signature(value)}\n```\n"
        yield from _facts(value)
        return
    if made := _made(name, value):
        yield f"```text\n{made}\n```\n"
        yield from _facts(value)
    if fields := _fields(value):
        yield f"Fields: {', '.join(f'`{each}`' for each in fields)}.\n"
    yield from _attributes(value)
    rows = [_row(each, value) for each in _members(value)]
    if rows:
        yield "| name | meaning | errors | cost |"
        yield "|---|---|---|---|"
        yield from rows
        yield ""


def _made(name: str, value: type[Any]) -> str:
    """Returns how one of our classes is made, empty if others make it."""
    own: Callable[..., object] | None = vars(value).get("__init__")
    if own is None:
        return ""
    is_plain = hasattr(value, "__dataclass_fields__") or issubclass(value, Exception)
    return "" if is_plain or getattr(value, "_is_protocol", False) else f"{name}{_signature(own)}"


def _fields(value: type[Any]) -> list[str]:
    if issubclass(value, Model):
        return list(value.model_fields)
    found: Iterable[str] = getattr(value, "__dataclass_fields__", ()) or getattr(
        value, "_fields", ()
    )
    return [each for each in found if not each.startswith("_")]


def _attributes(value: type[Any]) -> Iterator[str]:
    """Yields the attributes that the docstring of a class describes."""
    if found := _ATTRIBUTES.search(inspect.getdoc(value) or ""):
        yield "| attribute | meaning |"
        yield "|---|---|"
        for each in re.split(r"\n(?=    \w)", found[1].rstrip()):
            name, _, text = each.partition(":")
            yield f"| `{name.strip()}` | {' '.join(text.split()).replace('|', '&#124;')} |"
        yield ""


def _members(value: type[Any]) -> list[str]:
    kinds = [kind for kind in value.__mro__ if kind.__module__.startswith("handwheel")]
    own = {name for kind in kinds for name in vars(kind)}
    shown = sorted(each for each in own if not each.startswith("_") and each not in _MAKERS)
    return [
        each
        for each in shown
        if inspect.getdoc(getattr(value, each, None)) and _is_ours(getattr(value, each))
    ]


def _is_ours(member: Any) -> bool:
    return isinstance(member, property) or inspect.isroutine(member)


def _row(name: str, owner: type[Any]) -> str:
    member = getattr(owner, name)
    given = "" if isinstance(member, property) else _signature(member)
    wait = "await " if inspect.iscoroutinefunction(member) else ""
    raised = ", ".join(f"`{each}`" for each in _raised(member)) or "-"
    cells = (f"`{wait}{name}{given}`", _summary(member), raised, _cost(member) or "-")
    return f"| {' | '.join(each.replace('|', '&#124;') for each in cells)} |"


def _facts(value: Callable[..., object]) -> Iterator[str]:
    if raised := _raised(value):
        yield f"Errors: {', '.join(f'`{each}`' for each in raised)}.\n"
    if cost := _cost(value):
        yield f"{cost}\n"


def _doc(value: Any) -> str:
    """Returns a docstring, or with it that of the call that it refers to."""
    text = inspect.getdoc(value) or ""
    return f"{text}\n\n{inspect.getdoc(Site.read_all)}" if "`read_all`" in text else text


def _summary(value: Any) -> str:
    return " ".join((inspect.getdoc(value) or "").partition("\n\n")[0].split())


def _cost(value: Any) -> str:
    found = _COST.search(_doc(value))
    return " ".join(found[0].split()) if found else ""


def _raised(value: Any) -> list[str]:
    text = _doc(value)
    listed = _RAISES.search(text)
    lines = listed[1].splitlines() if listed else []
    found = [line.strip().partition(":")[0] for line in lines if re.match(r"    \w+:", line)]
    known = [each for each in _RAISED.findall(text) if _is_error(each)]
    return list(dict.fromkeys([*found, *known]))


def _is_error(name: str) -> bool:
    return name.endswith("Error") or hasattr(errors, name)


def _signature(value: Callable[..., object]) -> str:
    signature = inspect.signature(value)
    given = [
        each.replace(annotation=inspect.Parameter.empty)
        for name, each in signature.parameters.items()
        if name not in {"self", "cls"}
    ]
    return str(signature.replace(parameters=given, return_annotation=inspect.Signature.empty))


def _errors() -> Iterator[str]:
    yield "## `handwheel.errors`\n"
    yield "```text"
    yield from (inspect.getdoc(errors) or "").partition("\n\n")[2].splitlines()
    yield "```\n"
