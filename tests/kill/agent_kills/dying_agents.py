"""The real agents, which kill themselves at one moment; with a defect, if one is named.

`python -m tests.kill.agent_kills.dying_agents --site S --trace FILE --moment "after due 2"`

The moments are the writes that a run's life consists of; each is added to the trace before it
is done.
"""

import argparse
import os
import signal
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from handwheel.agents import site_agents
from handwheel.hmi.__main__ import main as run_command
from handwheel.playbooks.run import event_log, ledger_port, segments

Work = Callable[..., Any]


@dataclass
class Fuse:
    """Counts the moments, and ends the process before or after one of them."""

    trace: Path
    side: str = ""
    name: str = ""
    count: int = 0
    _passed: Counter[str] = field(default_factory=Counter[str])

    def note(self, name: str) -> str:
        """Notes that a moment is there; returns its name with its number."""
        self._passed[name] += 1
        numbered = f"{name} {self._passed[name]}"
        with self.trace.open("a", encoding="utf-8") as file:
            file.write(f"{numbered}\n")
        self.burn("before", numbered)
        return numbered

    def burn(self, side: str, numbered: str) -> None:
        if (side, numbered) == (self.side, f"{self.name} {self.count}"):
            os.kill(os.getpid(), signal.SIGKILL)

    def on(self, module: object, function: str, name_of: Callable[..., str]) -> None:
        """Puts the fuse around a function of a module."""
        work = cast(Work, getattr(module, function))

        def fused(*arguments: Any, **more: Any) -> Any:
            numbered = self.note(name_of(*arguments))
            result = work(*arguments, **more)
            self.burn("after", numbered)
            return result

        setattr(module, function, fused)

    def on_checkpoints(self) -> None:
        """Puts the fuse around what LangGraph keeps between two nodes."""
        work = cast(Work, AsyncSqliteSaver.aput)

        async def fused(*arguments: Any, **more: Any) -> Any:
            numbered = self.note("checkpoint")
            result = await work(*arguments, **more)
            self.burn("after", numbered)
            return result

        setattr(AsyncSqliteSaver, "aput", fused)  # noqa: B010 - as for the functions


def _event(_database: object, _run_id: str, kind: str, body: dict[str, Any], *_more: object) -> str:
    return f"step {body['step']} {body['to']}" if kind == "step" else kind


def _nothing(*_arguments: object) -> None:
    """What a defect does instead."""


def _nothing_done(*_arguments: object) -> set[str]:
    return set()


DEFECTS: Mapping[str, tuple[object, str, Work]] = {
    "silent": (site_agents, "hold", _nothing),
    "repeating": (segments, "applied_writes", _nothing_done),
}
"""Each puts another function into the place of one of the agents'."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.kill.agent_kills.dying_agents")
    parser.add_argument("--site", required=True)
    parser.add_argument("--trace", type=Path, required=True)
    parser.add_argument("--moment", default="", help="'before' or 'after', name, number")
    parser.add_argument("--defect", choices=sorted(DEFECTS))
    options = parser.parse_args()
    if options.defect:
        module, name, work = DEFECTS[options.defect]
        setattr(module, name, work)
    fuse = Fuse(options.trace)
    if options.moment:
        fuse.side, words = options.moment.split(" ", 1)
        fuse.name, count = words.rsplit(" ", 1)
        fuse.count = int(count)
    fuse.on(event_log, "open_run", lambda *_: "opened")
    fuse.on(event_log, "record_event", _event)
    fuse.on(ledger_port, "file_segment", lambda *_: "file")
    fuse.on(ledger_port, "set_due", lambda *_: "set_due")
    fuse.on(ledger_port, "end_request", lambda *_: "end_request")
    fuse.on_checkpoints()
    run_command(["run", "--json", "--site", options.site])


if __name__ == "__main__":
    main()
