"""The commands `handwheel bench`."""

import json
import logging
import os
import re
from contextlib import closing
from enum import StrEnum
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from handwheel.evaluation.benchmark.baselines.agent_name import AgentName

from ..shell.charts.png_file import check_png, save_png
from ..shell.cli.exits import NO
from ..shell.cli.field_lines import print_lines
from ..shell.cli.interrupts import uninterrupted_import
from .triage_command import triage

if TYPE_CHECKING:  # slow to import
    from collections.abc import Iterator, Sequence

    from handwheel.evaluation.benchmark.episodes import Episode
    from handwheel.evaluation.benchmark.results import Result
    from handwheel.evaluation.benchmark.suite import Suite

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.command("triage")(triage)

_SEEDS = re.compile(r"(\d{1,6})(?:-(\d{1,6}))?", re.ASCII)
_MOST_SEEDS = 1000
_ONE_SUITE = "needs one suite, such as --suite watch"


class SuiteName(StrEnum):
    """Suites that can be run."""

    ALL = "all"
    WATCH = "watch"
    RESPOND = "respond"
    MISMATCH = "mismatch"
    PAIRS = "pairs"
    TEP = "tep"
    HOLD = "hold"


@app.command("agents")
def agents(
    suite: Annotated[
        SuiteName,
        typer.Option(
            help="watch: the agents only diagnose. respond: they ask and act, and a person answers."
            " mismatch: they diagnose plants that differ from their data sheets. pairs: they"
            " diagnose two faults. tep: they act on the Tennessee Eastman process. hold: a proposer"
            " lies, and no frame may come that no person has signed. all: one after the other."
        ),
    ] = SuiteName.ALL,
    seeds: Annotated[
        str | None,
        typer.Option(
            metavar="A-B",
            help="Seeds, such as 1-20, or one of them. Default: from 1 on, as many as the suite"
            " says.",
        ),
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            "--fault",
            metavar="ID",
            help="Only this case of the suite, such as F02. May be repeated.",
        ),
    ] = None,
    agent: Annotated[
        AgentName,
        typer.Option(
            help="Who acts in respond or tep. handwheel: our agents. none: nobody. each-alarm: for"
            " each alarm the first playbook over its equipment, without a diagnosis. random:"
            " anything at any time."
        ),
    ] = AgentName.HANDWHEEL,
    models: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Let the models of this site choose for our agents in respond or tep.",
        ),
    ] = None,
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
        typer.Option(
            metavar="FILE", help="Draw when faults of the suite were named and when alarms came."
        ),
    ] = None,
) -> None:
    """Measure what the agents find and do on a simulated plant.

    Each episode begins in the warm steady state. A seed draws the noise, the sizes of the fault
    and its onset. The agents see only the tags of the site. An episode is judged by the fault
    that was injected. In watch it is wrong as soon as any other fault is confirmed. In respond it
    is wrong as soon as a frame comes that is not right for the fault. In mismatch each plant is
    learnt first. In hold a seed is twenty episodes of each proposer, and wrong if one frame came
    unsigned or twice, or one label lied. No device is written to.

    Exit codes: 0 the goals are met, 1 they are missed, 2 wrong usage or configuration.
    """
    with uninterrupted_import():
        from handwheel.evaluation.benchmark.suite import load_suite
        from handwheel.evaluation.benchmark.summary import meets, summary

        from .table import heading, lines

    names = [each for each in SuiteName if each is not SuiteName.ALL and suite in (each, "all")]
    suites = [load_suite(each.value) for each in names]
    wanted = _episodes(suites, fault or (), seeds)
    _check_suites(suites, agent, png)
    _check_models(suites, agent, models)
    _check_files(result, png)
    logging.getLogger("handwheel").addHandler(logging.NullHandler())  # the episodes' own words
    played: list[tuple[Suite, Sequence[Result]]] = []
    for each in _play(suites, wanted, jobs or os.cpu_count() or 1, agent, models):
        played.append(each)
        if len(suites) > 1:
            typer.echo(f"\n{heading(each[0])}")
        print_lines(lines(*each))
        _save(played, agent, result, png)
    if not all(meets(summary(results), each.file.goal) for each, results in played):
        raise SystemExit(NO)


