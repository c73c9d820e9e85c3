"""The commands `handwheel playbooks`."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from itertools import zip_longest
from pathlib import Path
from typing import Annotated

import typer

from handwheel.connectors.hints import next_step
from handwheel.playbooks.language.errors import Finding
from handwheel.playbooks.language.loader import Playbook, load_library
from handwheel.tools.requests.timestamps import instant_now
from handwheel.tools.safe_text import printable

from ..shell.cli.completion import complete_playbook
from ..shell.cli.exits import NO
from ..shell.cli.field_lines import print_lines
from ..shell.cli.open_site import open_site
from ..shell.cli.options import JsonOption, SiteOption
from ..shell.terminal.plural import counted
from ..shell.terminal.wrap import fold
from .checked_playbooks import check_playbooks
from .diff_command import diff
from .lint_output import LintFormat, explained, explanation_lines, sarif
from .marked_source import marked_source
from .new_command import new
from .plan_command import plan
from .playbook_text import finding_fields, finding_line
from .release_command import release, release_states
from .schema_command import schema
from .show_command import graph, show
from .simulate_command import simulate
from .test_command import run_tests

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_playbooks(site: SiteOption = None, as_json: JsonOption = False) -> None:
    """List the site's playbooks and whether they are released.

    Those with errors are named on standard error.

    Exit codes: 0 listed, 2 wrong usage or configuration.
    """
    opened = open_site(site)
    found, broken = load_library(opened)
    for name in dict.fromkeys(each.file for each in broken):
        step = next_step("playbooks", "lint", name)
        sys.stderr.write(f"handwheel: {name}: has errors; {step}\n")
    states = release_states(opened, found, instant_now().wall)
    if as_json:
        rows = [
            {"id": each.id, "title": each.file.title, "version": each.file.version,
             "file": each.display_name, "release": state, "why": why}
            for each, (state, why) in zip(found, states, strict=True)
        ]  # fmt: skip
        typer.echo(json.dumps(rows))
        return
    width = max((len(each.id) for each in found), default=0)
    for each, (state, why) in zip(found, states, strict=True):
        title = f"{each.id:<{width}}  {printable(each.file.title)}"
        typer.echo(fold(f"{title}; {state}{f': {why}' if why else ''}", width + 2))
    if not found:
        typer.echo("no playbooks")


@app.command("lint")
def lint_playbooks(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH",
            help="A file, a folder, or a playbook's id.",
            autocompletion=complete_playbook,
        ),
    ] = None,
    site: SiteOption = None,
    form: Annotated[
        LintFormat, typer.Option("--format", help="Lines, JSON or SARIF 2.1.0.")
    ] = LintFormat.TEXT,
    explain: Annotated[
        str, typer.Option("--explain", metavar="CODE", help="Explain a rule, with samples.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Check playbooks against the site's tags and policy.

    One finding a line: file:line:column, the rule, error or warning, what is wrong. Below an error
    stands its line of the file.

    Exit codes: 0 no errors, 1 errors, 2 wrong usage or configuration.
    """
    if as_json and form is not LintFormat.TEXT:
        raise typer.BadParameter("write --format or --json, not both", param_hint="--json")
    if explain:
        rule = explained(explain)
        is_text = form is LintFormat.TEXT and not as_json
        typer.echo("\n".join(explanation_lines(rule)) if is_text else json.dumps(asdict(rule)))
        return
    if not paths:
        raise typer.BadParameter("name a file, a folder or a playbook's id", param_hint="PATH")
    opened = open_site(site)
    playbooks, findings = check_playbooks(opened, paths)
    form = LintFormat.JSON if as_json else form
    _print_findings(playbooks, findings, form, opened.root)
    if any(finding.is_error for finding in findings):
        raise SystemExit(NO)


def _print_findings(
    playbooks: Sequence[Playbook], findings: Sequence[Finding], form: LintFormat, root: Path
) -> None:
    ordered = sorted(findings)
    if form is LintFormat.JSON:
        typer.echo(json.dumps([finding_fields(each) for each in ordered]))
        return
    if form is LintFormat.SARIF:
        typer.echo(json.dumps(sarif(ordered)))
        return
    for each, following in zip_longest(ordered, ordered[1:]):
        typer.echo(fold(finding_line(each)))
        if each.is_error and (following is None or each.place != following.place):
            print_lines(marked_source(each.problem, root))
    errors = sum(each.is_error for each in ordered)
    files = len({each.display_name for each in playbooks} | {each.file for each in ordered})
    summary = f"{counted(errors, 'error')}, {counted(len(ordered) - errors, 'warning')}"
    typer.echo(f"{counted(files, 'playbook')}: {summary if ordered else 'no problems'}")


app.command("release")(release)
app.command("schema")(schema)
app.command("show")(show)
app.command("graph")(graph)
app.command("diff")(diff)
app.command("plan")(plan)
app.command("simulate")(simulate)
app.command("new")(new)
app.command("test")(run_tests)
