"""The command `handwheel playbooks simulate`."""

from pathlib import Path
from typing import Annotated

import typer

from ..shell.charts.chart import check_chart_file
from ..shell.cli.exits import fail, run
from ..shell.cli.interrupts import uninterrupted_import
from ..shell.cli.open_site import open_site
from ..shell.cli.options import JsonOption, SiteOption, option_s
from .checked_playbooks import find_valid_playbook
from .show_command import PlaybookArgument

SEED = 1
_LONGEST_WARMUP_S = 7 * 86_400.0  # minutes of computing already, and every plant has settled


def simulate(
    path: PlaybookArgument,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            "--fault",
            metavar="ID[@TIME]",
            help="A fault of the model: F01, or with parameters F01@10min,d0=0.5,tau=1h.",
        ),
    ] = None,
    at: Annotated[
        str,
        typer.Option(
            metavar="TIME", help="When faults without a time begin, or a person starts it."
        ),
    ] = "10min",
    scenario: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Begin as this scenario says, not as the plant is now."),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="The model, if the site is not one of a simulated plant.")
    ] = None,
    warmup: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="How long the model settles first, at most 7d. Default: 1h."
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help=f"Seed of noise and disturbances. Default: {SEED}.")
    ] = None,
    duration: Annotated[
        str | None, typer.Option("--for", metavar="TIME", help="How long at most. Default: 2h.")
    ] = None,
    approve_after: Annotated[
        str, typer.Option(metavar="TIME", help="When two people approve each request.")
    ] = "2min",
    no_approval: Annotated[
        bool, typer.Option("--no-approval", help="Nobody approves anything.")
    ] = False,
    png: Annotated[Path | None, typer.Option(help="Draw the trends into this PNG file.")] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run a playbook on a model of the plant, and show what it does.

    The model takes over only set points, modes and commands that the plant has now, if it can be
    read. Levels, temperatures and faults stay the model's own, and --warmup lets it settle.
    The run is real: agents, gate and approvals, all in memory. Nothing reaches a device.

    Exit codes: 0 the run completes, 1 it does not, 2 wrong usage or configuration.
    """
    with uninterrupted_import():
        from .simulation.prepare import Options
        from .simulation.print_simulation import print_simulation

    options = Options(
        fault or (), option_s(at, "--at"), scenario, model,
        None if warmup is None else option_s(warmup, "--warmup", most_s=_LONGEST_WARMUP_S), seed,
        None if duration is None else option_s(duration, "--for", 1.0),
        None if no_approval else option_s(approve_after, "--approve-after"),
    )  # fmt: skip
    if png is not None:
        check_chart_file(png)
    opened = open_site(site)
    playbook = find_valid_playbook(path, opened)
    if playbook.file.trigger is None:
        fail(
            f"{playbook.id}: it has no trigger, so that no run begins; write one, or that a person "
            "starts it: trigger: {any: [{manual: true}]}"
        )
    run(print_simulation(opened, playbook, options, png, as_json=as_json))
