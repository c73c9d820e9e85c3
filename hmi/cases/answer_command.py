"""The command `handwheel cases answer`."""

from typing import Annotated

import typer

from ..shell.cli.json_result import ResultOption
from ..shell.cli.open_site import open_site
from ..shell.cli.options import CaseArgument, SiteOption
from ..shell.cli.signer_options import AsOption, PassphraseOption


def answer(
    name: CaseArgument,
    check: Annotated[
        str, typer.Argument(metavar="CHECK", help="The question, as cases show names it.")
    ],
    said: Annotated[str, typer.Argument(metavar="ANSWER", help="One of its answers.")],
    note: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What else was seen, for the journal.")
    ] = None,
    person: AsOption = None,
    passphrase_file: PassphraseOption = None,
    site: SiteOption = None,
    as_json: ResultOption = False,
) -> None:
    """Answer a question that would decide an open case, signed.

    The answer is evidence for the diagnosis of this case, and approves nothing. A later answer to
    the same question replaces it.

    Exit codes: 0 answered, 1 refused, 2 no passphrase, wrong usage or configuration.
    """
    from .case_answer import answer_question

    answer_question(open_site(site), (name, check, said), note, person, passphrase_file)
