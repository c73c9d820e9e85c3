"""Prints the figures of one run: `python -m benchmarks [--json] [plants] [reading] [startup]`."""

import json
import sys

from . import plants, reading, startup

SUITES = {"plants": plants.rows, "reading": reading.rows, "startup": startup.rows}
REPEATS = 15


def main(arguments: list[str]) -> int:
    """Runs the suites that are named, or all."""
    names = [word for word in arguments if not word.startswith("-")] or list(SUITES)
    unknown = [name for name in names if name not in SUITES]
    if unknown:
        sys.stderr.write(f"no suite {', '.join(unknown)}; known: {', '.join(SUITES)}\n")
        return 2
    figures: dict[str, str] = {}
    for name in names:
        sys.stderr.write(f"{name}, medians of {REPEATS}…\n")
        figures |= dict(SUITES[name](REPEATS))
    if "--json" in arguments:
        print(json.dumps(figures, indent=1))
    else:
        width = max(len(figure) for figure in figures)
        for figure, value in figures.items():
            print(f"{figure:<{width}}  {value:>12}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
