"""Prints what a command tells, as lines for people or as JSON."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

import typer

from handwheel.tools.safe_text import printable

from ..terminal.wrap import fold


def print_lines(lines: Iterable[str]) -> None:
    """Prints each line as soon as it is made."""
    for line in lines:
        typer.echo(line)


def print_result(fields: object, lines: Iterable[str], *, as_json: bool) -> None:
    """Prints a result as JSON, or its lines for people."""
    print_lines([json.dumps(fields)] if as_json else lines)


def print_fields(fields: Mapping[str, object], *, as_json: bool) -> None:
    """Prints fields as JSON, or a line for each that has a value."""
    if as_json:
        typer.echo(json.dumps(fields))
        return
    told = {name.replace("_", " "): text for name, each in fields.items() if (text := _text(each))}
    width = max(map(len, told), default=0) + 2
    for name, text in told.items():
        typer.echo(fold(f"{name:<{width}}{printable(text, 1000)}", width))


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        pairs = cast("Mapping[object, object]", value).items()
        return ", ".join(f"{name}: {_text(each)}" for name, each in pairs)
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, cast("Sequence[object]", value)))
    return "" if value is None else str(value)