def _check_suites(suites: "Sequence[Suite]", agent: AgentName, png: Path | None) -> None:
    """Refuses options that not all of some suites have."""
    fixed = [each.name for each in suites if each.file.respond is None]
    if agent is not AgentName.HANDWHEEL and fixed:
        raise typer.BadParameter(
            f"the agents of {', '.join(fixed)} cannot be exchanged; choose --suite respond or tep",
            param_hint="--agent",
        )
    if png is not None and len(suites) > 1:
        raise typer.BadParameter(_ONE_SUITE, param_hint="--png")
    if png is not None and suites[0].file.hold is not None:
        raise typer.BadParameter(f"{suites[0].name} has no times to draw", param_hint="--png")


def _check_models(suites: "Sequence[Suite]", agent: AgentName, models: Path | None) -> None:
    """Refuses models where nothing is chosen, or where others choose."""
    is_ours = agent is AgentName.HANDWHEEL and all(each.file.respond for each in suites)
    if models is not None and not is_ours:
        raise typer.BadParameter(
            "needs --suite respond or tep, by our agents", param_hint="--models"
        )


def _check_files(result: Path | None, png: Path | None) -> None:
    """Ends the command before the long work if its results cannot be written."""
    if result is not None and (result.is_dir() or not result.parent.is_dir()):
        raise typer.BadParameter(f"{result} cannot be written", param_hint="--json")
    if png is not None:
        check_png(png)


def _episodes(
    suites: "Sequence[Suite]", faults: "Sequence[str]", seeds: str | None
) -> "list[Episode]":
    from handwheel.evaluation.benchmark.episodes import draw_episode

    if faults and len(suites) > 1:
        raise typer.BadParameter(_ONE_SUITE, param_hint="--fault")
    given = None if seeds is None else _seeds(seeds)
    return [
        draw_episode(suite, case, seed)
        for suite in suites
        for seed in given or range(1, suite.file.seeds + 1)
        for case in _cases(suite, faults)
    ]


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
    known = suite.file.cases_for(programs=False)
    if unknown := [each for each in wanted if each not in known]:
        raise typer.BadParameter(
            f"{suite.name} has no {', '.join(map(repr, unknown))}; known: {', '.join(known)}",
            param_hint="--fault",
        )
    return [each for each in known if not wanted or each in wanted]


def _play(
    suites: "Sequence[Suite]",
    episodes: "Sequence[Episode]",
    jobs: int,
    agent: AgentName,
    models: Path | None,
) -> "Iterator[tuple[Suite, Sequence[Result]]]":
    """Plays the episodes on new sites of their plants, and yields the results of each suite."""
    from handwheel.evaluation.benchmark.run_suites import run_suites
    from handwheel.evaluation.plants.installed_plants import create_plant

    from ..site.files.site_template import PlantEndpoints, write_site
    from .models import add_models
    from .progress import bar_of

    with TemporaryDirectory() as folder:
        roots = {each.file.plant: Path(folder) / each.file.plant for each in suites}
        for plant, root in roots.items():
            write_site(root, create_plant(plant), PlantEndpoints())
            if models is not None:
                add_models(root, models)
        with closing(run_suites(roots, episodes, jobs, agent)) as running:
            for suite in suites:
                of = sum(each.suite == suite.name for each in episodes)
                results: list[Result] = []
                with bar_of(of) as advance:
                    for each in islice(running, of):
                        results.append(each)
                        advance(f"{suite.name} {each.case}, seed {each.seed}")
                yield suite, results


def _save(
    played: "Sequence[tuple[Suite, Sequence[Result]]]",
    agent: AgentName,
    result: Path | None,
    png: Path | None,
) -> None:
    """Writes what has been played up to now."""
    from .results import SCHEMA, result_fields

    if result is not None:
        fields = [result_fields(*each, agent) for each in played]
        written = fields[0] if len(fields) == 1 else {"schema": SCHEMA, "suites": fields}
        result.write_text(f"{json.dumps(written, indent=1)}\n", "utf-8")
    if png is not None:
        from .plot import png_of  # it loads the library that draws

        save_png(png, png_of(*played[0]))
