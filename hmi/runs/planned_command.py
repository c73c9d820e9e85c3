"""The commands `handwheel runs planned` and `handwheel runs withdraw`."""

import json
from typing import Annotated

import typer

from ..shell.cli.json_result import ResultOption, tell_result
from ..shell.cli.open_site import open_site
from ..shell.cli.options import JsonOption, SiteOption
from ..shell.terminal.wrap import fold


def planned(site: SiteOption = None, as_json: JsonOption = False) -> None:
    """List what people intend and will be told of at its time.

    An intention is recorded by `handwheel ask --record`. It starts nothing.

    Exit codes: 0 listed, 2 wrong usage or configuration, 3 no agents run.
    """
    from . import planned as intentions

    found = intentions.planned(open_site(site))
    if as_json:
        typer.echo(json.dumps(found))
        return
    for each in found:
        for line in intentions.planned_lines(each):
            typer.echo(fold(line, 12))
    if not found:
        typer.echo("nothing is planned")


def withdraw(
    name: Annotated[str, typer.Argument(metavar="ID", help="Id of an intention.")],
    site: SiteOption = None,
    as_json: ResultOption = False,
) -> None:
    """Withdraw an intention of your own account before its time. This needs no key.

    Exit codes: 0 withdrawn, 1 refused, 2 no such one, wrong usage or configuration, 3 no agents
    run.
    """
    from . import planned as intentions

    found = intentions.withdraw(open_site(site), name.upper())
    tell_result(**found)
    typer.echo(f"{found['intention_id']}: withdrawn")
