"""Process between ours and a program of others, which ends the program's group at its end.

Its standard input is a pipe from our process. Each byte asks the group to end, and the pipe's end
ends it, which comes with the end of our process too, by `kill -9` as well. The guard ends after the
group, so that nothing of a program is left when nobody waits for it any more. Only the standard
library is imported, since it starts for each episode.
"""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from threading import Thread


def _follow_parent(program: int) -> None:
    while sys.stdin.buffer.read(1):
        _signal(program, signal.SIGTERM)
    _signal(program, signal.SIGKILL)


def _signal(program: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # it has left its group, and nothing else is in it
        os.killpg(program, number)
    os.kill(program, number)  # not reaped yet, so that no other process has its number


def main() -> None:
    """Runs the command in the arguments, and ends as it does."""
    try:
        program = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, process_group=0)  # noqa: S603
    except OSError as error:
        sys.exit(f"{sys.argv[1]}: {error.strerror}")
    Thread(target=_follow_parent, args=[program.pid], daemon=True).start()
    os.waitid(os.P_PID, program.pid, os.WEXITED | os.WNOWAIT)
    _signal(program.pid, signal.SIGKILL)
    code = program.wait()
    os._exit(128 - code if code < 0 else code)  # as a shell does; the thread waits still


if __name__ == "__main__":
    main()
