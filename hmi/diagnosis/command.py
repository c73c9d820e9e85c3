"""The commands `handwheel diagnose`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handwheel.connectors.hints import next_step

from ..shell.charts.chart import check_chart_file
from ..shell.cli.exits import NO, fail
from ..shell.cli.field_lines import print_result
from ..shell.cli.interrupts import uninterrupted_import
from ..shell.cli.open_site import open_site
from ..shell.cli.options import JsonOption, SiteOption

if TYPE_CHECKING:  # slow to import
    from handwheel.evaluation.calibration.prediction import Prediction

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_LEAST_CASES = 20


@app.command("calibrate")
def calibrate(
    results: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE",
            help="Results of bench agents --json. Default: the closed cases of the site.",
        ),
    ] = None,
    png: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the reliability diagram.")
    ] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare how sure the diagnosis was with what was true.

    The probability of a fault follows from its decibans and from those of its best rival, by
    which names are given. What was true is the injected fault of an episode, or what the work
    orders of a case have found. Nothing is changed.

    Exit codes: 0 shown, 1 too few cases, 2 wrong usage, configuration or file.
    """
    if results and site is not None:
        raise typer.BadParameter("give either files or a site", param_hint="--site")
    if png is not None:
        check_chart_file(png)
    predictions = _predictions(results or (), site)
    with uninterrupted_import():
        from handwheel.evaluation.calibration.mode_offsets import mode_offsets
        from handwheel.evaluation.calibration.reliability import reliability

        from .reliability_text import reliability_fields, reliability_lines

    found, modes = reliability(predictions), mode_offsets(predictions)
    print_result(reliability_fields(found, modes), reliability_lines(found, modes), as_json=as_json)
    if png is not None:
        from .plot import draw_reliability  # it loads the library that draws

        draw_reliability(png, found)


def _predictions(results: Sequence[Path], site: Path | None) -> "list[Prediction]":
    """Reads predictions, and ends the command if they are too few."""
    with uninterrupted_import():
        from .reliability_text import read_outcomes
        from .results_file import read_results

    opened = None if results else open_site(site)
    found = read_outcomes(opened) if opened else read_results(results)
    cases = len({each.case for each in found})
    if cases < _LEAST_CASES:
        what = "closed cases whose work order says what was found" if opened else "episodes"
        close = next_step("workorders", "close", "ID", "--found", "CAUSE")
        step = "" if results else f"\n{close}"
        fail(f"too few {what}: {cases}, at least {_LEAST_CASES} are needed{step}", NO)
    return found
