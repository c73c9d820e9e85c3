"""End of the processes of cases by a signal."""

import subprocess
import sys
from concurrent.futures import Future
from contextlib import nullcontext
from unittest.mock import Mock

import pytest

from handwheel.evaluation import process_pool
from handwheel.evaluation.process_pool import in_processes

_SCRIPT = """
import os, signal
from pathlib import Path
from handwheel.connectors.errors import HandwheelError
from handwheel.evaluation.playbook_tests.run_cases import CaseFile, run_cases
from handwheel.hmi.shell.cli.interrupts import handle_termination_signals

handle_termination_signals()
os.register_at_fork(after_in_child=lambda: os.kill(os.getpid(), signal.SIGTERM))
try:
    list(run_cases([CaseFile(Path("x"), Path("y"), "z", ["a", "b"])], 2))
except HandwheelError as error:
    print(error)
"""


def test_a_process_of_cases_when_ended_as_it_begins_prints_no_traceback() -> None:
    found = subprocess.run(
        [sys.executable, "-c", _SCRIPT], capture_output=True, text=True, timeout=120, check=True
    )
    assert found.stderr == ""
    assert found.stdout.startswith("a process has ended before its case")


def test_an_interruption_keeps_what_others_than_the_awaited_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    awaited, done, begun = Mock(), Future[int](), Future[int]()
    awaited.result.side_effect = KeyboardInterrupt
    done.set_result(2)
    pool = Mock()
    pool.submit.side_effect = [awaited, done, begun]
    made = Mock(return_value=nullcontext(pool))
    monkeypatch.setattr(process_pool, "ProcessPoolExecutor", made)
    found: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        found.extend(in_processes(abs, [(1,), (2,), (3,)], 2))
    assert found == [2]
