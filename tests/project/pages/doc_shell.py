"""A reader of the documentation at a shell, who types what it says and compares what comes back.

`console` blocks hold commands after `$ ` and their output, `plant` blocks a served plant's
terminal with `> ` before what is typed, `agents` blocks what running agents print, `yaml` and
`csv` blocks that name a file are written to it.
In expected output `…` stands for anything: alone for any lines, else within its line.
A request's id is another each time: the page's own stands for the one that is really printed.
"""

import os
import queue
import random
import re
import shlex
import signal
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

from ...command_line import HANDWHEEL
from ...forked_process import ForkedProcess
from .typed_lines import WAIT_S, typed

_FENCE = re.compile(r"^```(\S*) *(.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NUMBER = re.compile(r"\d+(\.\d+)?")
_SERVE = "handwheel plants serve"
_PORTS = {
    start: {"--opcua-port": "4840", "--modbus-port": "5020", "--modbus-gate-port": "5021"}
    for start in ("handwheel init", _SERVE)
}
_READY = "Type help for commands, Ctrl-C to stop."
_GATE = "handwheel gate"
_GATE_READY = "gate of … ready…"
_KILL_GATE = "fuser -k -TERM var/ledger/ledger.db"
_RUN = "handwheel run"
_AGENTS_READY = "agents of … ready, watching for …"
_REQUEST = re.compile(r"\bR-[0-9A-Z]{8}\b")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the file it names, its lines."""

    language: str
    title: str
    lines: Sequence[str]


def blocks(text: str) -> list[Block]:
    return [Block(m[1], m[2], m[3].splitlines()) for m in _FENCE.finditer(text)]


def without_blocks(text: str) -> str:
    return _FENCE.sub("", text)


def exchanges(lines: Sequence[str], prompt: str) -> Iterator[tuple[str, list[str]]]:
    """Yields each typed line with what is printed after it; first what stands before any."""
    typed, printed = "", list[str]()
    for line in lines:
        if line.startswith(prompt):
            yield typed, printed
            typed, printed = line.removeprefix(prompt), []
        else:
            printed.append(line)
    yield typed, printed


def fits(expected: Sequence[str], actual: str, *, is_live: bool) -> bool:
    """Whether the output is as written; of a running plant only the shape, not the numbers."""

    def plain(line: str) -> str:
        return _NUMBER.sub("#", " ".join(line.split())) if is_live else line.rstrip()

    pattern = "".join(
        r"(?:[^\n]*\n)*?" if line == "…" else re.escape(plain(line)).replace("…", r"[^\n]*") + r"\n"
        for line in expected
        if line.strip()
    )
    shown = "".join(f"{plain(line)}\n" for line in actual.splitlines() if line.strip())
    return re.fullmatch(pattern, shown) is not None


def free_port(which: int) -> int:
    """Returns a port that is free now, another range for each number."""
    # Below the range from which the kernel gives ports to the other tests.
    while True:
        port = 20_000 + which * 4_000 + random.randrange(4_000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


class _Served:
    """A plant or a gate in another shell; its input is a pipe, so it cannot outlive us."""

    def __init__(self, command: str, folder: Path, environment: Mapping[str, str]) -> None:
        words = [*HANDWHEEL, *shlex.split(command)[1:]]
        self._process = ForkedProcess(words, cwd=folder, env=environment)
        self._printed: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._seen: list[str] = []
        self._pump = Thread(target=self._collect)
        self._pump.start()

    def _collect(self) -> None:
        for line in self._process.stdout:
            self._printed.put(line)

    def type(self, line: str) -> None:
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def expect(self, lines: Sequence[str]) -> None:
        """Waits for these lines in this order; what else is printed between them is passed over."""
        for expected in lines:
            if expected != "…":
                self._await(expected)

    def _await(self, expected: str) -> None:
        while True:
            try:
                self._seen.append(self._printed.get(timeout=WAIT_S))
            except queue.Empty:
                raise AssertionError(f"{expected!r} not in\n{''.join(self._seen)}") from None
            if fits([expected], self._seen[-1], is_live=True):
                return

    @property
    def newest(self) -> str:
        """The line that was waited for last."""
        return self._seen[-1]

    def end(self, number: signal.Signals | None = None) -> int:
        """Ends it as its parent's death would, or with a signal; returns its exit code."""
        try:
            if number is not None:
                self._process.send_signal(number)
            self._process.stdin.close()
            return self._process.wait(WAIT_S)
        finally:
            self._process.kill()
            self._process.wait()
            self._pump.join()
            self._process.stdout.close()


class DocShell:
    """Follows one page in a fresh folder.

    Args:
        folder: Empty.
        not_run: Commands that are passed over.
    """

    def __init__(self, folder: Path, not_run: Sequence[str]) -> None:
        self._folder = folder
        usual = ("4840", "5020", "5021")
        self._ports = {each: str(free_port(n)) for n, each in enumerate(usual)}
        self._not_run = {self._moved(command) for command in not_run}
        self._plant: _Served | None = None
        self._gate: _Served | None = None
        self._agents: _Served | None = None
        self._requests: dict[str, str] = {}
        self._environment = {
            **{name: value for name, value in os.environ.items() if name != "HANDWHEEL_SITE"},
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "COLUMNS": "80",
            "XDG_CONFIG_HOME": str(folder / ".config"),
        }
        self.count = 0

    def follow(self, text: str) -> None:
        """Does what the page says, from top to bottom."""
        try:
            for block in blocks(self._moved(text)):
                self._do(block)
        finally:
            self._end_agents()
            self._end_gate()
            self._end_plant()

    def _moved(self, text: str) -> str:
        """Puts free ports in the place of the default ones."""
        return re.sub(r"\b(4840|5020|5021)\b", lambda match: self._ports[match[0]], text)

    def _do(self, block: Block) -> None:
        if block.language in {"yaml", "csv"} and block.title:
            text = "\n".join(block.lines)
            path = self._folder / block.title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{text}\n", encoding="utf-8")
        elif block.language == "console":
            for command, expected in exchanges(block.lines, "$ "):
                if command and command not in self._not_run:
                    self._run(self._real(command), expected)
                    self.count += 1
        elif block.language == "plant":
            assert self._plant is not None, "no plant is served here"
            for line, expected in exchanges(block.lines, "> "):
                if line:
                    self._plant.type(line)
                self._plant.expect(expected)
                if line == "quit":
                    self._end_plant()
        elif block.language == "agents":
            self._expect_of_agents(block.lines)

    def _expect_of_agents(self, lines: Sequence[str]) -> None:
        assert self._agents is not None, "no agents are at work here"
        for line in lines:
            self._agents.expect([_REQUEST.sub("…", line)])
            self._learn([line], self._agents.newest)

    def _run(self, command: str, expected: Sequence[str]) -> None:
        if command.startswith("cd "):
            self._folder /= command.removeprefix("cd ")
        elif command.startswith(_SERVE):
            assert self._plant is None, "a plant is served already"
            self._plant = _Served(self._adapted(command), self._folder, self._environment)
            self._plant.expect([*expected, *([_READY] if _READY not in expected else [])])
        elif command.startswith(_GATE):
            assert self._gate is None, "a gate is running already"
            self._gate = _Served(command, self._folder, self._environment)
            self._gate.expect(expected or [_GATE_READY])
        elif command == _KILL_GATE:
            assert self._gate is not None, "no gate is running"
            gate, self._gate = self._gate, None
            assert gate.end(signal.SIGTERM) == 130
        elif command == _RUN:
            assert self._agents is None, "agents are at work already"
            self._agents = _Served(command, self._folder, self._environment)
            self._agents.expect(expected or [_AGENTS_READY])
        elif command.startswith("handwheel tags watch"):
            self._watch(command)
        else:
            adapted = self._adapted(command)
            # What `init` says next names ports that are not the default ones.
            more = adapted.removeprefix(command)
            expected = [f"{each}{more if _SERVE in each else ''}" for each in expected]
            code, printed = typed(adapted, self._folder, self._environment)
            assert code == 0, f"{command}: {code}\n{printed}"
            self._learn(expected, printed)
            expected = [self._real(line) for line in expected]
            is_as_written = fits(expected, printed, is_live=self._plant is not None)
            assert is_as_written or not expected, f"{command} printed\n{printed}"

    def _learn(self, expected: Sequence[str], actual: str) -> None:
        """Notes which request the page's id stands for, where it names one for the first time."""
        known = self._requests
        named = dict.fromkeys(_REQUEST.findall("\n".join(expected)))
        found = dict.fromkeys(_REQUEST.findall(actual))
        known |= zip(
            (name for name in named if name not in known),
            (name for name in found if name not in known.values()),
            strict=False,
        )

    def _real(self, text: str) -> str:
        return _REQUEST.sub(lambda match: self._requests.get(match[0], match[0]), text)

    def _adapted(self, command: str) -> str:
        """Adds free ports where the default ones would be taken, and lets time pass faster."""
        for start, options in _PORTS.items():
            if command.startswith(start) and "--connect" not in command:
                missing = {name: port for name, port in options.items() if name not in command}
                more = [f"{name} {self._ports[port]}" for name, port in missing.items()]
                command = " ".join([command, *more])
        return command.replace("--speed 60 ", "--speed 1200 ")

    def _watch(self, command: str) -> None:
        watch = _Served(command, self._folder, self._environment)
        watch.expect(["… Good"])
        assert watch.end(signal.SIGINT) == 130

    def _end_agents(self) -> None:
        if self._agents is not None:
            agents, self._agents = self._agents, None
            assert agents.end() == 0

    def _end_gate(self) -> None:
        if self._gate is not None:
            gate, self._gate = self._gate, None
            assert gate.end() == 0

    def _end_plant(self) -> None:
        if self._plant is not None:
            plant, self._plant = self._plant, None
            assert plant.end() == 0
