"""Table of docs/who-moved-the-valve.md, and the results behind it."""

import json
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .attacks import ROWS
from .cell import Cells
from .runs import COLUMNS

_ROOT = Path(__file__).parents[2]
PAGE = _ROOT / "docs/who-moved-the-valve.md"
RESULTS = Path(__file__).with_name("results.json")
_BEGIN, _END = "<!-- measured -->\n", "<!-- end -->\n"
_NOT_THERE, _FAILED = "n/a", "**failed**"


def merged(results: Mapping[str, Any], name: str, tries: int, cells: Cells) -> dict[str, Any]:
    """Returns results with those of one more way, by JSON's types.

    Args:
        name: Key of `COLUMNS`.
        tries: Runs behind each number.
    """
    measured = {
        "tries": tries,
        "python": platform.python_version(),
        "packages": {each: version(each) for each in COLUMNS[name].packages},
        "rows": {
            row: each and [each.count.unsigned, each.count.frames] for row, each in cells.items()
        },
        "refusals": {row: each.refusals for row, each in cells.items() if each and each.refusals},
        "problems": {row: each.problems for row, each in cells.items() if each and each.problems},
    }
    return {**results, name: measured}


def stored() -> dict[str, Any]:
    """Returns the results of the last run of each way."""
    found: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
    return found


def table(results: Mapping[str, Any]) -> str:
    """Returns the table in Markdown, and a line on what was measured with."""
    names = [name for name in COLUMNS if name in results]
    lines = ["| Attack | " + " | ".join(COLUMNS[name].title for name in names) + " |"]
    lines.append("|---|" + "---|" * len(names))
    for row in ROWS:
        cells = [_cell(results[name], row.name) for name in names]
        lines.append(f"| {row.name} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", _measured_with(results, names), ""])


def _cell(measured: Mapping[str, Any], row: str) -> str:
    if (numbers := measured["rows"].get(row)) is None:
        return _NOT_THERE
    unsigned, frames = numbers
    told = f"**{unsigned}** of {frames}" if unsigned else f"0 of {frames}"
    return f"{told}, {_FAILED}" if row in measured["problems"] else told


def _measured_with(results: Mapping[str, Any], names: list[str]) -> str:
    packages: dict[str, str] = {}
    for name in names:
        packages |= results[name]["packages"]
    tries = sorted({str(results[name]["tries"]) for name in names})
    python = sorted({results[name]["python"] for name in names})
    with_versions = ", ".join(f"{each} {number}" for each, number in packages.items())
    return f"Tries of each attack: {', '.join(tries)}. Python {', '.join(python)}, {with_versions}."


def written(page: str, results: Mapping[str, Any]) -> str:
    """Returns a page with the table in its place."""
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n{table(results)}\n{_END}{after}"
