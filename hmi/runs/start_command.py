"""The command `handwheel runs start`."""

from typing import Annotated

import typer

from ..shell.cli.completion import complete_playbook
from ..shell.cli.json_result import ResultOption
from ..shell.cli.open_site import open_site
from ..shell.cli.options import SiteOption
from ..shell.cli.signer_options import AsOption, PassphraseOption


def start(
    name: Annotated[
        str,
        typer.Argument(metavar="ID", help="A playbook's id.", autocompletion=complete_playbook),
    ],
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--param",
            metavar="NAME=VALUE",
            help="Another value of a parameter than the default, such as duty=P-101B.",
        ),
    ] = None,
    person: AsOption = None,
    passphrase_file: PassphraseOption = None,
    site: SiteOption = None,
    as_json: ResultOption = False,
) -> None:
    """Order a run of a playbook with a trigger `manual: true`, signed.

    The agents judge its evidence and permissives, for at most 10 min, and ask for its approval as
    for any other run. The request is theirs, so the person of the order may sign its approval too.

    Exit codes: 0 taken up, 1 refused, 2 no passphrase, wrong usage or configuration, 4
    recorded, but no agents have taken it up yet; it is too old after 60 s.
    """
    from .start_order import start_playbook

    start_playbook(open_site(site), name, given or (), person, passphrase_file)
