"""The command `handwheel bench agents`."""

import json
import logging
import os
import re
import sys
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from handwheel.evaluation.benchmark.baselines.agent_name import AgentName

from ..shell.charts.png_file import check_png, save_png
from ..shell.cli.exits import NO
from ..shell.cli.interrupts import uninterrupted_import

if TYPE_CHECKING:  # slow to import
    from collections.abc import Sequence

    from handwheel.evaluation.benchmark.episodes import Episode
    from handwheel.evaluation.benchmark.results import Result
    from handwheel.evaluation.benchmark.suite import Suite

_SEEDS = re.compile(r"(\d{1,6})(?:-(\d{1,6}))?", re.ASCII)
_MOST_SEEDS = 1000


class SuiteName(StrEnum):
    """Suites that can be run."""

    WATCH = "watch"
    RESPOND = "respond"
    TEP = "tep"
    MISMATCH = "mismatch"
    PAIRS = "pairs"
    HOLD = "hold"


def agents(
    suite: Annotated[
        SuiteName,
        typer.Option(
            help="watch: the agents only diagnose. respond: they ask and act, and a person answers."
            " tep: the same on the Tennessee Eastman process. mismatch: they diagnose plants that"
            " differ from their data sheets. pairs: they diagnose two faults. hold: a proposer"
            " lies, and no frame may come that no person has signed."
        ),
    ] = SuiteName.WATCH,
    seeds: Annotated[
        str, typer.Option(metavar="A-B", help="Seeds, such as 1-20, or one of them.")
    ] = "1-20",
    fault: Annotated[
        list[str] | None,
        typer.Option("--fault", metavar="ID", help="Only this case, such as F02. May be repeated."),
    ] = None,
    agent: Annotated[
        AgentName,
        typer.Option(
            help="Who acts. handwheel: our agents. none: nobody. each-alarm: for each alarm the"
            " first playbook over its equipment, without a diagnosis. random: anything at any time."
        ),
    ] = AgentName.HANDWHEEL,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", min=1, help="Episodes at a time. Default: the number of cores."),
    ] = None,
    result: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Write every episode's result as JSON."),
    ] = None,
    png: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw when faults were named and when alarms came."),
    ] = None,
) -> None:
    """Measure what the agents find and do on a simulated plant.

    Each episode begins in the warm steady state. A seed draws the noise, the sizes of the fault
    and its onset. The agents see only the tags of the site. An episode is judged by the fault
    that was injected. In watch it is wrong as soon as any other fault is confirmed. In respond it
    is wrong as soon as a frame comes that is not right for the fault. In mismatch each plant is
    learnt first. In hold a seed is twenty episodes of each proposer, and wrong if one frame came
    unsigned or twice, or one label lied. No device is written to.

    Exit codes: 0 the suite's goals are met, 1 they are missed, 2 wrong usage or configuration.
    """
    with uninterrupted_import():
        from handwheel.evaluation.benchmark.suite import load_suite
        from handwheel.evaluation.benchmark.summary import meets, summary

        from .results import result_fields
        from .table import lines

    chosen = load_suite(suite.value)
    cases = _cases(chosen, fault or ())
    wanted = _seeds(seeds)
    if agent is not AgentName.HANDWHEEL and chosen.file.respond is None:
        raise typer.BadParameter(
            f"the agents of {chosen.name} cannot be exchanged", param_hint="--agent"
        )
    if png is not None and chosen.file.hold is not None:
        raise typer.BadParameter(f"{chosen.name} has no times to draw", param_hint="--png")
    _check_files(result, png)
    logging.getLogger("handwheel").addHandler(logging.NullHandler())  # the episodes' own words
    episodes = _episodes(chosen, cases, wanted)
    results = _run(chosen, episodes, jobs or os.cpu_count() or 1, agent)
    for line in lines(chosen, results):
        typer.echo(line)
    if result is not None:
        result.write_text(
            f"{json.dumps(result_fields(chosen, results, agent), indent=1)}\n", "utf-8"
        )
    if png is not None:
        _save_plot(png, chosen, results)
    if not meets(summary(results), chosen.file.goal):
        raise SystemExit(NO)


def _save_plot(png: Path, suite: "Suite", results: "Sequence[Result]") -> None:
    from .plot import png_of  # it loads the library that draws

    save_png(png, png_of(suite, results))


def _seeds(text: str) -> range:
    found = _SEEDS.fullmatch(text.strip())
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
    if not first <= last < first + _MOST_SEEDS:
        raise typer.BadParameter(
            f"{text!r}: write at most {_MOST_SEEDS} seeds as A-B, such as 1-20, or one as A",
            param_hint="--seeds",
        )
    return range(first, last + 1)


def _cases(suite: "Suite", wanted: "Sequence[str]") -> list[str]:
    """Returns the wanted cases in the order of the suite, by default all of them."""
    known = list(suite.file.cases)
    if unknown := [each for each in wanted if each not in known]:
        raise typer.BadParameter(
            f"{suite.name} has no {', '.join(map(repr, unknown))}; known: {', '.join(known)}",
            param_hint="--fault",
        )
    return [each for each in known if not wanted or each in wanted]


def _check_files(result: Path | None, png: Path | None) -> None:
    """Ends the command before the long work if its results cannot be written."""
    if result is not None and (result.is_dir() or not result.parent.is_dir()):
        raise typer.BadParameter(f"{result} cannot be written", param_hint="--json")
    if png is not None:
        check_png(png)


def _episodes(suite: "Suite", cases: "Sequence[str]", seeds: range) -> "list[Episode]":
    from handwheel.evaluation.benchmark.episodes import draw_episode

    return [draw_episode(suite, case, seed) for seed in seeds for case in cases]


def _run(
    suite: "Suite", episodes: "Sequence[Episode]", jobs: int, agent: AgentName
) -> "list[Result]":
    """Runs the episodes on a new site of the plant, with a bar of the progress at a terminal."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    from handwheel.evaluation.benchmark.run_suite import run_suite
    from handwheel.evaluation.plants.installed_plants import create_plant

    from ..shell.cli.stdio import screen_output
    from ..site.files.site_template import PlantEndpoints, write_site

    results: list[Result] = []
    console = Console(file=screen_output(sys.stderr))
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TextColumn("rest"), TimeRemainingColumn(),
    )  # fmt: skip
    with (
        TemporaryDirectory() as folder,
        Progress(
            *columns, console=console, transient=True, disable=not console.is_terminal
        ) as bars,
    ):
        root = Path(folder) / "site"
        write_site(root, create_plant(suite.file.plant), PlantEndpoints())
        bar = bars.add_task("episodes", total=len(episodes))
        for each in run_suite(root, episodes, jobs, agent):
            results.append(each)
            bars.update(bar, completed=len(results), description=f"{each.case}, seed {each.seed}")
    return results
