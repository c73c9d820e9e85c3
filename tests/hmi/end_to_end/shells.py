"""Shells of a story by hand: one terminal for each command, read as it goes, typed into."""

import re
import subprocess
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

from handwheel.connectors.model.site import load_site
from handwheel.hmi.site.files.site_template import PlantEndpoints

from ...auditor.audit import Report, judge
from ...command_line import handwheel
from ...plants.served import GATE_SECRET, site_of
from ..command_processes import ANY_PORTS, Terminal, in_terminal

PASSPHRASE = "battery staple"
PEOPLE = {"root": "administrator", "anna": "operator", "ben": "operator"}
_POLL_S = 0.02


@dataclass
class Shell:
    """One command in a terminal of its own; what it writes is taken away at once."""

    terminal: Terminal
    _read_up_to: int = 0
    _reader: Thread = field(init=False)

    def __post_init__(self) -> None:
        self._reader = Thread(target=self.terminal.exit_code, daemon=True)
        self._reader.start()

    @property
    def written(self) -> str:
        return self.terminal.written

    def hears(self, pattern: str, within_s: float = 120.0) -> re.Match[str]:
        """Waits for what comes next that matches; what was heard before does not count again."""
        until_s = monotonic() + within_s
        while (found := re.compile(pattern).search(self.written, self._read_up_to)) is None:
            assert monotonic() < until_s, f"{pattern!r} never came: {self.written!r}"
            sleep(_POLL_S)
        self._read_up_to = found.end()
        return found

    def type(self, line: str) -> None:
        self.terminal.type(f"{line}\r")

    def ends(self, within_s: float = 60.0) -> int:
        self._reader.join(within_s)
        return self.terminal.process.wait(timeout=within_s)

    def close(self) -> None:
        """Ends what still runs; nobody reads the terminal once it is closed."""
        self.terminal.process.kill()
        self._reader.join(5.0)


@contextmanager
def shell(*words: str, variables: Mapping[str, str] | None = None) -> Generator[Shell]:
    """Types a command of `handwheel` into a new terminal."""
    with in_terminal("-m", "handwheel.hmi", *words, variables=variables) as terminal:
        found = Shell(terminal)
        try:
            yield found
        finally:
            found.close()


@dataclass(frozen=True)
class Place:
    """A site and what its people have at hand."""

    folder: Path

    @property
    def root(self) -> Path:
        return self.folder / "cw"

    @property
    def frames(self) -> Path:
        return self.folder / "frames.jsonl"

    @property
    def variables(self) -> dict[str, str]:
        return {"XDG_CONFIG_HOME": str(self.folder / "config"), "HANDWHEEL_SITE": str(self.root)}

    def run(self, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Runs a command that asks nothing to its end."""
        told = handwheel(*words, env=self.variables)
        assert told.returncode == code, (words, told)
        assert "Traceback" not in told.stderr
        return told

    def asked(self, *words: str, answers: Mapping[str, str]) -> str:
        """Runs a command that asks, each question answered in turn; returns what it wrote."""
        with shell(*words, variables=self.variables) as at:
            for question, answer in answers.items():
                at.hears(re.escape(question))
                at.type(answer)
            assert at.ends() == 0, at.written
        assert PASSPHRASE not in at.written
        return at.written

    def enroll(self) -> None:
        """Enrols the people, each with a passphrase that is typed twice."""
        for name, role in PEOPLE.items():
            issuer = {} if name == "root" else {"passphrase of root: ": PASSPHRASE}
            own = {f"new passphrase for {name}, ": PASSPHRASE, "the same again: ": PASSPHRASE}
            words = ("operator", "enroll", name, "--role", role)
            self.asked(*words, answers={**issuer, **own})

    def give(self, equipment: str) -> None:
        """Hands equipment over to agents for an hour, as anna does."""
        words = ("authority", "give", equipment, "--for", "1h", "--as", "anna")
        told = self.asked(*words, answers={"passphrase of anna: ": PASSPHRASE})
        assert f"granted to agents: {equipment}" in told

    def export(self) -> str:
        return self.run("journal", "export").stdout

    def judged(self, frames: str, journal: str) -> Report:
        """Returns the witness's word on frames and a journal."""
        operators = (self.root / "operators.yaml").read_text(encoding="utf-8")
        return judge(frames, journal, operators, load_site(self.root).trust_root)


def serve(place: Place, *more: str) -> tuple[str, ...]:
    """Returns the command that serves a plant with a port for the gate, and a frame log."""
    secret = place.folder / "gate-secret"
    secret.touch(mode=0o600)
    secret.write_text(GATE_SECRET, encoding="utf-8")
    log = ("--frame-log", str(place.frames), "--gate-secret", str(secret))
    return ("plant", "serve", "cw-100", *ANY_PORTS, *log, *more)


def make_site(place: Place, plant: Shell) -> None:
    """Writes a site for the plant whose ports its shell shows."""
    opcua = plant.hears(r"opc\.tcp://127\.0\.0\.1:(\d+)")[1]
    modbus = plant.hears(r"Modbus +127\.0\.0\.1:(\d+)")[1]
    gate = plant.hears(r"Modbus gate +127\.0\.0\.1:(\d+)")[1]
    site_of(place.root, PlantEndpoints(int(opcua), int(modbus), "100 ms", int(gate)))
