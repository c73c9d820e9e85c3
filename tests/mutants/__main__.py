"""Tries each mutant: `python -m tests.mutants [--all | --table] [ID ...]`.

With `--all` the whole of `WATCHING` runs against each, and every test that notices is listed;
`--table` prints what stands in `docs/explanation/mutants.md`.
"""

import argparse
import sys
from collections.abc import Sequence

from .catalogue import MUTANTS, find, table
from .mutant import Mutant
from .trial import complaint, run

WATCHING = ("tests/gate", "tests/connectors/actuation/test_permits.py")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("ids", nargs="*", metavar="ID", help="only these mutants")
    parser.add_argument("--all", action="store_true", help="every test that could notice it")
    parser.add_argument("--table", action="store_true", help="print the page's table, try nothing")
    options = parser.parse_args()
    mutants = [find(each) for each in options.ids] or MUTANTS
    if options.table:
        print(table(mutants))
        return 0
    tests = WATCHING if options.all else sorted({each.test for each in mutants})
    control = run(tests)
    if not control.is_passed:
        print(f"without a mutant:\n{control.output}")
        return 1
    faults = [_everybody(each) if options.all else _its_own(each) for each in mutants]
    print(f"{len(mutants)} mutants, {sum(map(bool, faults))} not noticed as they should be")
    return int(any(faults))


def _its_own(mutant: Mutant) -> str:
    trial = run([mutant.test], mutant.id)
    fault = complaint(mutant, trial)
    print(fault or f"{mutant.id}: {trial.failed[0]}", flush=True)
    return fault


def _everybody(mutant: Mutant) -> str:
    trial = run(WATCHING, mutant.id, first_only=False)
    print(_listed(mutant, trial.failed), flush=True)
    return "" if trial.failed else f"{mutant.id} survives"


def _listed(mutant: Mutant, failed: Sequence[str]) -> str:
    return "\n  ".join([f"{mutant.id}: {len(failed)} tests notice it", *failed])


if __name__ == "__main__":
    sys.exit(main())
