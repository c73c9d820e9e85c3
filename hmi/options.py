"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from handwheel.connectors.site import SITE_VARIABLE, Site, find_site, load_site

SiteOption = Annotated[
    Path | None,
    typer.Option(
        "--site",
        metavar="DIR",
        help=f"The site's folder; else {SITE_VARIABLE}, else the nearest site.yaml above.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def open_site(given: Path | None) -> Site:
    """Finds and reads the site.

    Raises:
        ConfigError: There is none, or it has problems; all of them.
    """
    return load_site(find_site(given))
