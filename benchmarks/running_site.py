"""Site of cw-100 with its plant and gate as processes, for a benchmark."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from subprocess import PIPE, Popen
from threading import Thread

HANDWHEEL = (sys.executable, "-m", "handwheel.hmi")
PASSPHRASE = "battery staple"  # noqa: S105 (of keys that exist for one run)
_PEOPLE = {"rosa": "administrator", "anna": "operator", "ben": "operator"}


@contextmanager
def serving(*command: str, environment: Mapping[str, str] | None = None) -> Generator[Popen[str]]:
    """Runs a command that serves until it is killed, from its first JSON line on."""
    with Popen(command, env=environment, stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdout is not None
        json.loads(process.stdout.readline())
        Thread(target=process.stdout.read, daemon=True).start()  # a full pipe would stop it
        try:
            yield process
        finally:
            process.kill()


class Place:
    """A site with its people, and the commands that they type."""

    def __init__(self, folder: Path) -> None:
        self.site = folder / "cooling"
        self.passphrase = folder / "passphrase"
        self.passphrase.touch(mode=0o600)
        self.passphrase.write_text(f"{PASSPHRASE}\n", encoding="utf-8")
        self.environment = os.environ | {
            "XDG_CONFIG_HOME": str(folder / "keys"), "HANDWHEEL_SITE": str(self.site),
            "TERM": "xterm", "COLUMNS": "80", "LINES": "24",
        }  # fmt: skip

    def run(self, *words: str) -> str:
        """Runs a command to its end, and returns its output."""
        command = [*HANDWHEEL, *words]
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def served(self, *words: str) -> Generator[None]:
        """Runs a command that serves until it is killed, from its first JSON line on."""
        with serving(*HANDWHEEL, *words, "--json", environment=self.environment):
            yield

    def signed(self) -> Sequence[str]:
        """Returns the options of a command that signs."""
        return ("--passphrase-file", str(self.passphrase))


@contextmanager
def running_site(
    folder: Path, prepare: Callable[[Place], None] = lambda place: None
) -> Generator[Place]:
    """Runs the plant cw-100 and the gate of a new site with three people.

    Args:
        prepare: Changes the files of the site before anything is started.
    """
    place = Place(folder)
    place.run("init", str(place.site))
    prepare(place)
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
