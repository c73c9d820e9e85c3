"""Watches which statements of some modules a process executes, and kills it at one of them."""

import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

GATE: Sequence[str] = (
    "handwheel.tools.guardrails.gate",
    "handwheel.tools.guardrails.ledger",
    "handwheel.tools.guardrails.client",
    "handwheel.tools.guardrails.signatures.message",
    "handwheel.tools.guardrails.signatures.context",
    *(
        f"handwheel.tools.guardrails.approval.{each}"
        for each in ("messages", "decide", "propose", "run_orders")
    ),
    "handwheel.connectors.actuation",
)
"""What is watched: gate with its server and client, ledger, messages and write session."""
_ROOT = Path(__file__).parents[3]


class Statement(NamedTuple):
    """A line of a file, as the interpreter comes by."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Aim(NamedTuple):
    """Die before this statement is executed for the so-and-so-many-eth time."""

    statement: Statement
    visit: int = 1

    def __str__(self) -> str:
        return str(self.statement) if self.visit == 1 else f"{self.statement} visit {self.visit}"


class Watch:
    """Counts the statements that this process executes, in the order of their first visits.

    Args:
        note: Where they are noted before the process dies, or when `end` is called.
        aim: Where it dies; `None` for nowhere.
        until: It dies at the first statement at which this is true.
    """

    def __init__(
        self, note: Path, aim: Aim | None = None, until: Callable[[], bool] | None = None
    ) -> None:
        self._note = note
        self._aim = aim
        self._until = until
        self._visits: Counter[Statement] = Counter()
        self._files: dict[CodeType, str] = {}

    def begin(self) -> None:
        """Watches this thread from now on."""
        sys.settrace(self._call)

    def reach(self, here: Statement) -> None:
        """Comes to something that is no statement, where the process may die as well."""
        self._visits[here] += 1
        if (here, self._visits[here]) == self._aim:
            self._die(here)

    def end(self) -> None:
        """Watches no more, and notes what was executed."""
        sys.settrace(None)
        self._write(None)

    def _call(self, frame: FrameType, event: str, arg: Any) -> Callable[..., Any] | None:
        code = frame.f_code
        file = self._files.get(code)
        if file is None:
            file = self._files[code] = _file_of(frame)
        return self._line if file else None

    def _line(self, frame: FrameType, event: str, arg: Any) -> Callable[..., Any]:
        if event == "line":
            here = Statement(self._files[frame.f_code], frame.f_lineno)
            self._visits[here] += 1
            is_last = self._until() if self._until else (here, self._visits[here]) == self._aim
            if is_last:
                self._die(here)
        return self._line

    def _die(self, here: Statement) -> None:
        sys.settrace(None)
        self._write(here)
        os.kill(os.getpid(), signal.SIGKILL)

    def _write(self, died_at: Statement | None) -> None:
        visits = [[*statement, count] for statement, count in self._visits.items()]
        text = json.dumps({"visits": visits, "died_at": died_at})
        self._note.write_text(text, encoding="utf-8")


class Way(NamedTuple):
    """What a process came to, in order and how often, and where it died, if it did."""

    visits: Mapping[Statement, int]
    died_at: Statement | None


def read_way(note: Path) -> Way:
    """Returns what a watched process has noted."""
    said = json.loads(note.read_text(encoding="utf-8"))
    visits = {Statement(file, line): count for file, line, count in said["visits"]}
    return Way(visits, Statement(*said["died_at"]) if said["died_at"] else None)


def _file_of(frame: FrameType) -> str:
    """Returns the file of a watched module's frame; empty for any other."""
    name: str = frame.f_globals.get("__name__", "")
    if not any(name == each or name.startswith(f"{each}.") for each in GATE):
        return ""
    return str(Path(frame.f_code.co_filename).resolve().relative_to(_ROOT))
