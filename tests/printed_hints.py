"""Commands that messages name, judged by the real command line without running them."""

import re
import shlex
from functools import cache
from typing import Any

import typer
from typer.exceptions import TyperException

from handwheel.hmi.shell.cli.command_line import build
from handwheel.hmi.shift.typed_commands import HELP

# Up to what ends a command in a sentence: a mark outside of quotation marks, two spaces, the line,
# or the end of a text of JSON. A shell's word holds an apostrophe as "'".
_PRINTED = re.compile(r"""next: handwheel((?: (?:'[^']*'|"'"|[^\s;'",)])+)*)""")


_AT_CONSOLE = re.compile(r"next: (?!handwheel|mv )(\w+)")


@cache
def _commands(name: str) -> Any:
    return typer.main.get_command(build({name}))


def refusal(words: list[str]) -> str:
    """Returns why the command line does not take a command, or an empty string."""
    try:
        command = _commands(words[0])
        rest, path = words, ["handwheel"]
        while hasattr(command, "commands"):
            command, rest, path = command.commands[rest[0]], rest[1:], [*path, rest[0]]
        if "--help" not in rest:
            command.make_context(" ".join(path), [*rest])
    except (TyperException, KeyError, IndexError) as error:
        return f"{shlex.join(words)}: {error!r}"
    return ""


@cache
def _refusal(command: str) -> str:
    return refusal(shlex.split(command))


def check_hints(printed: str) -> None:
    """Fails on the first next step in a text that cannot be typed as it is printed."""
    for word in _AT_CONSOLE.findall(printed):
        assert re.search(rf"^  {word} ", HELP, re.MULTILINE), f"the console has no {word}"
    for command in _PRINTED.findall(printed):
        assert command, printed
        assert not _refusal(command), _refusal(command)
