"""Command `handwheel handover`, which hands a shift over."""

from typing import Annotated

import typer

from handwheel.tools.errors import InvalidArguments
from handwheel.tools.guardrails.approval.shift_handover import check_shift
from handwheel.tools.guardrails.identity.roster import Operator
from handwheel.tools.requests.reasons import reason_fault

from ..people.signing import Signer, find_operator, open_context, open_signer
from ..shell.cli.completion import complete_operator
from ..shell.cli.exits import NO
from ..shell.cli.json_result import ResultOption, tell_result
from ..shell.cli.open_site import open_site
from ..shell.cli.options import SiteOption
from ..shell.cli.signer_options import AsOption
from .handover import hand_over


def command(
    to: Annotated[
        str,
        typer.Option(
            "--to", metavar="NAME", help="Who takes the shift.", autocompletion=complete_operator
        ),
    ],
    person: AsOption = None,
    note: Annotated[
        str | None, typer.Option(metavar="TEXT", help="For the next shift; else asked for.")
    ] = None,
    site: SiteOption = None,
    as_json: ResultOption = False,
) -> None:
    """Hand the shift over at this terminal, where both operators sign what is open.

    The journal records the handover. No rights change.

    Exit codes: 0 handed over, 1 not, 2 wrong usage or configuration.
    """
    if note and (fault := reason_fault(note)):
        raise InvalidArguments(f"--note {fault}")
    opened = open_site(site)
    with open_context(opened) as context:
        coming = find_operator(context, to)
        leaving = find_operator(context, person, lambda each: check_shift(each, coming))
        keys: dict[str, Signer] = {}

        def open_key(operator: Operator) -> Signer:
            if operator.person not in keys:
                keys[operator.person] = open_signer(opened, operator, None)
            return keys[operator.person]

        summary = hand_over(context, leaving, coming, note, open_key)
    if summary is None:
        raise SystemExit(NO)
    typer.echo(f"handed over: {summary.subject}")
    tell_result(
        subject=summary.subject,
        leaving=summary.leaving,
        coming=summary.coming,
        digest=summary.digest,
    )
