"""Arguments and options of the commands on requests."""

from typing import Annotated

import typer

from ..shell.cli.completion import (
    complete_assignment,
    complete_held_request,
    complete_open_request,
    complete_request,
    complete_waiting_request,
)

_REQUEST = "A request's id, or its first characters."
RequestArgument = Annotated[
    str, typer.Argument(metavar="ID", help=_REQUEST, autocompletion=complete_request)
]
WaitingArgument = Annotated[
    str, typer.Argument(metavar="ID", help=_REQUEST, autocompletion=complete_waiting_request)
]
OpenArgument = Annotated[
    str, typer.Argument(metavar="ID", help=_REQUEST, autocompletion=complete_open_request)
]
HeldArgument = Annotated[
    str,
    typer.Argument(
        metavar="ID", help="A request's or an action's id.", autocompletion=complete_held_request
    ),
]
AssignmentArguments = Annotated[
    list[str],
    typer.Argument(
        metavar="TAG=VALUE",
        help="Such as P-101B.run_cmd=true.",
        autocompletion=complete_assignment,
    ),
]
LeaseOption = Annotated[
    str | None,
    typer.Option("--for", metavar="TIME", help="Lease, after which the gate undoes the write."),
]
ExpectOption = Annotated[
    list[str] | None,
    typer.Option(metavar="EFFECT", help="Such as 'PT-102.pv > 350 kPa within 2 min'; repeatable."),
]
