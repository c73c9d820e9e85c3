"""The commands `handwheel diagnose`."""

import typer

from .calibrate_command import calibrate

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.command("calibrate")(calibrate)
