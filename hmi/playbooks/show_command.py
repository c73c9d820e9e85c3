"""The commands `handwheel playbooks show` and `graph`."""

import json
from enum import StrEnum
from typing import Annotated, Literal

import typer

from handwheel.playbooks.binding.bind import bind

from ..shell.cli.completion import complete_playbook
from ..shell.cli.open_site import open_site
from ..shell.cli.options import JsonOption, SiteOption
from .checked_playbooks import find_playbook
from .documents.graph import graph_of, mermaid
from .documents.procedure import procedure
from .documents.svg import svg
from .playbook_text import playbook_fields, playbook_text

PlaybookArgument = Annotated[
    str,
    typer.Argument(
        metavar="PATH", help="A file, or a playbook's id.", autocompletion=complete_playbook
    ),
]


class ShowFormat(StrEnum):
    """Format of a procedure."""

    TEXT = "text"
    MARKDOWN = "md"
    HTML = "html"


class GraphFormat(StrEnum):
    """Format of a graph."""

    MERMAID = "mermaid"
    SVG = "svg"


def show(
    path: PlaybookArgument,
    form: Annotated[
        ShowFormat,
        typer.Option("--format", help="Lines, Markdown, or one HTML file with the graph."),
    ] = ShowFormat.TEXT,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a playbook bound to its default equipment at this site.

    Every name is replaced by the site's own.

    Exit codes: 0 shown, 2 no such playbook, or it has errors.
    """
    if as_json and form is not ShowFormat.TEXT:
        raise typer.BadParameter("write --format or --json, not both", param_hint="--json")
    opened = open_site(site)
    playbook = find_playbook(path, opened)
    plan = bind(playbook, opened)
    if as_json:
        typer.echo(json.dumps(playbook_fields(plan)))
        return
    if form is ShowFormat.TEXT:
        typer.echo(playbook_text(playbook, plan), nl=False)
    else:
        markup: Literal["md", "html"] = "md" if form is ShowFormat.MARKDOWN else "html"
        typer.echo(procedure(playbook, plan, markup), nl=False)


def graph(
    path: PlaybookArgument,
    form: Annotated[
        GraphFormat, typer.Option("--format", help="A Mermaid flowchart, or an SVG picture.")
    ] = GraphFormat.MERMAID,
    site: SiteOption = None,
) -> None:
    """Draw a playbook's steps, hold points and ways out at a failure.

    Exit codes: 0 drawn, 2 no such playbook, or it has errors.
    """
    opened = open_site(site)
    drawn = graph_of(bind(find_playbook(path, opened), opened))
    typer.echo(mermaid(drawn) if form is GraphFormat.MERMAID else svg(drawn), nl=False)
