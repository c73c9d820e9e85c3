"""End of the processes of cases by a signal."""

import subprocess
import sys

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
