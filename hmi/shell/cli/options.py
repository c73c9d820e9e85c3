"""Options and arguments that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from .completion import complete_case, complete_connection, complete_equipment

SiteOption = Annotated[
    Path | None,
    typer.Option(
        "--site",
        metavar="DIR",
        help="The site's folder. Default: HANDWHEEL_SITE, else the nearest site.yaml above.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
EquipmentArgument = Annotated[
    str,
    typer.Argument(
        metavar="EQUIPMENT",
        help="Its name in site.yaml, or site.",
        autocompletion=complete_equipment,
    ),
]
CaseArgument = Annotated[
    str,
    typer.Argument(
        metavar="ID", help="Id of a case, or its beginning.", autocompletion=complete_case
    ),
]
ConnectionArgument = Annotated[
    str,
    typer.Argument(
        metavar="CONNECTION",
        help="A connection of site.yaml.",
        autocompletion=complete_connection,
    ),
]
