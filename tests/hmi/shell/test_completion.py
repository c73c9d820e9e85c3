"""Completion of names and ids, asked for as bash does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from handwheel.tools.guardrails.ledger.lifecycle import move_request
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.store.states import RequestState
from handwheel.tools.requests.timestamps import Instant

from ...command_line import handwheel
from ..command_processes import environment
from ..runs.run_site import FIRST, RUN, SECOND, Place, enrol

# What Tab does with a line in a shell that has learned to complete it.
_BASH = """
source <(_HANDWHEEL_COMPLETE=source_bash handwheel)
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_handwheel_completion handwheel
printf '%s\\n' "${COMPREPLY[@]}"
"""


def _completed(folder: Path, *words: str) -> tuple[list[str], str]:
    """Returns what the program offers for the last word, and what it prints beside that."""
    asked = {
        "_HANDWHEEL_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(["handwheel", *words]),
        "COMP_CWORD": str(len(words)),
    }
    done = handwheel(cwd=folder, env=asked)
    return done.stdout.split(), done.stderr


def _by_bash(folder: Path, *words: str) -> tuple[list[str], str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = ["bash", "--norc", "-c", _BASH, "bash", "handwheel", *words]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=folder, env=environment(PATH=path)
    )
    return done.stdout.split(), done.stderr


def _reject(ledger: Database, now: Instant) -> None:
    with ledger.transaction(now) as transaction:
        move_request(transaction, FIRST, RequestState.REJECTED, "a test")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("requests app|", ["approve"]),
        ("requests show R-|", [FIRST, SECOND]),
        ("tools show out|", ["outcome"]),
        ("tools call outcome |", ["request_id="]),
        ("requests approve |", [SECOND]),  # a closed one is no completion
        ("runs hold |", [RUN]),
        ("tags read PT-102.|", ["PT-102.pv"]),
        ("requests propose PIC-102.|", ["PIC-102.sp="]),
        ("authority take P-101|", ["P-101A", "P-101B"]),
        ("requests approve R-1 --as |", ["anna"]),
        ("tags browse d|", ["dcs"]),
        ("plants faults cs|", ["cstr"]),
        ("workorders show |", []),  # there is no such file yet
        ("requests show --site /no/such |", []),
    ],
)
def test_names_and_ids_of_the_site_are_offered(live: Place, line: str, words: list[str]) -> None:
    live.held()
    live.file(SECOND)
    live.do(lambda ledger: _reject(ledger, live.clock()))
    enrol(live.site.root, "anna", "operator")
    before = live.database.head()
    assert _completed(live.site.root, *line.rstrip("|").split(" ")) == (words, "")
    assert live.database.head() == before


def test_a_broken_site_completes_nothing_and_says_nothing(live: Place) -> None:
    (live.site.root / "site.yaml").write_text("schema: [", encoding="utf-8")
    assert _completed(live.site.root, "requests", "approve", "") == ([], "")


def test_bash_completes_a_line_once_it_has_the_script(live: Place) -> None:
    live.file(SECOND)
    assert _by_bash(live.site.root, "requests", "approve", "R-0") == ([SECOND], "")
