"""Times of an approval from the start of its command to the read-back."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from subprocess import PIPE
from tempfile import TemporaryDirectory
from time import perf_counter

_HANDWHEEL = (sys.executable, "-m", "handwheel.hmi")
_PASSPHRASE = "battery staple"  # noqa: S105 (of keys that exist for one run)
_PEOPLE = {"rosa": "administrator", "anna": "operator", "ben": "operator"}
_LONGEST = 6  # approvals, of a second and two processes each
_BASE = "python -c pass"


def rows(repeats: int) -> list[tuple[str, str]]:
    """Returns both times as multiples of an empty Python, and in seconds.

    Plant, gate and command are processes. The second time contains the start of the command, the
    key derivation, the gate's checks, the frame and the read-back.
    """
    with TemporaryDirectory() as folder, _running_site(Path(folder)) as place:
        times = [_approved(place, n % 2 == 0) for n in range(min(repeats, _LONGEST))]
    to_card, to_plant, base = (median(series) for series in zip(*times, strict=True))
    return [
        (f"approval: {name}", f"{time_s / base:.0f} times {_BASE}, {time_s:.2f} s")
        for name, time_s in (
            ("start of the command to the card", to_card),
            ("the same, and from the typed word to the read-back", to_card + to_plant),
        )
    ]


class _Place:
    """A site with its people, and the commands that they type."""

    def __init__(self, folder: Path) -> None:
        self.site = folder / "cooling"
        self.passphrase = folder / "passphrase"
        self.passphrase.touch(mode=0o600)
        self.passphrase.write_text(f"{_PASSPHRASE}\n", encoding="utf-8")
        self.environment = os.environ | {
            "XDG_CONFIG_HOME": str(folder / "keys"), "HANDWHEEL_SITE": str(self.site),
            "TERM": "xterm", "COLUMNS": "80", "LINES": "24",
        }  # fmt: skip

    def run(self, *words: str) -> str:
        command = [*_HANDWHEEL, *words]
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    @contextmanager
    def served(self, *words: str) -> Generator[None]:
        command = [*_HANDWHEEL, *words, "--json"]
        with subprocess.Popen(
            command, env=self.environment, stdin=PIPE, stdout=PIPE, text=True
        ) as process:
            assert process.stdout is not None
            json.loads(process.stdout.readline())
            try:
                yield
            finally:
                process.kill()

    def signed(self) -> Sequence[str]:
        return ("--passphrase-file", str(self.passphrase))


@contextmanager
def _running_site(folder: Path) -> Generator[_Place]:
    place = _Place(folder)
    place.run("init", str(place.site))
    policy = place.site / "policy.yaml"
    text = policy.read_text(encoding="utf-8").replace("cooldown: 10 s", "cooldown: 10 ms")
    policy.write_text(text, encoding="utf-8")
    for name, role in _PEOPLE.items():
        issuer = () if name == "rosa" else ("--issuer-passphrase-file", str(place.passphrase))
        place.run("operators", "enroll", name, "--role", role, *place.signed(), *issuer)
    secret = str(place.site / "secrets/dcs-gate")
    with ExitStack() as processes:
        processes.enter_context(place.served("plants", "serve", "cw-100", "--gate-secret", secret))
        processes.enter_context(place.served("gate"))
        yield place


def _approved(place: _Place, value: bool) -> tuple[float, float, float]:
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
        command = [*_HANDWHEEL, "requests", "approve", told.split()[0], "--as", "ben"]
        os.execve(command[0], command, place.environment)  # noqa: S606 (our own command)
    _read_until(terminal, b"decide later\r\n> ")
    card = perf_counter()
    os.write(terminal, f"P-101B {'start' if value else 'stop'}\r".encode())
    _read_until(terminal, b"passphrase of ben: ")
    os.write(terminal, f"{_PASSPHRASE}\r".encode())
    _read_until(terminal, b"VERIFIED")
    verified = perf_counter()
    os.waitpid(pid, 0)
    os.close(terminal)
    return card - start, verified - card, base


def _read_until(terminal: int, text: bytes) -> None:
    written = b""
    while text not in written:
        written += os.read(terminal, 65536)
