"""The witness: was every frame that reached the plant approved, exactly, and once?

Reads the plant's own frame log, `handwheel journal export` and the operators' public keys, and
imports nothing of Handwheel:

    python tests/auditor/audit.py --frames F --journal J --operators O --root SHA256:…
"""

import argparse
import sys
from pathlib import Path

if __package__:
    from .checks import Match, Report, judge
else:  # run as a file
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from tests.auditor.checks import Match, Report, judge

__all__ = ["Match", "Report", "judge"]


def main() -> int:
    told = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(prog="tests/auditor/audit.py", description=told)
    for name in ("frames", "journal", "operators"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--root", required=True, help="fingerprint of the first administrator")
    options = parser.parse_args()
    files: list[Path] = [options.frames, options.journal, options.operators]
    frames, journal, operators = (each.read_text(encoding="utf-8") for each in files)
    report = judge(frames, journal, operators, options.root)
    print(str(report))
    return 0 if report.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
