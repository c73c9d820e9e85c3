"""Runs the attacks against each way, and prints the table.

`python -m benchmarks.valve [--tries N] [--ways NAME…] [--write]`
"""

import json
import logging
import sys
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .runs import COLUMNS, cells_of
from .table import PAGE, RESULTS, merged, stored, table, written

TRIES = 3


def main(arguments: list[str]) -> int:
    """Runs the named ways, or all, and returns 1 if one had an error that is no refusal.

    `--write` puts them into results and page.
    """
    parser = ArgumentParser(prog="benchmarks.valve", description=__doc__)
    parser.add_argument("--tries", type=int, default=TRIES, help="runs of each attack")
    parser.add_argument("--ways", nargs="+", default=list(COLUMNS), choices=list(COLUMNS))
    parser.add_argument("--write", action="store_true", help="write results and page")
    asked = parser.parse_args(arguments)
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)
    results: dict[str, Any] = {}
    for name in asked.ways:
        with TemporaryDirectory() as folder:
            results = merged(results, name, asked.tries, cells_of(name, asked.tries, Path(folder)))
        if asked.write:
            _write(results)
    print(table(results))
    return int(any(each["problems"] for each in results.values()))


def _write(results: dict[str, Any]) -> None:
    everything = {**(stored() if RESULTS.exists() else {}), **results}
    RESULTS.write_text(json.dumps(everything, indent=1) + "\n", encoding="utf-8")
    page = written(PAGE.read_text(encoding="utf-8"), everything)
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
