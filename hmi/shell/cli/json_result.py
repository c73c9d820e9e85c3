"""Result of an acting command as one JSON document."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Annotated, TextIO

import typer


@dataclass(slots=True)
class _Result:
    fields: dict[str, object] = field(default_factory=dict[str, object])
    stdout: TextIO | None = None  # where the document goes; `None` if none is wanted


_result: ContextVar[_Result | None] = ContextVar("result", default=None)


def _begin(is_wanted: bool) -> bool:
    result = _result.get()
    if is_wanted and result is not None:
        result.stdout, sys.stdout = sys.stdout, sys.stderr
    return is_wanted


ResultOption = Annotated[
    bool,
    typer.Option(
        "--json", callback=_begin, help="Print what was done as JSON, all else on standard error."
    ),
]


def tell_result(**fields: object) -> None:
    """Adds to the document that `--json` prints at the end. A later value replaces an earlier."""
    if (result := _result.get()) is not None:
        result.fields |= fields


@contextmanager
def result_document() -> Generator[None]:
    """Prints the result of a command with `--json`, if it ends without an error message.

    What the command prints for people, and what it asks, goes to standard error meanwhile.
    """
    result = _Result()
    before = _result.set(result)
    try:
        try:
            yield
        finally:
            _result.reset(before)
            if result.stdout is not None:
                sys.stdout = result.stdout
    except SystemExit:
        _print(result)
        raise
    _print(result)


def _print(result: _Result) -> None:
    import json

    if result.stdout is not None and result.fields:
        typer.echo(json.dumps(result.fields))
