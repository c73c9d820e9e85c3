"""Prints the figures of one run.

`python -m benchmarks [--json] [SUITE…]`
"""

import json
import logging
import sys
from argparse import ArgumentParser

from . import approval, engine, guests, journal, latency, playbooks, startup
from .actuation import suite as actuation
from .connectors import modbus, opcua, reading, scan_load, subscriptions
from .gate import suite as gate
from .sim_plant import plants, servers

SUITES = {
    "plants": plants.rows,
    "reading": reading.rows,
    "opcua": opcua.rows,
    "modbus": modbus.rows,
    "changes": subscriptions.rows,
    "many": scan_load.rows,
    "servers": servers.rows,
    "journal": journal.rows,
    "playbooks": playbooks.rows,
    "actuation": actuation.rows,
    "gate": gate.rows,
    "approval": approval.rows,
    "latency": latency.rows,
    "engine": engine.rows,
    "guests": guests.rows,
    "startup": startup.rows,
}
REPEATS = 15


def main(arguments: list[str]) -> int:
    """Runs the named suites, or all, and returns the exit code."""
    parser = ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=f"of {', '.join(SUITES)}")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--repeats", type=int, default=REPEATS, help="runs behind each median")
    asked = parser.parse_args(arguments)
    unknown = [name for name in asked.suites if name not in SUITES]
    if unknown:
        parser.error(f"no suite {', '.join(unknown)}; known: {', '.join(SUITES)}")
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)
    figures: dict[str, str] = {}
    for name in asked.suites or SUITES:
        sys.stderr.write(f"{name}, medians of {asked.repeats}…\n")
        figures |= dict(SUITES[name](asked.repeats))
    if asked.json:
        print(json.dumps(figures, indent=1))
    else:
        width = max(len(figure) for figure in figures)
        for figure, value in figures.items():
            print(f"{figure:<{width}}  {value:>12}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
