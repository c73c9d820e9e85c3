"""A site of a story by hand, and its shells: one terminal for each command."""

import re
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

from handwheel.connectors.model.site import load_site

from ...auditor.audit import Report, judge
from ...command_line import handwheel
from ...plants.served import GATE_SECRET, frames_of
from ...printed_hints import check_hints
from ..command_processes import Terminal, in_terminal

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
        check_hints(self.written)


@dataclass(frozen=True)
class Place:
    """A site and what its people have at hand."""

    folder: Path
    name: str = "cw"

    @property
    def root(self) -> Path:
        return self.folder / self.name

    @property
    def frames(self) -> Path:
        return self.folder / "frames.jsonl"

    @property
    def variables(self) -> dict[str, str]:
        return {"XDG_CONFIG_HOME": str(self.folder / "config"), "HANDWHEEL_SITE": str(self.root)}

    @property
    def signs(self) -> tuple[str, str]:
        """The options for a passphrase from a file, which all people have in common."""
        return "--passphrase-file", str(self._secret("passphrase", PASSPHRASE))

    def plant_options(self) -> tuple[str, ...]:
        """The options of a plant with a frame log, which only its gate may write to."""
        secret = self._secret("gate-secret", GATE_SECRET)
        return "--frame-log", str(self.frames), "--gate-secret", str(secret)

    def _secret(self, name: str, text: str) -> Path:
        file = self.folder / name
        file.touch(mode=0o600)
        file.write_text(text, encoding="utf-8")
        return file

    def run(self, *words: str, stdin: str = "", code: int = 0) -> subprocess.CompletedProcess[str]:
        """Runs a command that asks nothing to its end."""
        told = handwheel(*words, env=self.variables, stdin=stdin)
        assert told.returncode == code, (words, told)
        assert "Traceback" not in told.stderr
        return told

    @contextmanager
    def shell(self, *words: str) -> Generator[Shell]:
        """Types a command of `handwheel` into a new terminal."""
        command = ("-m", "handwheel.hmi", *words)
        with in_terminal(*command, variables=self.variables) as terminal:
            found = Shell(terminal)
            try:
                yield found
            finally:
                found.close()

    def enroll(self) -> None:
        for name, role in PEOPLE.items():
            issuer = () if name == "root" else ("--issuer-passphrase-file", self.signs[1])
            self.run("operators", "enroll", name, "--role", role, *self.signs, *issuer)

    def wires(self) -> list[str]:
        return [f"{frame['unit']:02x}{frame['pdu']}" for frame in frames_of(self.frames)]

    def judged(self, frames: str | None = None, journal: str | None = None) -> Report:
        """Returns the witness's word on frames and a journal, or on those that there are."""
        seen = self.frames.read_text(encoding="utf-8") if frames is None else frames
        told = self.run("journal", "export").stdout if journal is None else journal
        operators = (self.root / "operators.yaml").read_text(encoding="utf-8")
        return judge(seen, told, operators, load_site(self.root).trust_root)
