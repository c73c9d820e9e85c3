"""Command table that imports only the module of the command that is run."""

import os
import sys
from importlib import import_module
from io import StringIO
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand
from typer.exceptions import Abort, TyperException

from .completion import command_being_typed
from .exits import NO, fail, report_errors
from .interrupts import INTERRUPTED, uninterrupted_import
from .json_result import result_document

# A command's imports stay inside its module, so that `--help` is fast.
TITLES: dict[str, str] = {
    "demo": "Watch agents handle a failing pump in a simulated plant.",
    "up": "Run plant, gate, agents and console in one terminal.",
    "init": "Make a site for a simulated plant, or for your own devices.",
    "check": "List every problem of a site's configuration.",
    "ask": "Answer a question about the plant from facts.",
    "status": "Show a site on one page, with what waits for a person.",
    "plants": "Serve, run and describe the simulated plants.",
    "run": "Run the agents, which request writes by playbooks.",
    "runs": "List and show runs, start them and order them about.",
    "cases": "List deviations that stand, and show what would decide.",
    "gate": "Run the gate, the only process that writes to a plant.",
    "requests": "List, show, propose, approve and reject requests to write.",
    "desk": "Open the console of a shift: see, approve, reject, stop.",
    "handover": "Hand the shift over to the next person, signed by both.",
    "lockout": "Block all writes at once, or those to one piece of equipment.",
    "release": "End a lockout, signed by an administrator.",
    "authority": "Show and change who may write to equipment.",
    "lockouts": "List lockouts and show them.",
    "operators": "Enrol operators, list them and replace their keys.",
    "policy": "List what may be written, and show how it is decided.",
    "playbooks": "Write, check, simulate, test and release playbooks.",
    "baseline": "Learn, show and sign the plant's healthy residuals.",
    "diagnose": "Compare what the diagnosis has said with what was true.",
    "workorders": "List, show and close work orders.",
    "notices": "List notices with their delivery, and test channels.",
    "dataset": "Export closed cases as Parquet, with a data sheet.",
    "journal": "Read, verify, export and back up the journal.",
    "ledger": "Bring the ledger of an older version up to this one.",
    "connections": "List connections, and exchange certificates with a server.",
    "tags": "List, read, watch, browse, peek and import tags.",
    "tools": "List and call the tools that agents call.",
    "models": "List and test the language models of the site.",
    "mcp": "Serve the tools to other programs by MCP.",
    "bench": "Measure the agents on faults of a simulated plant.",
}
MODULES: dict[str, str] = {  # below `hmi`
    "demo": "simulation.demo.command",
    "up": "simulation.up.command",
    "init": "simulation.plant.init_command",
    "check": "site.commissioning.check_command",
    "ask": "ask.command",
    "status": "shift.status_command",
    "plants": "simulation.plant.command",
    "run": "processes.run_command",
    "runs": "runs.command",
    "cases": "cases.command",
    "gate": "processes.gate_command",
    "requests": "requests.command",
    "desk": "shift.desk_command",
    "handover": "shift.handover_command",
    "lockout": "people.lockout_command",
    "release": "people.release_command",
    "authority": "people.authority_command",
    "lockouts": "people.lockouts_command",
    "operators": "people.operator_command",
    "policy": "site.commissioning.policy_command",
    "playbooks": "playbooks.command",
    "baseline": "baseline.command",
    "diagnose": "diagnosis.command",
    "workorders": "runs.workorders_command",
    "notices": "notices.command",
    "dataset": "dataset.command",
    "journal": "journal.command",
    "ledger": "journal.ledger_command",
    "connections": "site.commissioning.connection_command",
    "tags": "site.tags.command",
    "tools": "tools.command",
    "models": "models.command",
    "mcp": "tools.mcp_command",
    "bench": "bench.command",
}

_SINGULAR = {  # words of earlier versions, which still work
    "connection": "connections", "operator": "operators", "plant": "plants",
    "playbook": "playbooks",
}  # fmt: skip
_LIKE_ITS_OPPOSITE = {"unlock": "release"}  # for which the closest command does the contrary
_COMPLETING = "_HANDWHEEL_COMPLETE"  # set by the shell's completion, which asks for any command


def build(named: set[str]) -> typer.Typer:
    """Returns the command line with only the named commands loaded."""
    root = typer.Typer(
        name="handwheel",
        help="Industrial agents plan, and a person approves every write.",
        rich_markup_mode=None,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    root.callback()(_options)
    for command, text in TITLES.items():
        if command not in named:
            root.command(command, help=text)(_title)
            continue
        with uninterrupted_import():
            loaded = import_module(f"handwheel.hmi.{MODULES[command]}")
        if isinstance(app := getattr(loaded, "app", None), typer.Typer):
            for each in app.registered_commands:
                each.cls = _PlainCommand
            root.add_typer(app, name=command, help=text)
        else:
            root.command(command, cls=_PlainCommand)(loaded.command)  # with its whole docstring
    return root


class _PlainCommand(TyperCommand):
    """Command whose usage line names its arguments without the braces of typer."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Returns the parts of the usage line after the command's name."""
        return [piece.translate(_BRACES) for piece in super().collect_usage_pieces(ctx)]


_BRACES = str.maketrans("", "", "{}")


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"handwheel {version('handwheel')}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    del version  # its callback has done the work


def _title() -> None:
    """Placeholder for a command whose module is not loaded."""


def run_command_line(words: list[str]) -> None:
    """Runs a command and exits with a documented code."""
    words = [_SINGULAR.get(word, word) for word in words[:1]] + words[1:]
    named = set(words[:1])
    if _COMPLETING in os.environ:
        typed = command_being_typed()
        named = {_SINGULAR.get(typed, typed)}
        sys.stderr = StringIO()  # an error would land in the line that is being typed
    if words and (meant := _LIKE_ITS_OPPOSITE.get(words[0])):
        fail(f"No such command '{words[0]}'. Did you mean '{meant}'?")
    with report_errors(words), result_document():
        try:
            code = build(named)(words, prog_name="handwheel", standalone_mode=False)
        except TyperException as error:
            _fail_of_use(error)
        except Abort:
            raise SystemExit(NO) from None
    if code == INTERRUPTED:  # typer has caught the interruption
        raise KeyboardInterrupt
    raise SystemExit(code or 0)


def _fail_of_use(error: Any) -> NoReturn:  # what typer raises has no public name
    """Prints the usage of the command and the error message."""
    shown = StringIO()
    error.show(shown)
    usage, _, message = shown.getvalue().partition("Error: ")  # without one all is help
    sys.stderr.write(usage)
    fail(message.replace(": Value error, ", ": ", 1), error.exit_code)  # pydantic's, of typer
