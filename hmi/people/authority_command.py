"""Command group `handwheel authority`."""

import json
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from handwheel.connectors.config.durations import parse_duration
from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.interlocks.authority import (
    LONGEST,
    SOMEBODY,
    AuthorityStatus,
    TakenMode,
    authority_of,
    check_grantor,
    end_maintenance,
    grant_authority,
    maintenance_of,
    next_generation,
    take_authority,
)
from handwheel.tools.guardrails.interlocks.authority_check import check_grantor_roles
from handwheel.tools.guardrails.ledger.authority import Authority
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.signatures.decisions import authority_subject, maintenance_subject
from handwheel.tools.guardrails.signatures.heartbeat_grants import heartbeats_of
from handwheel.tools.requests.timestamps import instant_now, stamp

from ..shell.cli.completion import complete_equipment
from ..shell.cli.exits import CONFIGURATION, fail
from ..shell.cli.json_result import ResultOption, tell_result
from ..shell.cli.open_site import open_site
from ..shell.cli.options import JsonOption, SiteOption
from ..shell.cli.signer_options import AsOption, PassphraseOption
from ..shell.terminal.wrap import fold
from .lockout import system_user
from .signer_choice import find_operator
from .signing import open_context, open_signer, sign_subject

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

EquipmentArgument = Annotated[
    str,
    typer.Argument(
        metavar="EQUIPMENT",
        help="Its name in site.yaml, or site.",
        autocompletion=complete_equipment,
    ),
]

_MODES: Mapping[str, TakenMode] = {
    "operator": "OPERATOR", "local": "LOCAL", "maintenance": "MAINTENANCE",
}  # fmt: skip


@app.command("show")
def show(site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Show who may write to each piece of equipment, and who decided that.

    Exit codes: 0 shown, 2 wrong usage or configuration.
    """
    opened = open_site(site)
    with Database(opened.state, opened.id) as database:
        found = authority_of(opened, database, instant_now())
    if as_json:
        typer.echo(json.dumps([_fields(name, each) for name, each in found.items()]))
        return
    width = max(map(len, found))
    for name, each in found.items():
        typer.echo(fold(f"{name:<{width}}  {each.mode:<11}  {_words(name, each)}", width + 2))


@app.command("give")
def give(
    equipment: EquipmentArgument,
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
    duration, opened = _duration(lasts), open_site(site)
    with open_context(opened) as context:
        operator = find_operator(context, person, partial(check_grantor, context, equipment))
        check_grantor(context, equipment, operator)
        generation = next_generation(context.database, equipment)
        heartbeats = heartbeats_of(opened, equipment)
        for each in heartbeats:
            typer.echo(f"the signature also covers: {each.words}")
        signer = open_signer(opened, operator, passphrase_file)
        now = instant_now()
        until = stamp(now.wall + duration)
        subject = authority_subject(equipment, generation, until, heartbeats)
        signed = sign_subject(context, signer, "grant-authority", subject, now)
        grant_authority(context, equipment, until, generation, signed, now)
        typer.echo(f"granted to agents: {equipment}, until {until}")
        missing = _exceptions(opened, context.database, equipment)
    for name, reason in missing.items():
        typer.echo(f"not granted for {name}: {reason}")
    tell_result(
        equipment=equipment, mode="AGENT", until=until, by=operator.person, not_granted=missing
    )


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
    with Database(opened.state, opened.id) as database:
        row = maintenance_of(database, equipment)
        if row is None or mode == "MAINTENANCE":
            user, now = system_user(), instant_now()
            ended = take_authority(database, opened, equipment, mode, user, now, by="user")
        else:
            ended = _end_maintenance(opened, row, mode, person, passphrase_file)
    typer.echo(f"taken: {equipment} is {mode}")
    for name in ended:
        typer.echo(f"ended: {name}")
    tell_result(equipment=equipment, mode=mode, ended=list(ended))


def _end_maintenance(
    site: Site, row: Authority, mode: TakenMode, person: str | None, passphrase_file: Path | None
) -> list[str]:
    typer.echo(f"{row.words}: {SOMEBODY}; the signature says that you have looked, and nobody is")
    with open_context(site) as context:
        operator = find_operator(context, person, partial(check_grantor_roles, context, row.scope))
        signer = open_signer(site, operator, passphrase_file)
        now = instant_now()
        subject = maintenance_subject(row.scope, row.generation)
        signed = sign_subject(context, signer, "end-maintenance", subject, now)
        return end_maintenance(context, row, mode, signed, now)


def _duration(text: str) -> timedelta:
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        fail(f"--for: {error}", CONFIGURATION)
    if not 1.0 <= seconds <= LONGEST.total_seconds():
        fail(f"--for: must lie between 1 s and {LONGEST.days} d", CONFIGURATION)
    return timedelta(seconds=seconds)


def _exceptions(site: Site, database: Database, equipment: str) -> dict[str, str]:
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
