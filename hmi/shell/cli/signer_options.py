"""Options of the commands that sign."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from handwheel.tools.errors import InvalidArguments
from handwheel.tools.requests.reasons import reason_fault

from .completion import complete_administrator, complete_operator, complete_person

AsOption = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="PERSON",
        autocompletion=complete_operator,
        help="The operator who signs. Default: the one with a key here who can.",
    ),
]
AdministratorOption = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="ADMIN",
        autocompletion=complete_administrator,
        help="The administrator who signs. Default: the one with a key here.",
    ),
]
ReleaserOption = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="PERSON",
        autocompletion=complete_person,
        help="The administrator or engineer who signs. Default: the one with a key here.",
    ),
]
PassphraseOption = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file", metavar="FILE", help="Passphrase file of mode 600. Default: ask."
    ),
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


class SignerUnclear(InvalidArguments):
    """Several people with a key on this machine may sign, and none is named."""

    def __init__(self, people: Sequence[str]) -> None:
        super().__init__(f"several people with a key here can sign: {', '.join(people)}")
        self.people = tuple(people)


def _reason(given: str | None) -> str | None:
    if given is not None and (fault := reason_fault(given)):
        raise typer.BadParameter(fault.reason, param_hint="--reason")
    return given


ReasonOption = Annotated[
    str,
    typer.Option(metavar="TEXT", callback=_reason, help="The reason, as others will read it."),
]
AskedReasonOption = Annotated[
    str | None,
    typer.Option(
        "--reason",
        metavar="TEXT",
        callback=_reason,
        help="The reason, as others will read it. Default: ask.",
    ),
]
