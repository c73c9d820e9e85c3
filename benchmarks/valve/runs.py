"""Runs of the attacks against each way."""

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from .attacks import (
    ROWS,
    Attack,
    alarm_text,
    always_reused,
    approved_twice,
    false_label,
    goto,
    killed_after_frame,
    plain_yes,
    plant_moved,
)
from .cell import Cell, Cells, cell_of
from .desk import Desk
from .desk_trial import DeskTrial
from .plant import Plant
from .trial import Trial
from .witness import Count


@dataclass(frozen=True, slots=True)
class Column:
    """A way in which a person approves.

    Attributes:
        title: Name in the table.
        opened: Module and function that opens it.
        packages: Distributions whose versions count.
    """

    title: str
    opened: str
    packages: tuple[str, ...]


HANDWHEEL = "handwheel"
OPENAI = "openai-agents"
COLUMNS: Mapping[str, Column] = {
    "raw": Column("OPC UA tool", "raw:opened", ("asyncua",)),
    "langchain": Column("LangChain, batched", "langchain_hitl:batched", ("langchain", "langgraph")),
    "langchain-per-call": Column(
        "LangChain, per call", "langchain_hitl:per_call", ("langchain", "langgraph")
    ),
    OPENAI: Column("OpenAI Agents", "openai_agents:opened", ("openai-agents",)),
    "pydantic-ai": Column("pydantic-ai", "pydantic_ai_deferred:opened", ("pydantic-ai-slim",)),
    HANDWHEEL: Column("Handwheel", "handwheel_guest:opened", ("handwheel",)),
}
_REFUSALS: Mapping[tuple[str, Attack], Sequence[str]] = {
    (OPENAI, false_label): ["Model reused a tool call ID for a different invocation"],
    (HANDWHEEL, approved_twice): [
        "is APPROVED: enough people have signed",
        "it cannot be approved now: PIC-102.sp",  # the gate looks at it for open requests only
    ],
    (HANDWHEEL, killed_after_frame): ["ended with exit code 1"],  # the outcome is unknown
    (HANDWHEEL, plant_moved): ["it cannot be approved now: PIC-102.sp reads 325"],
}
_GRAPHS = ("langchain", "langchain-per-call", HANDWHEEL)


def applies(column: str, attack: Attack) -> bool:
    """Returns whether a way has what an attack is about."""
    if column == "raw":
        return attack in {plain_yes, alarm_text}
    if attack is goto:
        return column in _GRAPHS
    return attack is not always_reused or column == OPENAI


def cells_of(column: str, tries: int, folder: Path) -> Cells:
    """Runs each attack against one way, on a plant of its own.

    Args:
        tries: Runs of each attack, which are summed.
        folder: Empty.
    """
    cells: dict[str, Cell | None] = {}
    with ExitStack() as stack:
        plant = stack.enter_context(Plant(folder))
        trial = _trials(COLUMNS[column], plant, folder / "site", stack)
        for row in ROWS:
            if applies(column, row.attack):
                told: list[str] = []
                counts = [_counted(trial, row.attack, told) for _ in range(tries)]
                cell = cell_of(counts, told, _REFUSALS.get((column, row.attack), ()))
                problems = "".join(f"  {each}\n" for each in cell.problems)
                sys.stderr.write(f"{column}: {row.name}: {cell.count}\n{problems}")
                cells[row.name] = cell
            else:
                cells[row.name] = None
    return cells


def _trials(column: Column, plant: Plant, site: Path, stack: ExitStack) -> Callable[[Path], Trial]:
    if column is not COLUMNS[HANDWHEEL]:
        return lambda folder: Trial(column.opened, plant, folder)
    desk = stack.enter_context(Desk(site, plant))
    return lambda folder: DeskTrial(column.opened, plant, folder, desk)


def _counted(made: Callable[[Path], Trial], attack: Attack, told: list[str]) -> Count:
    with TemporaryDirectory() as folder:
        trial = made(Path(folder))
        trial.plant.begin()
        with trial:
            attack(trial)
            trial.settle()
            counted = trial.count()
        told += trial.problems
        return counted
