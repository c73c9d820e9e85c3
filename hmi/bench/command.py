"""The commands `handwheel bench`."""

import typer

from .agents_command import agents

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.command("agents")(agents)
