"""Simulation of a playbook from the command line, with its output."""

import shutil
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.model.site import Site
from handwheel.playbooks.language.loader import Playbook, load_library
from handwheel.playbooks.language.names import started_by
from handwheel.sim_plant.scenario import FaultEvent

from ...shell.cli.exits import NO
from ...shell.cli.field_lines import print_result
from ...shell.cli.stdio import screen_output
from .plot import chart_of
from .prepare import Options, prepare
from .report import COMPLETE, final_state, simulation_fields, simulation_lines
from .run_simulation import Simulated, simulate

_WIDEST = 100


async def print_simulation(
    site: Site, playbook: Playbook, options: Options, png: Path | None, *, as_json: bool
) -> None:
    """Simulates a playbook and prints what it did, its margins and its trends.

    Ends the process with exit code 1 if the run does not complete. Errors are those of `prepare`
    and `simulate`.

    Effect: OBSERVE the site's plant; ACTUATE on the model only. Retry and time-out: see those.
    """
    simulated = await _simulated(site, playbook, options)
    state, _ = final_state(simulated)
    if png is not None:
        from ...shell.charts.chart_file import save_chart  # it loads the library that draws

        save_chart(png, chart_of(simulated, _title(simulated), state.replace("_", " ")))
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    print_result(simulation_fields(simulated), simulation_lines(simulated, width), as_json=as_json)
    if state != COMPLETE:
        raise SystemExit(NO)


async def _simulated(site: Site, playbook: Playbook, options: Options) -> Simulated:
    """Simulates with a bar of its progress at a terminal."""
    others = started_by(playbook, load_library(site)[0])
    console = Console(file=screen_output(sys.stderr))
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bars:
        bar = bars.add_task("reading the plant", total=None)

        def warm(passed_s: float, whole_s: float) -> None:
            said = f"warming the model up, {format_duration(round(passed_s))} of plant time"
            bars.update(bar, total=whole_s, completed=passed_s, description=said)

        setting = await prepare(site, playbook, options, warm)

        def tell(now_s: float) -> None:
            said = f"simulating, {format_duration(round(now_s))} of plant time"
            bars.update(bar, total=setting.for_s, completed=now_s, description=said)

        return await simulate(site, playbook, others, setting, tell)


def _title(simulated: Simulated) -> str:
    faults = [each.fault for each in simulated.setting.events if isinstance(each, FaultEvent)]
    plan = simulated.recording.plan
    return f"{plan.id} {plan.version}, {', '.join(faults) or 'no fault'}"
