"""A reader of the tutorial who types what it says, at real shells of 80 by 24."""

import json
import os
import re
import signal
import sys
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from time import sleep
from typing import Self

from ...project.pages.doc_shell import Block, blocks, exchanges
from ..command_processes import becomes_true, children, in_terminal
from .shells import PASSPHRASE, Place, Shell

_BASH = "import os; os.execvp('bash', ['bash', '--norc', '--noprofile', '--noediting'])"
_PROMPT = "hand% "
_ASKED = r"(?:new )?passphrase (?:of|for) \w+[^\n]*: |the same again: "
_ID = re.compile(r"\b[RW]-[0-9A-Z]{8}\b")
_NUMBER = r"\d+(?:\.\d+)?"
_FASTER = 5
"""How much faster the plant runs and the site is read than in the tutorial."""


@dataclass
class Typist:
    """A person with a shell for commands, one for the plant, and one for gate and agents."""

    place: Place
    ports: Sequence[str]
    passphrases: int = 0
    shells: dict[str, Shell] = field(default_factory=dict[str, Shell])
    ids: dict[str, str] = field(default_factory=dict[str, str])  # the page's, and the real one
    shown: dict[str, str] = field(default_factory=dict[str, str])  # a request before its approval
    _open: ExitStack = field(default_factory=ExitStack)
    _agents_since_s: float = 0.0

    def __enter__(self) -> Self:
        (self.place.folder / ".venv").symlink_to(sys.prefix)
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def follow(self, text: str) -> None:
        """Does what the text says, from top to bottom."""
        typing = {"console": self._console, "plant": self._plant, "desk": self._desk}
        for block in blocks(text):
            if block.language in typing:
                typing[block.language](block)

    def _shell(self, name: str) -> Shell:
        if name not in self.shells:
            variables = {
                "XDG_CONFIG_HOME": self.place.variables["XDG_CONFIG_HOME"],
                "PATH": "/usr/bin:/bin",
                "PS1": _PROMPT,
            }
            terminal = in_terminal("-c", _BASH, variables=variables)
            found = self.shells[name] = Shell(self._open.enter_context(terminal))
            self._open.callback(self._close, found)
            found.hears(re.escape(_PROMPT))
            found.type(f"cd {self.place.folder}")
            found.hears(re.escape(_PROMPT))
        return self.shells[name]

    def _close(self, shell: Shell) -> None:
        for child in children(shell.terminal.process.pid):
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        shell.close()

    def end(self) -> None:
        """Ends gate, agents and plant as a person does."""
        for name, typed in (("gate", "kill %1; wait"), ("plant", "")):
            self.shells[name].terminal.type("\x03")
            self._wait(self.shells[name], re.escape(_PROMPT))
            self.shells[name].type(typed)
            self._wait(self.shells[name], re.escape(_PROMPT))
        assert all(not children(each.terminal.process.pid) for each in self.shells.values())

    def _console(self, block: Block) -> None:
        typed = [each for each in exchanges(block.lines, "$ ") if each[0]]
        named = " ".join(command for command, _ in typed)
        shell = "plant" if "plants serve" in named else "gate" if "gate &" in named else "people"
        for command, expected in typed:
            self._command(self._shell(shell), command, expected)

    def _command(self, shell: Shell, command: str, expected: Sequence[str]) -> None:
        options = {
            "handwheel init": self.ports,
            "handwheel plants": [*self.ports, "--frame-log", str(self.place.frames)],
        }
        more = options.get(" ".join(command.split()[:2]), [])
        shell.type(self._real(" ".join((command, *more))))
        self._see(shell, expected)
        if command.startswith("handwheel tags watch"):
            self._see(shell, ["good"])
            shell.terminal.type("\x03")
        if command.startswith("handwheel run"):
            self._agents_since_s = self._plant_s()
        elif command.startswith("handwheel desk"):
            self._wait(shell, "ben> ")
        elif "plants serve" not in command and not command.endswith("&"):
            self._wait(shell, re.escape(_PROMPT))
        if command.startswith("handwheel init"):
            self._read_faster()

    def _read_faster(self) -> None:
        file = self.place.root / "site.yaml"
        faster = file.read_text(encoding="utf-8").replace("500 ms", f"{500 // _FASTER} ms")
        file.write_text(faster, encoding="utf-8")

    def _plant(self, block: Block) -> None:
        shell = self._shell("plant")
        for line, expected in exchanges(block.lines, "> "):
            word, _, value = line.partition(" ")
            if word == "speed":
                line = f"speed {float(value) * _FASTER:g}"  # noqa: PLW2901
            if word == "fault":
                while self._plant_s() < self._agents_since_s + 72 * 20:
                    sleep(1.0)
            if line:
                shell.type(line)
            self._see(shell, expected)

    def _plant_s(self) -> float:
        told = self.place.run("tags", "read", "SIM-CLOCK.pv", "--json").stdout
        return float(json.loads(told)["SIM-CLOCK.pv"]["value"])

    def _desk(self, block: Block) -> None:
        shell = self._shell("people")
        for line in block.lines:
            if line.startswith("ben> approve "):
                name = self._real(line.removeprefix("ben> approve "))
                assert becomes_true(partial(self._shows, name)), self.shown[name]
            if line.startswith("ben> "):
                shell.type(self._real(line.removeprefix("ben> ")))
            elif line.startswith("> "):
                self._wait(shell, r"\n> ")
                shell.type(line.removeprefix("> "))
            else:
                self._see(shell, [line])
            if line == "ben> quit":
                self._wait(shell, re.escape(_PROMPT))

    def _shows(self, name: str) -> bool:
        """Keeps the card, and returns whether the gate has read the plant for it."""
        self.shown[name] = self.place.run("requests", "show", name).stdout
        return "NOT NOW" not in self.shown[name]

    def _see(self, shell: Shell, expected: Sequence[str]) -> None:
        for line in expected:
            if line.strip() not in {"", "…"}:
                found = self._wait(shell, self._pattern(line))
                self.ids |= {name: real for name, real in found.groupdict().items() if real}

    def _wait(self, shell: Shell, pattern: str) -> re.Match[str]:
        while (found := shell.hears(f"(?:{pattern})|(?P<asked>{_ASKED})"))["asked"]:
            self.passphrases += found["asked"] != "the same again: "
            shell.type(PASSPHRASE)
        return found

    def _pattern(self, line: str) -> str:
        parts = [self._piece(each) for each in re.split(r"(\s+|…|\b[RW]-[0-9A-Z]{8}\b)", line)]
        return "".join(parts)

    def _piece(self, part: str) -> str:
        if not part or part.isspace() or part == "…":
            return r"\s+" if part.isspace() else ".*" if part else ""
        if _ID.fullmatch(part):
            real = self.ids.get(part.replace("-", "_"))
            return real or f"(?P<{part.replace('-', '_')}>{part[0]}-[0-9A-Z]{{8}})"
        pattern = re.sub(r"\d+(?:\\\.\d+)?", lambda match: _NUMBER, re.escape(part))
        return f"{pattern}?" if part.endswith(";") else pattern  # a folded row ends without it

    def _real(self, line: str) -> str:
        return _ID.sub(lambda match: self.ids.get(match[0].replace("-", "_"), match[0]), line)
