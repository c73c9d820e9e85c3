"""The command `handwheel demo`."""

import sys
from contextlib import suppress
from os.path import relpath
from pathlib import Path
from shlex import quote
from shutil import rmtree, which
from tempfile import mkdtemp
from typing import Annotated, NoReturn

import typer

from ...shell.cli.exits import NO, fail, run
from ...shell.cli.interrupts import INTERRUPTED, uninterrupted_import
from ...shell.cli.json_result import ResultOption, tell_result
from ...shell.cli.ledger_wait import keep_up
from ...shell.cli.options import option_s
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
    end. When the agents request a write, read the card and type the word shown to approve it. A
    request that you leave, with Escape or Enter, stays on the screen: press o to open it again. If
    you do not approve, the interlocks of the plant act. With --headless, or in a pipe, no approval
    is asked for. The demo takes about a minute, and longer on a busy machine; Ctrl-C stops it.

    Exit codes: 0 every frame was approved, the journal is sound, and the demo ended as it should,
    also if you rejected a request or let the pump trip. 1 otherwise; the site is kept then. 2 wrong
    usage.
    """
    scenario = DEMO_SCENARIOS.get(fault)
    if scenario is None:
        fail(f"there is no scenario for {fault!r}; known: {', '.join(DEMO_SCENARIOS)}")
    approve_after_s = None if approve_after is None else option_s(approve_after, "--approve-after")
    with uninterrupted_import():
        from ...shell.terminal.panel import has_screen

    is_live = not headless and has_screen()
    folder = Path(mkdtemp(prefix="handwheel-demo-"))
    is_kept = False
    try:
        run(_demo(folder, scenario, approve_after_s, is_live=is_live, asks=not headless))
    except KeyboardInterrupt:
        end_line()
        with suppress(OSError):  # the terminal may have gone
            sys.stderr.write("handwheel: interrupted; the demo site was removed\n")
        raise SystemExit(INTERRUPTED) from None
    except _WentWrong as error:
        is_kept = True
        _fail_with_logs(str(error), folder)
    finally:
        if not is_kept:
            rmtree(folder, ignore_errors=True)


class _WentWrong(Exception):
    """The demo did not end as it should. The message says in which way."""


async def _demo(
    folder: Path,
    scenario: DemoScenario,
    approve_after_s: float | None,
    *,
    is_live: bool,
    asks: bool,
) -> None:
    from handwheel.connectors.errors import NotConnected
    from handwheel.sim_plant.errors import ServeError
    from handwheel.tools.guardrails.client import connect

    from .decisions import Decider, Decisions, DemoApprover
    from .demo import DemoRun
    from .processes import start_demo_system

    decider = Decider.VIEWER if asks else Decider.NOBODY
    if approve_after_s is not None:
        decider = Decider.SCRIPT
    print("starting the plant, the gate and the agents…", flush=True)
    try:
        is_attended = decider is not Decider.SCRIPT
        async with start_demo_system(folder, scenario, is_attended=is_attended) as system:
            with connect.open_ledger(system.site) as ledger:
                keep_up(ledger)
                approver = DemoApprover(system.site, system.people)
                decisions = Decisions(approver, decider, approve_after_s or 0.0)
                problem = await DemoRun(system, ledger, decisions, is_live=is_live).run()
    except (NotConnected, ServeError) as error:
        problem = str(error)
    tell_result(faults=list(scenario.faults), problems=problem.splitlines())
    if problem:
        raise _WentWrong(problem)
    print(_following())


def _following() -> str:
    """Returns the command that leads on, with its path where the shell does not find it."""
    from handwheel.connectors.hints import next_step

    path = "handwheel" if which("handwheel") else relpath(Path(sys.prefix, "bin", "handwheel"))
    return next_step("up").replace("handwheel", quote(path))


def _fail_with_logs(problem: str, folder: Path) -> NoReturn:
    """Ends the command with what went wrong, the last words of each process, and what to do."""
    from handwheel.connectors.hints import name_site, next_step

    from ..local_system.child_process import last_words

    said = {name: last_words(folder / f"{name}.log") for name in ("plant", "gate", "agents")}
    lines = [
        "the demo did not end as it should:",
        *problem.splitlines(),
        *(f"last words of the {name}: {words}" for name, words in said.items() if words),
        f"the site and the logs are kept in {folder}; remove the folder when you are done",
    ]
    site = folder / "cooling"
    if (site / "site.yaml").exists():
        name_site(site)
        lines.append(next_step("runs", "list", "--all"))
    fail("\n".join(lines), NO)
