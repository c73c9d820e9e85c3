"""Options of the commands that sign."""

from pathlib import Path
from typing import Annotated

import typer

from handwheel.tools.requests.reasons import reason_fault

AsOption = Annotated[
    str | None,
    typer.Option(
        "--as", metavar="PERSON", help="The operator who signs. Default: the one with a key here."
    ),
]
AdministratorOption = Annotated[
    str | None,
    typer.Option("--as", metavar="ADMIN", help="The administrator who signs."),
]
PassphraseOption = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file", metavar="FILE", help="Passphrase file of mode 600. Default: ask."
    ),
]


def _reason(given: str) -> str:
    if fault := reason_fault(given):
        raise typer.BadParameter(fault.reason, param_hint="--reason")
    return given


ReasonOption = Annotated[
    str,
    typer.Option(metavar="TEXT", callback=_reason, help="The reason, as others will read it."),
]
