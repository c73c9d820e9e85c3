"""Standard output and error that cannot take everything, or are not there at all."""

import os
import subprocess

import pytest

from ...command_line import HANDWHEEL


def shell(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the command line as `"$@"` in a shell's script."""
    return subprocess.run(
        ["sh", "-c", script, "sh", *HANDWHEEL, *arguments],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


RUN = ("plants", "run", "cw-100", "--for", "10s")


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_no_error(closed: str) -> None:
    done = shell(f'exec "$@" {closed}', *RUN)
    said = "rode through\n" if closed == "2>&-" else ""
    assert (done.returncode, done.stdout, done.stderr) == (0, said, "")


def test_a_poor_encoding_replaces_what_it_lacks() -> None:
    done = subprocess.run(
        [*HANDWHEEL, *RUN, "--plot", "--tag", "PT-102.pv"],
        capture_output=True, env={**os.environ, "PYTHONIOENCODING": "latin-1"}, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    assert "│" not in done.stdout.decode("latin-1")


def test_a_lack_of_descriptors_is_not_blamed_on_standard_output() -> None:
    done = shell('ulimit -n 12; exec "$@"', "demo")
    assert (done.returncode, done.stderr) == (2, "handwheel: too many open files\n")
