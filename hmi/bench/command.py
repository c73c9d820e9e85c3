"""The commands `handwheel bench`."""

import json
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from handwheel.evaluation.benchmark.baselines.agent_name import AgentName

from ..shell.charts.chart import check_chart_file
from ..shell.cli.exits import NO
from ..shell.cli.field_lines import print_lines
from ..shell.cli.interrupts import uninterrupted_import
from ..shell.cli.options import option_s
from .connect_command import connect
from .options import (
    LEAST_LIMIT_S,
    ONE_SUITE,
    AgentOption,
    FaultOption,
    JobsOption,
    LimitOption,
    ModelsOption,
    PngOption,
    ResultOption,
    SeedsOption,
    SuiteName,
    SuiteOption,
    suite_names,
)
from .triage_command import triage

if TYPE_CHECKING:  # slow to import
    from handwheel.evaluation.benchmark.programs.verbs import Program
    from handwheel.evaluation.benchmark.results import Result
    from handwheel.evaluation.benchmark.suite import Suite

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.command("triage")(triage)
app.command("connect")(connect)


@app.command("agents")
def agents(
    suite: SuiteOption = SuiteName.ALL,
    seeds: SeedsOption = None,
    fault: FaultOption = None,
    agent: AgentOption = AgentName.HANDWHEEL.value,
    limit: LimitOption = "10 min",
    models: ModelsOption = None,
    jobs: JobsOption = None,
    result: ResultOption = None,
    png: PngOption = None,
) -> None:
    """Measure what agents find and do on a simulated plant.

    Each episode begins in the warm steady state. A seed draws the noise, the sizes of the fault
    and its onset. The agents see only the tags of the site. An episode is judged by the fault
    that was injected. In watch it is wrong as soon as a fault is confirmed that is not there, or
    not yet. In respond it is wrong as soon as a frame comes that is not right for the fault. In
    mismatch each plant is learnt first. In hold a seed is twenty episodes of each proposer, or of
    a program one of each of its cases, and wrong if one frame came unsigned or twice, or one
    label lied. No device is written to.

    Exit codes: 0 the goals are met, 1 they are missed, 2 wrong usage or configuration, 130 stopped
    by Ctrl-C, which shows what was played up to then.
    """
    with uninterrupted_import():
        from handwheel.evaluation.benchmark.suite import load_suite
        from handwheel.evaluation.benchmark.summary import meets, summary

        from .agent_choice import chosen_agent, is_program
        from .play_suites import play_suites
        from .table import heading, lines
        from .wanted_episodes import wanted_episodes

    has_program = is_program(agent)
    suites = [load_suite(each.value) for each in suite_names(suite, has_program)]
    wanted = wanted_episodes(suites, fault or (), seeds, has_program)
    who = chosen_agent(agent, suites)
    limit_s = option_s(limit, "--limit", LEAST_LIMIT_S)
    _check_models(suites, who, models)
    _check_files(suites, result, png)
    logging.getLogger("handwheel").addHandler(logging.NullHandler())  # the episodes' own words
    played: list[tuple[Suite, Sequence[Result], int]] = []
    for each in play_suites(suites, wanted, jobs or os.cpu_count() or 1, who, limit_s, models):
        played.append(each)
        if len(suites) > 1:
            typer.echo(f"\n{heading(each[0])}")
        print_lines(lines(*each))
        _save(played, who, result, png)
    if not all(meets(summary(results), each.file.goal) for each, results, _ in played):
        raise SystemExit(NO)


def _check_models(
    suites: "Sequence[Suite]", agent: "AgentName | Program", models: Path | None
) -> None:
    """Refuses models where nothing is chosen, or where others choose."""
    is_ours = agent is AgentName.HANDWHEEL and all(each.file.respond for each in suites)
    if models is not None and not is_ours:
        raise typer.BadParameter(
            "needs --suite respond or tep, by our agents", param_hint="--models"
        )


def _check_files(suites: "Sequence[Suite]", result: Path | None, png: Path | None) -> None:
    """Ends the command before the long work if its results cannot be written."""
    if result is not None and (result.is_dir() or not result.parent.is_dir()):
        raise typer.BadParameter(f"{result} cannot be written", param_hint="--json")
    if png is None:
        return
    if len(suites) > 1:
        raise typer.BadParameter(ONE_SUITE, param_hint="--png")
    if suites[0].file.hold is not None:
        raise typer.BadParameter(f"{suites[0].name} has no times to draw", param_hint="--png")
    check_chart_file(png)


def _save(
    played: "Sequence[tuple[Suite, Sequence[Result], int]]",
    agent: "AgentName | Program",
    result: Path | None,
    png: Path | None,
) -> None:
    """Writes what has been played up to now."""
    from .results import SCHEMA, result_fields

    if result is not None:
        fields = [result_fields(*each, agent) for each in played]
        written = fields[0] if len(fields) == 1 else {"schema": SCHEMA, "suites": fields}
        result.write_text(f"{json.dumps(written, indent=1)}\n", "utf-8")
    suite, results, wanted = played[0]
    if png is not None and len(results) == wanted:
        from .plot import draw_times  # it loads the library that draws

        draw_times(png, suite, results)
