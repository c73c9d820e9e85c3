"""Options of `handwheel bench agents`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

ONE_SUITE = "needs one suite, such as --suite watch"
LEAST_LIMIT_S = 1.0
"""Time of the computer in which a program can start, the shortest limit of an episode."""


class SuiteName(StrEnum):
    """Suites that can be run."""

    ALL = "all"
    WATCH = "watch"
    RESPOND = "respond"
    MISMATCH = "mismatch"
    PAIRS = "pairs"
    TEP = "tep"
    RENAMED = "renamed"
    HOLD = "hold"


def suite_names(suite: SuiteName, has_program: bool) -> list[SuiteName]:
    """Returns the suites of `--suite`. Only programs of others can play `renamed`."""
    if suite is not SuiteName.ALL:
        return [suite]
    left_out = {SuiteName.ALL} if has_program else {SuiteName.ALL, SuiteName.RENAMED}
    return [each for each in SuiteName if each not in left_out]


SuiteOption = Annotated[
    SuiteName,
    typer.Option(
        help="watch: the agents only diagnose. respond: they ask and act, and a person answers."
        " mismatch: they diagnose plants that differ from their data sheets. pairs: they"
        " diagnose two faults. tep: they act on the Tennessee Eastman process. renamed: a"
        " program of yours diagnoses under other names too. hold: a proposer lies, or a program of"
        " yours reads orders of an attacker or is killed, and no frame may come that no person has"
        " signed. all: one after the other, renamed only for programs."
    ),
]
SeedsOption = Annotated[
    str | None,
    typer.Option(
        metavar="A-B",
        help="Seeds, such as 1-20, or one of them. Default: from 1 on, as many as the suite says.",
    ),
]
FaultOption = Annotated[
    list[str] | None,
    typer.Option(
        "--fault",
        metavar="ID",
        help="Only this case of the suite, such as F02. May be repeated.",
    ),
]
AgentOption = Annotated[
    str,
    typer.Option(
        metavar="AGENT",
        help="Who plays. handwheel: our agents. mcp:COMMAND: a program of yours, which is started"
        " for each episode and calls its verbs by MCP. In respond or tep also none: nobody;"
        " each-alarm: for each alarm the first playbook over its equipment, without a diagnosis;"
        " random: anything at any time.",
    ),
]
LimitOption = Annotated[
    str,
    typer.Option(
        metavar="TIME", help="Time of the computer after which a program is ended in an episode."
    ),
]
ModelsOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Let the models of this site choose for our agents in respond or tep.",
    ),
]
JobsOption = Annotated[
    int | None,
    typer.Option("--jobs", min=1, help="Episodes at a time. Default: the number of cores."),
]
ResultOption = Annotated[
    Path | None,
    typer.Option("--json", metavar="FILE", help="Write every episode's result as JSON."),
]
PngOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Draw when faults of the suite were named and when alarms came."
    ),
]
