"""Arguments and options of the commands on operators."""

from pathlib import Path
from typing import Annotated

import typer

from ..shell.cli.completion import complete_person

EnrolledArgument = Annotated[
    str,
    typer.Argument(metavar="NAME", help="An enrolled person.", autocompletion=complete_person),
]
KeyOption = Annotated[
    str | None,
    typer.Option(metavar="KEY", help="Made elsewhere: 'ssh-ed25519 …', a file with it, or -."),
]
NewPassphraseOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="The new key's passphrase, mode 600.")
]
IssuerPassphraseOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="The administrator's, mode 600.")
]
