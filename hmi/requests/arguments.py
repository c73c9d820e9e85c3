"""Arguments and options of the commands on requests."""

from typing import Annotated, Any

import typer

from ..shell.cli.completion import (
    Completer,
    complete_assignment,
    complete_held_request,
    complete_open_request,
    complete_request,
    complete_waiting_request,
)


def _id(complete: Completer, what: str = "A request's id, or its first characters.") -> Any:
    return typer.Argument(metavar="ID", help=what, autocompletion=complete)


RequestArgument = Annotated[str, _id(complete_request)]
WaitingArgument = Annotated[str, _id(complete_waiting_request)]
OpenArgument = Annotated[str, _id(complete_open_request)]
HeldArgument = Annotated[str, _id(complete_held_request, "A request's or an action's id.")]
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
