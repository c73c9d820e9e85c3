"""The command `handwheel playbooks schema`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from handwheel.playbooks.language.json_schema import playbook_schema, site_schema
from handwheel.tools.guardrails.policy.policy import load_policy

from ..shell.cli.open_site import open_site


def schema(
    site: Annotated[
        Path | None,
        typer.Option(
            "--site",
            metavar="DIR",
            help="Complete the names of the site in this folder too. Default: the keys only.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Print the JSON Schema of a playbook, for editors.

    With --site it lists the site's tags, alarms and equipment, and the roles of its policy.

    Exit codes: 0 printed, 2 wrong usage or configuration.
    """
    if site is None:
        found = playbook_schema()
    else:
        opened = open_site(site)
        found = site_schema(opened, load_policy(opened).role_names)
    typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
