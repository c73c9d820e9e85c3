"""The real gate with one defect in it: `python -m tests.kill.broken_gate --defect resend --site S`.

`--beside FOLDER` lets it stand beside another one that is given the same folder.
"""

import argparse
from pathlib import Path

from handwheel.hmi.__main__ import main as run_command

from .defects import DEFECTS, drop_second_line, stand_beside


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.kill.broken_gate")
    parser.add_argument("--defect", choices=sorted(DEFECTS), required=True)
    parser.add_argument("--site", required=True)
    parser.add_argument("--no-second-line", action="store_true")
    parser.add_argument("--beside", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    DEFECTS[options.defect]()
    if options.no_second_line:
        drop_second_line()
    if options.beside:
        stand_beside(options.beside)
    run_command(["gate", "--json", "--site", options.site])


if __name__ == "__main__":
    main()
