"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

SiteOption = Annotated[
    Path | None,
    typer.Option(
        "--site",
        metavar="DIR",
        help="The site's folder. Default: HANDWHEEL_SITE, else the nearest site.yaml above.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
