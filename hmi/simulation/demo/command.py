"""The command `handwheel demo`."""

import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from handwheel.connectors.config.durations import parse_duration

from ...shell.cli.exits import CONFIGURATION, NO, fail, run
from ...shell.cli.interrupts import INTERRUPTED, uninterrupted_import
from ...shell.cli.json_result import ResultOption, tell_result
from ...shell.cli.stdio import end_line
from .scenarios import DEMO_SCENARIOS, DemoScenario


def command(
    fault: Annotated[
        str, typer.Option(metavar="ID", help=f"One of {', '.join(DEMO_SCENARIOS)}.")
    ] = "F01",
    headless: Annotated[
        bool, typer.Option("--headless", help="Print lines, and ask for no approval.")
    ] = False,
    approve_after: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Approve by script after this time, such as 3s."),
    ] = None,
    as_json: ResultOption = False,
) -> None:
    """Watch agents diagnose a simulated plant, and approve or reject their requests.

    Plant, gate and agents run as separate processes in a temporary site, which is removed at the
    end. When the agents request a write, read the card and type the word shown to approve it. If
    you do not, the interlocks of the plant act. With --headless, or in a pipe, no approval is
    asked for. The demo takes about a minute; Ctrl-C stops it.

    Exit codes: 0 every frame was approved and the journal is sound, 1 otherwise.
    """
    scenario = DEMO_SCENARIOS.get(fault)
    if scenario is None:
        fail(
            f"there is no scenario for {fault!r}; known: {', '.join(DEMO_SCENARIOS)}", CONFIGURATION
        )
    try:
        approve_after_s = None if approve_after is None else parse_duration(approve_after)
    except ValueError as error:
        fail(f"--approve-after: {error}", CONFIGURATION)
    with uninterrupted_import():
        from ...shell.terminal.screen import has_screen

    is_live = not headless and has_screen()
    try:
        with TemporaryDirectory(prefix="handwheel-demo-") as folder:
            run(_demo(Path(folder), scenario, approve_after_s, is_live=is_live, asks=not headless))
    except KeyboardInterrupt:
        end_line()
        with suppress(OSError):  # the terminal may have gone
            sys.stderr.write("handwheel: interrupted; the demo site was removed\n")
        raise SystemExit(INTERRUPTED) from None


async def _demo(
    folder: Path,
    scenario: DemoScenario,
    approve_after_s: float | None,
    *,
    is_live: bool,
    asks: bool,
) -> None:
    from handwheel.tools.guardrails.ledger.store.database import Database

    from .demo import DemoRun
    from .processes import start_demo_system

    print("starting the plant, the gate and the agents…", flush=True)
    async with start_demo_system(folder, scenario, is_attended=approve_after_s is None) as system:
        with Database(system.site.state, system.site.id) as ledger:
            demo = DemoRun(system, ledger, is_live=is_live)
            is_proven = await demo.run(approve_after_s, asks=asks)
    tell_result(faults=list(scenario.faults), proven=is_proven)
    if not is_proven:
        fail("a frame was not approved, or the journal is faulty: see above", NO)
