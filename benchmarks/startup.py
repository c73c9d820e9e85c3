"""How long the command line takes to start, against an empty Python."""

import subprocess
import sys
from collections.abc import Callable

from .measure import interleaved


def rows(repeats: int) -> list[tuple[str, str]]:
    """Returns each command's time as a multiple of `python -c pass`."""
    base = (sys.executable, "-c", "pass")
    commands = {
        "handwheel --help": (sys.executable, "-m", "handwheel.hmi", "--help"),
        "handwheel plant models": (sys.executable, "-m", "handwheel.hmi", "plant", "models"),
    }

    def starter(command: tuple[str, ...]) -> Callable[[], object]:
        return lambda: subprocess.run(command, capture_output=True, check=True)

    things = {name: starter(command) for name, command in {"": base, **commands}.items()}
    times = interleaved(things, repeats)
    return [(name, f"{times[name] / times['']:.1f} times python -c pass") for name in commands]
