import inspect
import json
import re
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version

import pytest

from handwheel.hmi.shell.cli.command_line import MODULES

from ...command_line import handwheel

# Consoles, JSON itself, and a picture.
WITHOUT_JSON = (
    ["desk"], ["mcp"], ["up"], ["bench", "connect"],
    ["playbooks", "schema"], ["playbooks", "graph"],
)  # fmt: skip
HEAVY = {
    "asyncua", "pymodbus", "langchain_core", "langgraph", "matplotlib", "mcp", "plotext", "textual"
}  # fmt: skip

_IMPORTED = """
import json, sys
from handwheel.hmi.__main__ import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    print(json.dumps([end.code, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


def test_every_command_explains_itself() -> None:
    asked: list[list[str]] = [[]]
    for words in asked:
        done = handwheel(*words, "--help")
        assert (done.returncode, done.stderr) == (0, ""), words
        assert done.stdout.startswith(" ".join(["Usage: handwheel", *words]))
        listed = done.stdout.partition("Commands:")[2]
        assert not re.search(r"\.\.\.$", listed, re.MULTILINE), f"cut: {listed}"
        assert "{" not in done.stdout
        if not listed:
            assert re.search(r" Exit codes: (\d.*, |.*\. )?2 ", " ".join(done.stdout.split())), (
                words
            )
            assert (" --json " in done.stdout) == (words not in WITHOUT_JSON), words
        asked += [[*words, name] for name in re.findall(r"^  (\w+) ", listed, re.MULTILINE)]
    assert {words[0] for words in asked if words} == MODULES.keys()
    assert len(asked) > 2 * len(MODULES)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--help"], set[str]()),
        (["--version"], set[str]()),
        (["lockout", "--help"], set[str]()),
        (["plants", "serve", "--help"], set[str]()),
        (["plants", "run", "cw-100", "--for", "1s"], set[str]()),
        (["tags", "watch", "--help"], set[str]()),
        # The guard can tell: this one serves the plant, if only for an instant.
        (["plants", "serve", "cw-100", "--frame-log", "/no/such/log"], {"asyncua", "pymodbus"}),
    ],
)  # fmt: skip
def test_a_command_imports_only_the_libraries_that_it_needs(
    arguments: list[str], expected: set[str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _IMPORTED, *arguments], capture_output=True, text=True, check=True
    )
    code, modules = json.loads(done.stdout.splitlines()[-1])
    assert code == (2 if expected else 0)
    assert HEAVY & set(modules) == expected


def test_the_version_is_shown() -> None:
    done = handwheel("--version")
    assert (done.returncode, done.stdout) == (0, f"handwheel {version('handwheel')}\n")


@pytest.mark.parametrize("name", ["demo", "init", "check", "gate", "release"])
def test_a_commands_help_is_all_that_was_written_about_it(name: str) -> None:
    module = import_module(f"handwheel.hmi.{MODULES[name]}")
    written = inspect.getdoc(module.command)
    assert written is not None
    assert " ".join(written.split()) in " ".join(handwheel(name, "--help").stdout.split())


def test_the_list_of_commands_needs_none_of_them() -> None:
    ask = _IMPORTED.replace('.partition(".")[0]', "")
    command = [sys.executable, "-c", ask, "--help"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    code, modules = json.loads(told.splitlines()[-1])
    assert code == 0
    assert {f"handwheel.hmi.{module}" for module in MODULES.values()}.isdisjoint(modules)


def test_a_wrong_use_is_told_as_every_other_error() -> None:
    done = handwheel("plants", "faults")
    usage, hint, blank, message = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (2, "")
    assert usage == "Usage: handwheel plants faults [OPTIONS] MODEL"
    assert (hint, blank) == ("Try 'handwheel plants faults -h' for help.", "")
    assert message == "handwheel: Missing argument 'MODEL'."
