"""Runs tests against a mutant, in a process of its own, and finds out what they noticed."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .mutant import Mutant

ROOT = Path(__file__).parents[2]
WITHIN_S = 600.0
_OPTIONS = ("-n", "0", "-p", "tests.mutants.plugin", "-p", "no:cacheprovider", "-q", "-rf")
_FAILED, _SAYS = "FAILED ", "E  "


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of the tests.

    Attributes:
        is_passed: Whether all of them passed, and there was one at least.
        failed: The node ids of those that failed, the first one first.
        said: What the failures say, line by line.
        output: All that pytest printed.
    """

    is_passed: bool
    failed: Sequence[str]
    said: Sequence[str]
    output: str


def run(tests: Sequence[str], mutant: str = "") -> Trial:
    """Runs tests against a mutant; against the gate as it is, if none is named."""
    options = [*_OPTIONS, f"--mutant={mutant}", "--tb=short", "-x"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *tests],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    lines = done.stdout.splitlines()
    failed = [line.removeprefix(_FAILED) for line in lines if line.startswith(_FAILED)]
    return Trial(
        done.returncode == 0,
        [each.partition(" - ")[0] for each in failed],
        [line for line in lines if line.startswith(_SAYS)],
        done.stdout + done.stderr,
    )


def complaint(mutant: Mutant, trial: Trial) -> str:
    """Returns what is wrong with the trial of a mutant's own test; empty if it was noticed."""
    if trial.is_passed:
        return (
            f"{mutant.id} survives: {mutant.test} does not notice that this is gone: {mutant.gone}"
        )
    if not trial.failed or not trial.failed[0].startswith(mutant.test):
        return f"{mutant.id}: {mutant.test} did not run to its failure:\n{trial.output}"
    if not any(mutant.sees in line for line in trial.said):
        said = "\n".join(trial.said)
        return f"{mutant.id}: the failure does not say {mutant.sees!r}:\n{said}"
    return ""
