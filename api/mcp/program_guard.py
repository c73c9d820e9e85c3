"""Process between ours and a program of others, which ends the program's group with ours.

Its standard input is a pipe from our process, which closes when that ends, by `kill -9` too. Only
the standard library is imported, since it starts for each episode.
"""

import os
import signal
import subprocess
import sys
from threading import Thread
from types import FrameType


def _leave_to_program(number: int, frame: FrameType | None) -> None:
    """Does nothing on a signal that the whole group gets."""


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)


def main() -> None:
    """Runs the command in the arguments, and ends as it does."""
    signal.signal(signal.SIGTERM, _leave_to_program)
    try:
        program = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)  # noqa: S603
    except OSError as error:
        sys.exit(f"{sys.argv[1]}: {error.strerror}")
    Thread(target=_end_with_parent, daemon=True).start()
    code = program.wait()
    os._exit(128 - code if code < 0 else code)  # as a shell does; the thread waits still


if __name__ == "__main__":
    main()
