"""Times of an approval from the start of its command to the read-back."""

import os
import pty
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from .running_site import HANDWHEEL, PASSPHRASE, Place, running_site

_LONGEST = 6  # approvals, of a second and two processes each
_BASE = "python -c pass"


def rows(repeats: int) -> list[tuple[str, str]]:
    """Returns both times as multiples of an empty Python, and in seconds.

    Plant, gate and command are processes. The second time contains the start of the command, the
    key derivation, the gate's checks, the frame and the read-back.
    """
    with TemporaryDirectory() as folder, running_site(Path(folder)) as place:
        times = [_approved(place, n % 2 == 0) for n in range(min(repeats, _LONGEST))]
    to_card, to_plant, base = (median(series) for series in zip(*times, strict=True))
    return [
        (f"approval: {name}", f"{time_s / base:.0f} times {_BASE}, {time_s:.2f} s")
        for name, time_s in (
            ("start of the command to the card", to_card),
            ("the same, and from the typed word to the read-back", to_card + to_plant),
        )
    ]


def _approved(place: Place, value: bool) -> tuple[float, float, float]:
    """Returns the seconds to the card, from the word to the read-back, and of an empty Python."""
    start = perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    base = perf_counter() - start
    wanted = f"P-101B.run_cmd={str(value).lower()}"
    told = place.run(
        "requests", "propose", wanted, "--reason", "timed", "--as", "anna", *place.signed()
    )
    start = perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        command = [*HANDWHEEL, "requests", "approve", told.split()[0], "--as", "ben"]
        os.execve(command[0], command, place.environment)  # noqa: S606 (our own command)
    _read_until(terminal, b"decide later\r\n> ")
    card = perf_counter()
    os.write(terminal, f"P-101B {'start' if value else 'stop'}\r".encode())
    _read_until(terminal, b"passphrase of ben: ")
    os.write(terminal, f"{PASSPHRASE}\r".encode())
    _read_until(terminal, b"VERIFIED")
    verified = perf_counter()
    os.waitpid(pid, 0)
    os.close(terminal)
    return card - start, verified - card, base


def _read_until(terminal: int, text: bytes) -> None:
    written = b""
    while text not in written:
        written += os.read(terminal, 65536)
