"""The command `handwheel playbooks schema`."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from handwheel.agents.diagnosis.failure_modes import FailureModesFile
from handwheel.playbooks.language.json_schema import file_schema, playbook_schema, site_schema
from handwheel.tools.guardrails.policy.policy import load_policy

from ..shell.cli.open_site import open_site


class SchemaName(StrEnum):
    """File that has a JSON Schema."""

    PLAYBOOK = "playbook/1"
    FAILURE_MODES = "failure-modes/1"


def schema(
    name: Annotated[
        SchemaName, typer.Argument(metavar="SCHEMA", help="playbook/1 or failure-modes/1.")
    ] = SchemaName.PLAYBOOK,
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
    """Print the JSON Schema of a file, for editors.

    With --site that of a playbook lists the site's tags, alarms and equipment, and the roles of
    its policy.

    Exit codes: 0 printed, 2 wrong usage or configuration.
    """
    if name is SchemaName.FAILURE_MODES:
        if site is not None:
            raise typer.BadParameter("--site is for the schema of a playbook")
        found = file_schema(FailureModesFile, name.value)
    elif site is None:
        found = playbook_schema()
    else:
        opened = open_site(site)
        found = site_schema(opened, load_policy(opened).role_names)
    typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
