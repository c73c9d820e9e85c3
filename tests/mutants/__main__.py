"""Tries each mutant: `python -m tests.mutants [--table] [ID ...]`.

`--table` prints what each removes, and the test that then fails.
"""

import argparse
import sys

from .catalogue import MUTANTS, find, table
from .mutant import Mutant
from .trial import complaint, run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("ids", nargs="*", metavar="ID", help="only these mutants")
    parser.add_argument("--table", action="store_true", help="print the table, try nothing")
    options = parser.parse_args()
    mutants = [find(each) for each in options.ids] or MUTANTS
    if options.table:
        print(table(mutants))
        return 0
    control = run(sorted({each.test for each in mutants}))
    if not control.is_passed:
        print(f"without a mutant:\n{control.output}")
        return 1
    faults = [_its_own(each) for each in mutants]
    print(f"{len(mutants)} mutants, {sum(map(bool, faults))} not noticed as they should be")
    return int(any(faults))


def _its_own(mutant: Mutant) -> str:
    trial = run([mutant.test], mutant.id)
    fault = complaint(mutant, trial)
    print(fault or f"{mutant.id}: {trial.failed[0]}", flush=True)
    return fault


if __name__ == "__main__":
    sys.exit(main())
