"""Lines of a shell to their end, with `handwheel` in this process, since its start is slow."""

import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import DEVNULL, PIPE, STDOUT
from tempfile import TemporaryDirectory

from ...command_line import handwheel

WAIT_S = 60.0
_QUOTED = re.compile(r"'[^']*'|\"[^\"$`\\]*\"")
_SHELL = re.compile(r"[|&;<>$`*?(){}~#]")
_FIRST = re.compile(r"handwheel(?:\"[^\"]*\"|'[^']*'|(?!\d?[<>])[^|&;])*")


def typed(line: str, folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """Runs a line in a folder, and returns its exit code and what it printed."""
    if not line.startswith("handwheel "):
        return _in_shell(line, folder, environment)
    if not _SHELL.search(_QUOTED.sub("", line)):
        words = shlex.split(line)[1:]
        told = handwheel(*words, cwd=folder, env=environment, is_merged=True)
        return told.returncode, told.stdout
    told = handwheel(*_first_words(line, folder, environment), cwd=folder, env=environment)
    with TemporaryDirectory() as temporary:
        said, errors = Path(temporary, "said"), Path(temporary, "errors")
        said.write_text(told.stdout, encoding="utf-8")
        errors.write_text(told.stderr, encoding="utf-8")
        again = f"handwheel() {{ cat {said}; cat {errors} >&2; return {told.returncode}; }}"
        return _in_shell(f"{again}\n{line}", folder, environment)


def _first_words(line: str, folder: Path, environment: Mapping[str, str]) -> Sequence[str]:
    """Returns the arguments of the first command of a line, as a shell expands them."""
    first = _FIRST.match(line)
    assert first is not None
    asked = first[0].replace("handwheel", "printf '%s\\0'", 1)
    return _in_shell(asked, folder, environment)[1].split("\0")[:-1]


def _in_shell(line: str, folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    done = subprocess.run(
        ["sh", "-c", line],
        cwd=folder, env=environment, stdin=DEVNULL,
        stdout=PIPE, stderr=STDOUT, text=True, timeout=WAIT_S, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout
