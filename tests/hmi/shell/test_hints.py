"""Every command that a message names is one that the command line takes, as it is printed."""

import ast
import shlex
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from handwheel.connectors.hints import name_site, next_step, shell_command
from handwheel.hmi.shell.cli.command_line import TITLES

from ...printed_hints import check_hints, refusal

ROOT = Path(__file__).parents[3]
FOLDERS = ("agents", "connectors", "hmi", "playbooks", "sim_plant", "tools")
WRITERS = {"next_step", "shell_command"}
_ANYTHING = "1"  # stands for a value that is known only when the message is printed

Call = tuple[str, list[str]]


def _word(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    return [] if isinstance(node, ast.Starred) else [_ANYTHING]


def _docstrings(tree: ast.AST) -> set[int]:
    """Returns the ids of the strings that stand alone, which nobody prints."""
    return {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}


def _calls(name: str, tree: ast.Module) -> Iterator[Call]:
    """Yields the place and the words of each command that a file makes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in WRITERS:
            words = [word for each in node.args for word in _word(each)]
            yield f"{name}:{node.lineno}", words


def _written_by_hand(name: str, tree: ast.Module) -> Iterator[str]:
    unread = _docstrings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
            is_command = any(f"handwheel {each}" in text for each in TITLES)
            if id(node) not in unread and (is_command or "next: " in text):
                yield f"{name}:{node.lineno}: {text[:80]!r}"


def _files(*marks: str) -> Iterator[tuple[str, ast.Module]]:
    """Yields the name and the syntax tree of each file with one of the marks in its text."""
    for path in (path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))):
        text = path.read_text(encoding="utf-8")
        if any(mark in text for mark in marks):
            yield str(path.relative_to(ROOT)), ast.parse(text)


def test_each_command_of_a_message_is_taken_as_printed() -> None:
    calls = [call for file in _files(*WRITERS) for call in _calls(*file)]
    runtime = {
        "connectors/hints.py",
        "hmi/shell/cli/exits.py",
        "hmi/people/signing.py",
        "tools/guardrails/client/denials.py",
    }  # words of any other caller
    found = {place: words for place, words in calls if place.split(":")[0] not in runtime}
    assert len(found) > 30
    faults = [f"{place}: {why}" for place, words in found.items() if (why := refusal(words))]
    assert not faults, "\n".join(faults)
    name_site(Path("a site"))
    try:
        lines = [shlex.split(shell_command(*words)) for words in found.values()]
    finally:
        name_site(None)
    assert not list(filter(None, (refusal(words[1:]) for words in lines)))


def test_no_message_names_a_command_by_hand() -> None:
    allowed = {"connectors/hints.py", "hmi/people/lockout.py"}  # the first words; its usage
    found = [
        each
        for name, tree in _files("next: ", "handwheel ")
        if name not in allowed
        for each in _written_by_hand(name, tree)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["requests", "approve", "R-1", "--all"], "NoSuchOption"),
        (["requests", "agree", "R-1"], "agree"),
        (["requests", "approve"], "MissingParameter"),
        (["tags", "read"], ""),
        (["plants", "list", "--site", "x"], "NoSuchOption"),
    ],
)
def test_a_command_that_does_not_exist_is_found(words: list[str], why: str) -> None:
    assert bool(refusal(words)) == bool(why)
    assert why in refusal(words)
    printed = f"it is so; {next_step(*words)}; and more\n"
    with pytest.raises(AssertionError) if why else nullcontext():
        check_hints(printed)


def test_a_command_names_the_site_that_was_named() -> None:
    name_site(Path("my sites/cw"))
    try:
        assert (
            next_step("check", "--online") == "next: handwheel check --online --site 'my sites/cw'"
        )
        assert shell_command("plants", "list") == "handwheel plants list"
        assert shell_command("run", "--site=b") == "handwheel run --site=b"
    finally:
        name_site(None)
    assert next_step("requests", "show", "R 1") == "next: handwheel requests show 'R 1'"
