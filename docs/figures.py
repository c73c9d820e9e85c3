"""Writes the tables of the benchmark from the results of `bench agents --json FILE`.

`python docs/figures.py FILE [FOLDER]` writes one CSV file for each suite into the folder, else into
`docs/data`: times in minutes after the onset.
"""

import csv
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_DATA = Path(__file__).parent / "data"
_HEAD = [
    "case", "n", "right", "95 % interval", "pass^5", "wrong",
    "symptom", "named or asked", "alarm",
]  # fmt: skip


def write(results: Mapping[str, Any], folder: Path) -> list[Path]:
    """Writes the table of each suite, and returns the files."""
    suites = results.get("suites") or [results]
    return [_write_suite(each, folder / f"{each['suite']}.csv") for each in suites]


def _write_suite(results: Mapping[str, Any], path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(_HEAD)
        table.writerows(_rows({**results["cases"], "all": results["total"]}))
    return path


def _rows(cases: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[object, ...]]:
    for case, found in cases.items():
        low, high = found["right_interval"]
        all_five, wrong = found["pass_5"], round(found["wrong"] * found["n"])
        yield (
            case, found["n"], f"{found['right']:.0%}", f"{low:.0%} to {high:.0%}",
            "-" if all_five is None else f"{all_five:.0%}", wrong or "-",
            *(
                "-" if found[name] is None else round(found[name] / 60.0, 1)
                for name in ("symptom_s", "answered_s", "alarm_s")
            ),
        )  # fmt: skip


if __name__ == "__main__":
    for written in write(
        json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")),
        Path(sys.argv[2]) if sys.argv[2:] else _DATA,
    ):
        print(written)
