"""The commands `handwheel dataset`."""

import platform
import shutil
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Annotated

import typer

from handwheel.connectors.model.site import SITE_FILE, Site
from handwheel.tools.requests.timestamps import instant_now, stamp

from ..shell.cli.exits import NO, fail
from ..shell.cli.interrupts import uninterrupted_import
from ..shell.cli.json_result import ResultOption, tell_result
from ..shell.cli.open_site import open_site
from ..shell.cli.options import SiteOption
from ..shell.terminal.plural import counted
from ..shell.terminal.wrap import warn

if TYPE_CHECKING:  # slow to import
    from .rows import SiteRecords
    from .tables import Origin, Row

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_SHEET = "DATASHEET.md"


@app.command("export")
def export(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="New folder to write.")
    ],
    names: Annotated[
        bool, typer.Option("--names", help="Keep names of people instead of pseudonyms.")
    ] = False,
    site: SiteOption = None,
    as_json: ResultOption = False,
) -> None:
    """Export closed cases as Parquet, with a data sheet.

    Three tables: cases with what was found, their evidence, and the writes that were asked for.
    Keys and signatures are not in them. The folder is written as a whole or not at all.

    Exit codes: 0 exported, 1 no closed case, 2 the folder exists, pyarrow is missing, wrong usage
    or configuration.
    """
    with uninterrupted_import():
        from .rows import Pseudonyms, read_records, table_rows
        from .tables import load_pyarrow

    opened = open_site(site)
    _check_target(output)
    load_pyarrow()
    records = read_records(opened)
    people = Pseudonyms(() if names else _people(opened, records))
    rows = table_rows(records.cases, people)
    problems = [people.hidden(each) for each in (*records.problems, *rows.problems)]
    for problem in problems:
        warn(f"left out: {problem}")
    if not rows.of["episodes"]:
        fail("there is no closed case to export", NO)
    _write(output, rows.of, _origin(opened, records, problems, names=names))
    for name, found in rows.of.items():
        typer.echo(f"{output / name}.parquet  {counted(len(found), 'row')}")
    typer.echo(f"{output / _SHEET}")
    tell_result(path=str(output), rows={name: len(found) for name, found in rows.of.items()})


def _check_target(folder: Path) -> None:
    if folder.exists() or folder.is_symlink():
        fail(f"{folder} exists, and nothing is replaced")
    if not folder.parent.is_dir():
        fail(f"{folder.parent}: no such directory")


def _people(site: Site, records: "SiteRecords") -> list[str]:
    """Returns everyone whose name may stand in the data, those who have decided first."""
    from handwheel.tools.guardrails.identity.roster import load_roster

    decided = [each for case in records.cases for each in case.people]
    return [*decided, *(each.person for each in load_roster(site).operators)]


def _origin(
    site: Site, records: "SiteRecords", problems: Sequence[str], *, names: bool
) -> "Origin":
    from .tables import Origin

    versions = {each: version(each) for each in ("handwheel", "pyarrow")}
    files = {SITE_FILE: site.root / SITE_FILE}
    files |= {each: site.root / each for each in site.failure_modes if (site.root / each).is_file()}
    hashes = {name: sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
    return Origin(
        site.id, site.plant, stamp(instant_now().wall), names, records.left_open,
        versions | {"python": platform.python_version()},
        hashes | {"the journal's last row": records.head}, problems,
    )  # fmt: skip


def _write(folder: Path, rows: "Mapping[str, Sequence[Row]]", origin: "Origin") -> None:
    """Writes the files into a folder beside, which is then renamed."""
    from dataclasses import replace

    from .tables import TABLES, data_sheet, write_table

    draft = folder.with_name(f".{folder.name}.{token_hex(4)}")
    draft.mkdir()
    try:
        hashes = dict(origin.hashes)
        for table in TABLES:
            path = draft / f"{table.name}.parquet"
            write_table(path, table, rows[table.name], {"site": origin.site})
            hashes[path.name] = sha256(path.read_bytes()).hexdigest()
        sheet = data_sheet(replace(origin, hashes=hashes), rows)
        (draft / _SHEET).write_text(sheet, "utf-8")
        _check_target(folder)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
