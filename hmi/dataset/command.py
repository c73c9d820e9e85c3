"""The commands `handwheel dataset`."""

import typer

from .export_command import export

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.command("export")(export)
