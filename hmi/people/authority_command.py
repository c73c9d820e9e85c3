"""Command group `handwheel authority`."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Annotated, Literal

import typer

from handwheel.connectors.config.durations import parse_duration
from handwheel.connectors.hints import next_step
from handwheel.connectors.model.site import Site
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.guardrails.client import connect
from handwheel.tools.guardrails.identity.roster import Operator
from handwheel.tools.guardrails.interlocks.authority import (
    LONGEST,
    SOMEBODY,
    AuthorityStatus,
    EndMaintenance,
    GrantAuthority,
    TakeAuthority,
    TakenMode,
    authority_of,
    check_grantor,
    ended_by,
    maintenance_of,
    next_generation,
)
from handwheel.tools.guardrails.interlocks.authority_check import check_grantor_roles
from handwheel.tools.guardrails.ledger.authority import Authority
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.decisions import authority_subject, maintenance_subject
from handwheel.tools.guardrails.signatures.heartbeat_grants import heartbeats_of
from handwheel.tools.guardrails.signatures.message import submit
from handwheel.tools.requests.timestamps import instant_now, stamp

from ..shell.cli.completion import complete_equipment
from ..shell.cli.exits import fail
from ..shell.cli.field_lines import print_fields
from ..shell.cli.json_result import ResultOption, tell_result
from ..shell.cli.open_site import open_site
from ..shell.cli.options import EquipmentArgument, JsonOption, SiteOption
from ..shell.cli.signer_options import AsOption, PassphraseOption
from ..shell.terminal.show import Column
from ..shell.terminal.show import show as show_list
from .lockout import system_user
from .signing import (
    Signer,
    context_of,
    find_operator,
    open_context,
    open_signer,
    open_to_list,
    sign_subject,
    submit_unsigned,
)

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_MODES: Mapping[str, TakenMode] = {
    "operator": "OPERATOR", "local": "LOCAL", "maintenance": "MAINTENANCE",
}  # fmt: skip


@app.command("list")
def list_authority(site: SiteOption = None, as_json: JsonOption = False) -> None:
    """List who may write to each piece of equipment, and who decided that.

    Exit codes: 0 listed, 2 wrong usage or configuration.
    """
    opened = open_site(site)
    with open_to_list(opened) as database:
        found = authority_of(opened, database, instant_now())
    show_list(found.items(), _COLUMNS, fields=lambda each: _fields(*each), as_json=as_json)


@app.command("show")
def show(
    equipment: EquipmentArgument, site: SiteOption = None, as_json: JsonOption = False
) -> None:
    """Show who may write to a piece of equipment, and who decided that.

    Exit codes: 0 shown, 2 wrong usage or configuration.
    """
    opened = open_site(site)
    with connect.open_ledger(opened) as database:
        found = authority_of(opened, database, instant_now())
    if equipment not in found:
        raise InvalidArguments(
            f"there is no equipment {equipment!a}; {next_step('authority', 'list')}"
        )
    print_fields(_fields(equipment, found[equipment]), as_json=as_json)


@app.command("give")
def give(
    equipment: Annotated[
        list[str],
        typer.Argument(
            metavar="EQUIPMENT...",
            help="Names in site.yaml, or site.",
            autocompletion=complete_equipment,
        ),
    ],
    lasts: Annotated[
        str, typer.Option("--for", metavar="TIME", help=f"Duration, at most {LONGEST.days} d.")
    ],
    person: AsOption = None,
    passphrase_file: PassphraseOption = None,
    site: SiteOption = None,
    as_json: ResultOption = False,
) -> None:
    """Grant agents authority over equipment, for a time, signed.

    It covers the members of the equipment. Requests of agents for it can then be executed. Each
    still needs its own approval.

    Exit codes: 0 granted, 1 refused, 2 no passphrase, wrong usage or configuration.
    """
    try:
        duration = duration_of(lasts)
    except InvalidArguments as error:
        fail(f"--for: {error}")
    opened = open_site(site)
    with open_context(opened) as context:
        check = partial(check_grantors, context, equipment)
        operator = find_operator(context, person, check)
        check(operator)
        give_authority(
            context, equipment, duration, lambda: open_signer(opened, operator, passphrase_file)
        )


def duration_of(text: str) -> timedelta:
    """Returns how long a grant lasts. Raises `InvalidArguments` if that is too long."""
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise InvalidArguments(str(error)) from None
    if not 1.0 <= seconds <= LONGEST.total_seconds():
        raise InvalidArguments(f"must lie between 1 s and {LONGEST.days} d")
    return timedelta(seconds=seconds)


def check_grantors(context: DecisionContext, equipment: Sequence[str], operator: Operator) -> None:
    """Raises `GuardrailError` if a person may not grant agents authority over one of them."""
    for each in equipment:
        check_grantor(context, each, operator)


def give_authority(
    context: DecisionContext,
    equipment: Sequence[str],
    lasts: timedelta,
    open_key: Callable[[], Signer],
) -> None:
    """Grants agents authority over equipment, signed for each piece, and prints it.

    Args:
        open_key: Called after it was printed what the signatures also cover.

    Raises:
        HandwheelError: No key, or a grant was refused. Those before it stay.
    """
    for name in equipment:
        for each in heartbeats_of(context.site, name):
            typer.echo(f"the signature also covers: {each.words}")
    signer, granted = open_key(), list[dict[str, object]]()
    for name in equipment:
        until = grant_signed(context, name, lasts, signer)
        typer.echo(f"granted to agents: {name}, until {until}")
        missing = _exceptions(context.site, context.database, name)
        for member, reason in missing.items():
            typer.echo(f"not granted for {member}: {reason}")
        granted.append({"equipment": name, "until": until, "not_granted": missing})
        tell_result(granted=granted, by=signer.operator.person)


def grant_signed(context: DecisionContext, equipment: str, lasts: timedelta, signer: Signer) -> str:
    """Grants agents authority over equipment and returns when that ends, as a stamp.

    Raises:
        GuardrailError: See `GrantAuthority`.
    """
    now = instant_now()
    until = stamp(now.wall + lasts)
    generation = next_generation(context.database, equipment)
    subject = authority_subject(
        equipment, generation, until, heartbeats_of(context.site, equipment)
    )
    signed = sign_subject(context, signer, "grant-authority", subject, now)
    message = GrantAuthority(
        site=context.site.id,
        equipment=equipment,
        until=until,
        generation=generation,
        signed=signed,
    )
    submit(context, message, now)
    return until


@app.command("take")
def take(
    equipment: EquipmentArgument,
    to: Annotated[
        Literal["operator", "local", "maintenance"],
        typer.Option(help="operator: people may write from here; else no writes from here."),
    ] = "operator",
    person: AsOption = None,
    passphrase_file: PassphraseOption = None,
    site: SiteOption = None,
    as_json: ResultOption = False,
) -> None:
    """Take authority over equipment at once, without a key.

    It covers the members of the equipment. Open requests of agents end. With local and
    maintenance all open requests end. A frame that is already being sent is not recalled.
    Equipment in MAINTENANCE is the exception: a person signs that nobody works there any more.

    Exit codes: 0 taken, 1 refused, 2 no passphrase, wrong usage or configuration.
    """
    opened, mode = open_site(site), _MODES[to]
    with connect.open_ledger(opened) as database:
        row = maintenance_of(database, equipment)
        if row is None or mode == "MAINTENANCE":
            message = TakeAuthority(
                site=opened.id, equipment=equipment, mode=mode, person=system_user(), by="user"
            )
            ended = ended_by(submit_unsigned(opened, database, message, instant_now()))
        else:
            context = context_of(opened, database)
            ended = _end_maintenance(context, row, mode, person, passphrase_file)
    typer.echo(f"taken: {equipment} is {mode}")
    for name in ended:
        typer.echo(f"ended: {name}")
    tell_result(equipment=equipment, mode=mode, ended=list(ended))


def _end_maintenance(
    context: DecisionContext,
    row: Authority,
    mode: TakenMode,
    person: str | None,
    passphrase_file: Path | None,
) -> list[str]:
    typer.echo(f"{row.words}: {SOMEBODY}; the signature says that you have looked, and nobody is")
    operator = find_operator(context, person, partial(check_grantor_roles, context, row.scope))
    signer = open_signer(context.site, operator, passphrase_file)
    now = instant_now()
    subject = maintenance_subject(row.scope, row.generation)
    signed = sign_subject(context, signer, "end-maintenance", subject, now)
    message = EndMaintenance(
        site=context.site.id,
        equipment=row.scope,
        generation=row.generation,
        taken_by=row.person,
        mode=mode,
        signed=signed,
    )
    return ended_by(submit(context, message, now))


def _exceptions(site: Site, database: Ledger, equipment: str) -> dict[str, str]:
    """Returns the members that agents still may not write, with the reason."""
    standings = authority_of(site, database, instant_now())
    members = site.members_of(equipment)
    return {name: standings[name].reason for name in members if standings[name].reason}


def _words(name: str, standing: AuthorityStatus) -> str:
    if not standing.person:
        return "never granted"
    by = f"by {standing.person}"
    until = f", until {standing.until}" if standing.until else ""
    whole = f", with {standing.scope}" if standing.scope != name else ""
    fault = "" if standing.is_valid else f"; NOT VALID: {standing.reason}"
    return f"{by}{until}{whole}{fault}"


_COLUMNS: list[Column[tuple[str, AuthorityStatus]]] = [
    Column("equipment", itemgetter(0)),
    Column("mode", lambda each: each[1].mode, width=11),
    Column("by", lambda each: _words(*each)),
]


def _fields(name: str, standing: AuthorityStatus) -> dict[str, object]:
    return {
        "equipment": name,
        "mode": standing.mode,
        "scope": standing.scope,
        "person": standing.person,
        "until": standing.until,
        "valid": standing.is_valid,
        "agents": not standing.reason,
        "reason": standing.reason,
    }
