"""The command `handwheel playbooks test`."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.errors import ConfigError, Problem, made_of_each

from ..shell.cli.completion import complete_playbook
from ..shell.cli.exits import CONFIGURATION, NO
from ..shell.cli.interrupts import uninterrupted_import
from ..shell.cli.open_site import open_site
from ..shell.cli.options import JsonOption, SiteOption
from ..shell.terminal.plural import counted
from ..shell.terminal.wrap import fold, warn
from .marked_source import marked_source

if TYPE_CHECKING:  # slow to import
    from handwheel.connectors.model.site import Site
    from handwheel.evaluation.playbook_tests.report import CaseReport
    from handwheel.evaluation.playbook_tests.run_cases import CaseFile


def run_tests(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH",
            help="A file, a folder, a library such as package:cw, or a playbook's id.",
            autocompletion=complete_playbook,
            show_default=False,
        ),
    ],
    only: Annotated[
        str, typer.Option("-k", metavar="NAME", help="Only cases with this in their names.")
    ] = "",
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Write JUnit XML too.")
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", min=1, help="Cases at a time. Default: the number of cores."),
    ] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run tests of playbooks against simulated plants, at full speed.

    Nothing is written to a real device, and no gate or agents need to run. A playbook may be a
    draft.

    Exit codes: 0 all passed, 1 some failed, 2 wrong usage or configuration.
    """
    with uninterrupted_import():
        from handwheel.evaluation.playbook_tests.run_cases import run_cases

    opened = open_site(site)
    files = _chosen(opened, paths, only)
    reports: list[CaseReport] = []
    for each in run_cases(files, jobs or os.cpu_count() or 1):
        if not as_json:
            if not reports or reports[-1].file != each.file:
                typer.echo(f"{each.file}: {each.playbook}")
            typer.echo("\n".join(_lines(each)))
        reports.append(each)
    _finish(reports, junit, as_json=as_json)


def _chosen(site: "Site", paths: Sequence[str], only: str) -> list["CaseFile"]:
    """Returns the wanted cases of valid files. With an invalid one it ends with every problem."""
    from handwheel.evaluation.playbook_tests.run_cases import read_cases

    from .test_files import find_test_files

    named = find_test_files(site, paths)
    try:
        found = made_of_each(lambda each: read_cases(site.root, *each), named)
    except ConfigError as error:
        _show_problems(sorted(set(error.problems)), site)
        raise SystemExit(CONFIGURATION) from None
    files = [
        replace(file, names=[each for each in file.names if only.lower() in each.lower()])
        for file in found
    ]
    if not any(each.names for each in files):
        raise typer.BadParameter(f"no case has {only!r} in its name", param_hint="-k")
    return files


def _show_problems(problems: Sequence[Problem], site: "Site") -> None:
    for each in problems:
        warn(each)
        for line in marked_source(each, site.root):
            sys.stderr.write(f"{line}\n")


def _lines(report: "CaseReport") -> Iterator[str]:
    times = f"{format_duration(report.run_for_s)} in {format_duration(report.took_s)}"
    yield fold(f"  {report.verdict}  {report.name} ({times})", 10)
    if report.verdict != "passed":
        yield from (fold(f"          {each}", 12) for each in report.failures)
        yield from (fold(f"            {each}", 27) for each in report.trace)


def _finish(reports: Sequence["CaseReport"], junit: Path | None, *, as_json: bool) -> None:
    if junit is not None:
        from handwheel.evaluation.playbook_tests.report import junit_xml

        junit.write_text(junit_xml(reports), encoding="utf-8")
    verdicts = [each.verdict for each in reports]
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in reports]))
    else:
        counts = {each: verdicts.count(each) for each in ("passed", "failed", "error")}
        shown = ", ".join(f"{n} {name}" for name, n in counts.items() if n)
        typer.echo(f"{counted(len(reports), 'case')}: {shown}")
    if set(verdicts) != {"passed"}:
        raise SystemExit(NO)
