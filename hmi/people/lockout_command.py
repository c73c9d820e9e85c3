"""Command `handwheel lockout` for the shell's completion. A typed one runs `hmi.people.lockout`."""

from typing import Annotated

import typer

from ..shell.cli.completion import complete_equipment
from ..shell.cli.options import JsonOption, SiteOption
from .lockout import run_lockout


def command(
    equipment: Annotated[
        str | None, typer.Argument(help="Its name in site.yaml.", autocompletion=complete_equipment)
    ] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Stop all writing at once, to the site or to one piece of equipment.

    Exit codes: 0 locked out, 2 not, or not for certain.
    """
    words = [f"--site={site}"] if site else []
    words += ["--json"] if as_json else []
    raise SystemExit(run_lockout([*words, equipment] if equipment else words))
