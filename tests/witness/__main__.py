"""`python -m tests.witness --frames F --journal J --operators O --root SHA256:…`."""

import argparse
import sys
from pathlib import Path

from .judge import judge


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.witness", description=__doc__)
    for name in ("frames", "journal", "operators"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--root", required=True, help="fingerprint of the first administrator")
    parser.add_argument(
        "--acts-as", action="append", default=[], metavar="ROLE=OTHER", help="as in the policy"
    )
    options = parser.parse_args()
    acts_as: dict[str, list[str]] = {}
    for entry in options.acts_as:
        role, _, other = entry.partition("=")
        acts_as.setdefault(role, []).append(other)
    report = judge(
        options.frames.read_text(encoding="utf-8"),
        options.journal.read_text(encoding="utf-8"),
        options.operators.read_text(encoding="utf-8"),
        options.root,
        acts_as,
    )
    print(str(report))
    return 0 if report.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
