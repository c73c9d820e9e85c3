"""The command line inside this process: for what needs no process of its own."""

from collections.abc import Callable

import pytest

from handwheel.connectors.hints import name_site
from handwheel.hmi.shell.cli.command_line import run_command_line

from ..printed_hints import check_hints

Said = Callable[..., tuple[int, str, str]]


def said_by(capsys: pytest.CaptureFixture[str]) -> Said:
    """Returns what runs a command and gives its exit code, standard output and error."""

    def run(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            run_command_line(list(words))
        name_site(None)
        told = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        check_hints(told.out + told.err)
        return ended.value.code, told.out, told.err

    return run
