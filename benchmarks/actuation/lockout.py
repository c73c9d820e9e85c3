"""Time until the gate sees a lockout file, from before the file is made.

As a program, `python -m benchmarks.actuation.lockout STATE`, it makes the file.
"""

import subprocess
import sys
from pathlib import Path
from statistics import median
from subprocess import PIPE
from time import perf_counter

from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.interlocks.blocking import locked_files
from handwheel.tools.guardrails.interlocks.lockout_files import lockout_file, make_lockout_folder

_SCOPE = "P-101B"


def rows(site: Site, repeats: int) -> list[tuple[str, str]]:
    """Returns the time, with a gate that only looks for lockout files."""
    make_lockout_folder(site.state)
    command = [sys.executable, "-m", "benchmarks.actuation.lockout", str(site.state)]
    times: list[float] = []
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        for _ in range(4 * repeats):
            other.stdin.write("lock\n")
            other.stdin.flush()
            while not locked_files(site, _SCOPE):
                pass
            seen_s = perf_counter()
            times.append(seen_s - float(other.stdout.readline()))
            lockout_file(site.state, _SCOPE).unlink()
        other.stdin.close()
    start = perf_counter()
    for _ in range(100):
        locked_files(site, _SCOPE)
    look_s = (perf_counter() - start) / 100
    what = "actuation: a lockout file is seen by the gate's look"
    return [
        (f"{what}, under 1 ms", f"{1000.0 * median(times):.2f} ms"),
        (f"{what}, the latest of {len(times)}", f"{1000.0 * max(times):.2f} ms"),
        ("actuation: the gate's look for lockout files", f"{1e6 * look_s:.0f} us"),
    ]


def main(state: Path) -> None:
    """Makes the file at each line of the input, and prints the start on the same clock."""
    for _ in sys.stdin:
        start = perf_counter()
        lockout_file(state, _SCOPE).touch()
        print(start, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
