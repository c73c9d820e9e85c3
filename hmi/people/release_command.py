"""Command `handwheel release`, which ends a lockout."""

from typing import Annotated

import typer

from handwheel.tools.errors import InvalidArguments
from handwheel.tools.guardrails.approval.administration import ReleaseLockout
from handwheel.tools.guardrails.interlocks.authority import check_equipment
from handwheel.tools.guardrails.interlocks.lockout_files import (
    lockout_file,
    lockout_note,
    read_lockouts,
)
from handwheel.tools.guardrails.ledger.latched_lockouts import (
    SITE,
    latched_note,
    locked_scopes,
    lockout_generations,
)
from handwheel.tools.guardrails.signatures.decisions import lockout_subject
from handwheel.tools.guardrails.signatures.message import submit
from handwheel.tools.requests.timestamps import instant_now

from ..shell.cli.completion import complete_equipment
from ..shell.cli.json_result import ResultOption, tell_result
from ..shell.cli.open_site import open_site
from ..shell.cli.options import SiteOption
from ..shell.cli.signer_options import AdministratorOption, PassphraseOption
from ..shell.terminal.wrap import fold
from .lockout_lines import note_text
from .signing import find_administrator, open_context, open_signer, sign_subject


def command(
    equipment: Annotated[
        str,
        typer.Argument(
            metavar="EQUIPMENT",
            show_default=False,
            help="Default: the whole site.",
            autocompletion=complete_equipment,
        ),
    ] = SITE,
    person: AdministratorOption = None,
    passphrase_file: PassphraseOption = None,
    site: SiteOption = None,
    as_json: ResultOption = False,
) -> None:
    """End a lockout, signed by an administrator.

    Requests from before the lockout stay ended; submit them again.

    Exit codes: 0 released, 1 refused, 2 not locked out, no passphrase or wrong configuration.
    """
    opened = open_site(site)
    check_equipment(opened, equipment)
    with open_context(opened) as context:
        file = lockout_file(opened.state, equipment)
        generation = locked_scopes(context.database).get(equipment)
        if generation is None:
            if equipment not in read_lockouts(opened.state):
                raise InvalidArguments(f"{equipment} is not locked out")
            # No gate has read the file yet. The message latches it first.
            generation = lockout_generations(context.database, [equipment])[equipment] + 1
        operator = find_administrator(context, person)
        subject = lockout_subject(equipment, generation)
        if note := latched_note(context.database, equipment) or lockout_note(file):
            typer.echo(fold(f"{equipment} was locked out; {note_text(note)}"))
        signer = open_signer(opened, operator, passphrase_file)
        now = instant_now()
        message = ReleaseLockout(
            site=opened.id,
            scope=equipment,
            generation=generation,
            signed=sign_subject(context, signer, "release", subject, now),
        )
        submit(context, message, now)
    typer.echo(f"released: {equipment}")
    others = sorted(read_lockouts(opened.state) - {equipment})
    for each in others:
        typer.echo(f"still locked out: {each}")
    tell_result(released=equipment, by=operator.person, still_locked_out=others)
